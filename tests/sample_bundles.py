"""A hospital's Bundle for tests that need one, small enough to see what each entry is for."""

from __future__ import annotations

import json
from typing import Any

ICD10 = "http://hl7.org/fhir/sid/icd-10"
IDENTIFIER_TYPES = "http://terminology.hl7.org/CodeSystem/v2-0203"
CONDITION_STATUS = "http://terminology.hl7.org/CodeSystem/condition-clinical"
VERIFICATION = "http://terminology.hl7.org/CodeSystem/condition-ver-status"
HOSPITAL = "https://fhir.chu.invalid/fhir"


def coded(system: str, code: str) -> dict[str, Any]:
    return {"coding": [{"system": system, "code": code}]}


def make_patient(number: int = 1, **more: Any) -> dict[str, Any]:
    identifier = {"use": "usual", "type": coded(IDENTIFIER_TYPES, "PI"), "system": "urn:oid:1.2.250.1.999.1.1"}
    return {
        "resourceType": "Patient",
        "id": f"p{number}",
        "identifier": [{**identifier, "value": f"IPP-{number}"}],
        "gender": "female",
        "birthDate": "2008-06-15",
        **more,
    }


def make_condition(number: int = 1, **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "Condition",
        "id": f"dx{number}",
        "clinicalStatus": coded(CONDITION_STATUS, "active"),
        "verificationStatus": coded(VERIFICATION, "confirmed"),
        "code": coded(ICD10, "M86.3"),
        "subject": {"reference": f"Patient/p{number}"},
        "onsetDateTime": "2017-05",
        **more,
    }


def make_finding(number: int = 1, **more: Any) -> dict[str, Any]:
    """A finding of fever: an Observation that the registry reads."""
    return {
        "resourceType": "Observation",
        "id": f"obs{number}",
        "status": "final",
        "code": coded("http://snomed.info/sct", "386661006"),
        "valueBoolean": True,
        "subject": {"reference": f"Patient/p{number}"},
        **more,
    }


def make_bundle(*resources: dict[str, Any], kind: str = "transaction") -> dict[str, Any]:
    """A Bundle of these resources; of a patient with CRMO when none are given."""
    held = resources or (make_patient(), make_condition())
    entries = [{"fullUrl": f"{HOSPITAL}/{each['resourceType']}/{each['id']}", "resource": each} for each in held]
    if kind in ("transaction", "batch"):
        for entry in entries:
            entry["request"] = {"method": "POST", "url": entry["resource"]["resourceType"]}
    return {"resourceType": "Bundle", "type": kind, "entry": entries}


def as_bytes(document: Any) -> bytes:
    return json.dumps(document).encode()
