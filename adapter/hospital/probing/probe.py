"""The order of the control questions: what is served, samples of it, filters, pages, counts.

Takes from: errors, resource, hospital, the other files of probing.  Gives to: hospital.probing.
"""

from __future__ import annotations

import hashlib
from typing import Any

from adapter.errors import Json
from adapter.hospital.client import Hospital
from adapter.hospital.probing.filters import parameters_used, try_filter, try_unknown
from adapter.hospital.probing.interview import Interview
from adapter.hospital.probing.paging import try_cap, try_next, try_offset, try_patient_list, try_total
from adapter.hospital.probing.profile import ServerProfile
from adapter.hospital.scopes import served_resources
from adapter.resource import dump_json

_SAMPLES = "20"


def probe_server(hospital: Hospital) -> ServerProfile:
    """Ask, and say what was learnt. Patients' records are looked at and not kept.

    Errors:  RemoteError when the server does not answer, or does not know us
    """
    interview = Interview(hospital)
    capabilities = _capabilities(interview)
    held = _sample(interview)
    used = parameters_used(hospital.source)
    filters = {f"{type_}.{name}": try_filter(interview, type_, name) for type_, name in used}
    most = max(held, key=lambda type_: held[type_] or len(interview.samples[type_]), default="Patient")
    about_patients = next((each for each in sorted(held, key=lambda t: -(held[t] or 0)) if each != "Patient"), most)
    return ServerProfile(
        **_told(capabilities),
        filters=filters,
        held={type_: number for type_, number in held.items() if number is not None},
        unknown=try_unknown(interview, most),
        page_cap=try_cap(interview, most),
        next_form=try_next(interview, most),
        total=try_total(interview, about_patients, held.get(most)),
        count_summary=interview.count(most, {}) is not None,
        offset=try_offset(interview, most),
        patient_list=try_patient_list(interview, about_patients),
        throttling=interview.throttling,
        access=hospital.access(),
        requests=interview.requests,
    )


def _capabilities(interview: Interview) -> Json:
    """Empty for a server that has none: it is then known by what it does alone.

    Errors:  RemoteError when it does not answer at all, or does not know us
    """
    found = interview.document(f"{interview.hospital.source.base}/metadata", "its CapabilityStatement")
    return found if found.get("resourceType") == "CapabilityStatement" else {}


def _sample(interview: Interview) -> dict[str, int | None]:
    """A few resources of each type that a pull reads, and how many there are by the server's word.

    Servers that list nothing without a patient are asked for a patient's.
    """
    found: dict[str, int | None] = {}
    types = sorted(interview.hospital.source.types, key=lambda type_: type_ != "Patient")
    for type_ in types:
        page = interview.search(type_, {"_count": _SAMPLES})
        whole = page is not None
        if page is None and type_ != "Patient" and interview.samples.get("Patient"):
            page = interview.search(type_, {"patient": str(interview.samples["Patient"][0].get("id"))})
        interview.samples[type_] = page.matches if page else []
        if page is not None:
            found[type_] = page.total if whole else None
    return found


def _told(capabilities: Json) -> dict[str, Any]:
    software = capabilities.get("software")
    named = software if isinstance(software, dict) else {}
    return {
        "software": " ".join(str(named[name]) for name in ("name", "version") if name in named),
        "fhir_version": str(capabilities.get("fhirVersion", "")),
        "types": {str(each.get("type")): _parameters(each) for each in served_resources(capabilities)},
        "bulk": _offers_export(capabilities),
        "digest": digest_of(capabilities) if capabilities else "",
    }


def digest_of(capabilities: Json) -> str:
    """Of what a server says it can do; not of when it says so."""
    lasting = {name: value for name, value in capabilities.items() if name not in ("date", "id", "meta", "text")}
    return hashlib.sha256(dump_json(lasting)).hexdigest()


def _parameters(resource: Json) -> list[str]:
    listed = resource.get("searchParam")
    return [str(each.get("name")) for each in listed if isinstance(each, dict)] if isinstance(listed, list) else []


def _offers_export(capabilities: Json) -> bool:
    rests = capabilities.get("rest")
    holders = [*(rests if isinstance(rests, list) else []), *served_resources(capabilities)]
    operations = [each for holder in holders if isinstance(holder, dict) for each in holder.get("operation") or []]
    return any(isinstance(each, dict) and str(each.get("name")) == "export" for each in operations)
