"""A case as a Phenopacket (GA4GH, version 2). Moments are ages, never dates; codes come from the registry's tables.

Takes from: case, dates, mapping (code tables).  Gives to: exports.
Source: https://phenopacket-schema.readthedocs.io/en/2.0.0/, ISO 4454:2022
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from adapter.canonical import BASE
from adapter.case.timeline import as_days, birth_of, date_of, onset_form
from adapter.dates import duration
from adapter.errors import Json
from adapter.exports.phenopacket_codes import Codes, Term

_SEXES = {"female": "FEMALE", "male": "MALE", "other": "OTHER_SEX", "unknown": "UNKNOWN_SEX"}
_VITAL = {"alive": "ALIVE", "dead": "DECEASED", "unknown": "UNKNOWN_STATUS"}
_ISO_UNITS = {"a": "Y", "mo": "M", "wk": "W", "d": "D"}
_STATED = {"yes": False, "no": True}


@dataclass
class _Packet:
    """One case on its way, and the vocabularies it has used."""

    case: Json
    codes: Codes
    used: set[str] = field(default_factory=set)

    def term(self, table: str, word: str) -> Term:
        found = self.codes.term(table, word)
        self.used.add(found["id"].partition(":")[0])
        return found

    def fixed(self, prefix: str, code: str, label: str) -> Term:
        self.used.add(prefix)
        return {"id": f"{prefix}:{code}", "label": label}

    def age(self, date: str | None) -> Json:
        """{"age": …} when birth and date are known and in order; else nothing."""
        born, day = birth_of(self.case), as_days(date)
        if born is None or day is None or day.high < born.interval.low:
            return {}
        return {"age": {"iso8601duration": _months(duration(born.interval, day, "mo"))}}


def make_phenopacket(case: Json, codes: Codes, *, created: str) -> Json:
    """Shapes:  created  the moment of the export, RFC 3339; handed in, so that an export can be made again
    Errors:  none; what has no code in any public vocabulary is told in the registry's own
    """
    packet = _Packet(case, codes)
    parts = {
        "subject": _subject(packet),
        "phenotypicFeatures": [*_findings(packet), *_lesions(packet), *_comorbidities(packet), *_sequelae(packet)],
        "measurements": list(_measurements(packet)),
        "diseases": [_disease(packet)],
        "medicalActions": [*_biopsies(packet), *_treatments(packet)],
    }
    resources = [codes.resource(prefix) for prefix in sorted(packet.used)]
    meta = {"created": created, "createdBy": BASE, "resources": resources, "phenopacketSchemaVersion": "2.0"}
    told = {key: value for key, value in parts.items() if value}
    return {"id": case["case_id"], **told, "metaData": meta}


def _subject(packet: _Packet) -> Json:
    patient = packet.case["patient"]
    subject: Json = {"id": packet.case["case_id"], "sex": _SEXES[patient["sex"]]}
    if last := packet.age(packet.case.get("outcome", {}).get("last_visit_date")):
        subject["timeAtLastEncounter"] = last
    if "vital_status" in patient:
        subject["vitalStatus"] = {"status": _VITAL[patient["vital_status"]]}
    return {**subject, "taxonomy": packet.fixed("NCBITaxon", "9606", "Homo sapiens")}


def _findings(packet: _Packet) -> Iterator[Json]:
    """What was looked for and found, or looked for and not found; the unknown is left out."""
    for finding, value in packet.case.get("findings", {}).items():
        if value in _STATED:
            stated = {"excluded": True} if _STATED[value] else {}
            yield {"type": packet.term("finding", finding), **stated}


def _lesions(packet: _Packet) -> Iterator[Json]:
    """Clinical sites as bone pain, sites by imaging as an abnormality of the bone, each with its place."""
    kinds = (
        ("clinical_lesions", ("HP", "0002653", "Bone pain")),
        ("imaging_lesions", ("crmo-observation", "imaging-lesion", "Bone lesion by imaging")),
    )
    for name, kind in kinds:
        for lesion in packet.case.get(name, []):
            places = [packet.term("bone", lesion["bone"])]
            places += [packet.term("side", lesion["side"])] if lesion["side"] != "unknown" else []
            excluded = {} if lesion.get("present", True) else {"excluded": True}
            onset = packet.age(lesion.get("date"))
            yield {"type": packet.fixed(*kind), **excluded, "modifiers": places, **({"onset": onset} if onset else {})}


def _comorbidities(packet: _Packet) -> Iterator[Json]:
    for each in packet.case.get("comorbidities", []):
        onset = packet.age(each.get("date"))
        yield {"type": packet.term("comorbidity", each["type"]), **({"onset": onset} if onset else {})}


def _sequelae(packet: _Packet) -> Iterator[Json]:
    for each in packet.case.get("sequelae", []):
        yield {"type": packet.term("sequela", each["type"])}


def _measurements(packet: _Packet) -> Iterator[Json]:
    for each in packet.case.get("laboratory", []):
        if "comparator" in each:  # the format has no "below": the number alone would say something else
            continue
        unit = packet.fixed("UCUM", each["unit"], each["unit"])
        observed = packet.age(each.get("date"))
        value = {"quantity": {"unit": unit, "value": float(each["value"])}}
        yield {"assay": packet.term("lab-test", each["test"]), "value": value} | (
            {"timeObserved": observed} if observed else {}
        )


def _disease(packet: _Packet) -> Json:
    diagnosis = packet.case["diagnosis"]
    disease: Json = {"term": packet.term("diagnosis", diagnosis["code"])}
    if diagnosis.get("certainty") == "refuted":
        disease["excluded"] = True
    if onset := _onset(packet):
        disease["onset"] = onset
    return disease


def _onset(packet: _Packet) -> Json:
    form, value = onset_form(packet.case)
    if form == "age":
        return {"age": {"iso8601duration": _iso(value)}}
    if form == "range" and {"low", "high"} <= set(value):
        return {
            "ageRange": {end: {"iso8601duration": _iso(value[of])} for end, of in (("start", "low"), ("end", "high"))}
        }
    days = date_of(packet.case, "diagnosis.onset")
    if form == "date" and days:
        return packet.age(value)
    return {}


def _biopsies(packet: _Packet) -> Iterator[Json]:
    for each in packet.case.get("biopsies", []):
        procedure: Json = {"code": packet.fixed("SCT", "13861005", "Biopsy of bone")}
        if "bone" in each:
            procedure["bodySite"] = packet.term("bone", each["bone"])
        if performed := packet.age(each.get("date")):
            procedure["performed"] = performed
        yield {"procedure": procedure}


def _treatments(packet: _Packet) -> Iterator[Json]:
    for each in packet.case.get("treatments", []):
        if each.get("status") in ("not-taken", "intended", "entered-in-error"):
            continue
        substance = each.get("substance", {})
        known = packet.codes.prefix_of(substance.get("system", "")) if substance else ""
        agent = (
            packet.fixed(known, substance["code"], substance.get("display") or substance["code"])
            if known
            else packet.term("treatment-class", each["class"])
        )
        yield {"treatment": {"agent": agent}}


def _iso(age: Mapping[str, Any]) -> str:
    """Whole units as they are; parts of a year or a month as days."""
    value, unit = float(age["value"]), age["unit"]
    if value == int(value):
        return f"P{int(value)}{_ISO_UNITS[unit]}"
    return _months(value * {"a": 12, "mo": 1, "wk": 7 / 30.4375, "d": 1 / 30.4375}[unit])


def _months(months: float) -> str:
    """Completed years and months: no day of birth can be worked out of it."""
    years, rest = divmod(int(months), 12)
    told = (f"{years}Y" if years else "") + (f"{rest}M" if rest else "")
    return f"P{told or '0M'}"
