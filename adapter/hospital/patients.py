"""Everything one hospital holds about one patient, complete or said to be incomplete.

Takes from: canonical, errors, hospital.client, hospital.collecting.  Gives to: pull.
Source: https://hl7.org/fhir/R4/references.html
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from adapter.canonical import BASE
from adapter.errors import Json, RemoteError, RemoteTransientError
from adapter.hospital.client import Hospital, is_id
from adapter.hospital.collecting import Key, Unit

CENTRE_SYSTEM = f"{BASE}/identifier/centre"
_GONE = (404, 410)


@dataclass
class Collected:
    """What was collected of a patient.

    Shapes:  resources    by (type, id); the Patient is among them once it was read
             units        one per search
             problem      why the patient could not be collected as a whole; "" when nothing is missing
             unreachable  the server did not answer at all
    """

    resources: dict[Key, Json] = field(default_factory=dict)
    units: list[Unit] = field(default_factory=list)
    problem: str = ""
    unreachable: bool = False

    @property
    def complete(self) -> bool:
        return not self.problem


def find_candidates(hospital: Hospital) -> tuple[list[str], list[Unit]]:
    """Ids of the patients whom the source's candidate searches name, and the searches with their proof.

    A match that names no patient makes its search incomplete: somebody would be missed. A server that does not answer
    at all is not asked the rest.
    """
    units: list[Unit] = []
    for search in hospital.source.candidates:
        units.append(hospital.collect(search.type, search.parameters))
        if units[-1].unreachable:
            break
    found: dict[str, None] = {}
    for unit in units:
        for resource in unit.of_type(unit.type):
            id_ = resource.get("id") if unit.type == "Patient" else _patient_of(resource)
            if isinstance(id_, str) and is_id(id_):
                found[id_] = None
            else:
                unit.problem = unit.problem or "a match names no patient by reference"
    return sorted(found), units


def collect_patient(hospital: Hospital, patient_id: str) -> Collected:
    """Read the Patient and make each of the source's searches for it; stop at the first part that is missing."""
    collected = Collected()
    try:
        patient = hospital.read("Patient", patient_id)
        collected.resources["Patient", patient_id] = _with_centre(patient, hospital.source.centre)
        for search in hospital.source.collect:
            _add(collected, hospital.collect(search.type, {**search.parameters, "patient": (patient_id,)}), patient_id)
            if not collected.complete:
                return collected
        _add_medications(collected, hospital)
    except RemoteError as error:
        collected.problem = str(error)
        collected.unreachable = isinstance(error, RemoteTransientError) and not error.status
    return collected


def _with_centre(patient: Json, centre: str) -> Json:
    """The centre a source declares is the registry's name for it; the hospital's own number is not needed."""
    if not centre:
        return patient
    return patient | {"managingOrganization": {"identifier": {"system": CENTRE_SYSTEM, "value": centre}}}


def _add(collected: Collected, unit: Unit, patient_id: str) -> None:
    collected.units.append(unit)
    others = (_patient_of(resource) not in ("", patient_id) for resource in unit.of_type(unit.type))
    if any(others):
        unit.problem = unit.problem or "the server answers with other patients' resources"
    if unit.complete:
        collected.resources.update(unit.resources)
    else:
        collected.problem = f"{unit.type}: {unit.problem}"
        collected.unreachable = unit.unreachable


def _add_medications(collected: Collected, hospital: Hospital) -> None:
    """Read the drugs a statement points at, where the server did not include them. A drug that is not there is data."""
    for id_ in sorted(set(_wanted_medications(collected, hospital.source.base))):
        try:
            collected.resources["Medication", id_] = hospital.read("Medication", id_)
        except RemoteError as error:
            if error.status not in _GONE:
                raise


def _wanted_medications(collected: Collected, base: str) -> Iterator[str]:
    for resource in collected.resources.values():
        reference = _reference(resource.get("medicationReference")).removeprefix(f"{base}/")
        type_, _, id_ = reference.partition("/")
        if type_ == "Medication" and is_id(id_) and ("Medication", id_) not in collected.resources:
            yield id_


def _patient_of(resource: Json) -> str:
    """The id in `subject` or `patient`; "" when it is no reference to a Patient."""
    reference = _reference(resource.get("subject", resource.get("patient")))
    _, found, rest = f"/{reference}".rpartition("/Patient/")
    id_ = rest.partition("/")[0]
    return id_ if found and is_id(id_) else ""


def _reference(value: Any) -> str:
    reference = value.get("reference") if isinstance(value, dict) else None
    return reference if isinstance(reference, str) else ""
