"""A text in every place of a Bundle where somebody could write one, and in every place where nobody should."""

from __future__ import annotations

import itertools
from typing import Any

from tests.sample_bundles import ICD10, as_bytes, coded, make_bundle, make_condition, make_finding, make_patient
from tests.sample_cases import make_case

_numbers = itertools.count(1)
_LONGEST = 200


def in_texts(payload: str) -> bytes:
    """A Bundle that is right but for what its texts say; each is about another child."""
    number = next(_numbers)
    subject = {"reference": f"Patient/p{number}", "display": payload}
    code = {"coding": [{"system": ICD10, "code": "M86.3", "display": payload}], "text": payload}
    note = [{"text": payload, "authorString": payload}]
    narrative = {"status": "generated", "div": f'<div xmlns="http://www.w3.org/1999/xhtml">{payload}</div>'}
    patient = make_patient(
        number,
        text=narrative,
        name=[{"family": payload, "given": [payload], "text": payload, "prefix": [payload]}],
        telecom=[{"system": "other", "value": payload}],
        address=[{"line": [payload], "city": payload, "text": payload}],
        contact=[{"name": {"text": payload}}],
        photo=[{"title": payload, "url": payload, "contentType": "image/png"}],
        managingOrganization={"display": payload},
        extension=[{"url": "https://hospital.invalid/note", "valueString": payload}],
    )
    drug = {
        "resourceType": "MedicationStatement",
        "id": f"ms{number}",
        "status": "active",
        "medicationCodeableConcept": {
            "text": payload,
            "coding": [{"system": "urn:x", "code": "x", "display": payload}],
        },
        "subject": subject,
        "dosage": [{"text": payload, "patientInstruction": payload}],
        "note": note,
    }
    study = {
        "resourceType": "ImagingStudy",
        "id": f"is{number}",
        "status": "available",
        "modality": [{"system": "http://dicom.nema.org/resources/ontology/DCM", "code": "MR", "display": payload}],
        "subject": subject,
        "description": payload,
        "series": [{"uid": "1.2.3", "description": payload, "modality": {"code": "MR", "display": payload}}],
    }
    paper = {
        "resourceType": "DocumentReference",
        "id": f"dr{number}",
        "status": "current",
        "subject": subject,
        "description": payload,
        "content": [{"attachment": {"title": payload, "url": payload}}],
    }
    condition = make_condition(number, code=code, subject=subject, note=note, recorder={"display": payload})
    finding = make_finding(
        number, subject=subject, note=note, method={"text": payload}, performer=[{"display": payload}]
    )
    bundle = make_bundle(patient, condition, finding, drug, study, paper, kind="collection")
    bundle["identifier"] = {"system": "urn:hostile", "value": payload}
    return as_bytes(bundle)


def in_structure(payload: str) -> bytes:
    """Where only codes, ids, dates and addresses stand."""
    patient = make_patient(
        id=payload,
        gender=payload,
        birthDate=payload,
        identifier=[{"system": payload, "value": payload, "use": payload}],
    )
    condition = make_condition(
        id=payload,
        code=coded(payload, payload),
        subject={"reference": payload, "type": payload},
        onsetDateTime=payload,
        clinicalStatus=coded(payload, payload),
        meta={"profile": [payload], "versionId": payload, "lastUpdated": payload, "tag": [{"system": payload}]},
        extension=[{"url": payload, "valueUri": payload}],
    )
    finding = make_finding(status=payload, valueQuantity={"value": payload, "unit": payload, "code": payload})
    bundle: dict[str, Any] = make_bundle(patient, condition, finding, {"resourceType": payload, "id": payload})
    for entry in bundle["entry"]:
        entry["fullUrl"] = payload
        entry["request"] = {"method": payload, "url": payload, "ifNoneExist": payload}
    return as_bytes({**bundle, "timestamp": payload})


def in_names(payload: str) -> bytes:
    """As the name of an element, of a resource's type, and of a Bundle's."""
    patient = make_patient(**{payload: payload, f"_{payload}": [{payload: payload}]})
    condition = make_condition(**{"note": [{payload: {payload: [payload]}}]})
    return as_bytes({**make_bundle(patient, condition), payload: payload, f"{payload}x": {payload: 1}})


def case_of(payload: str) -> bytes:
    """A registry case whose free texts say it, cut and stripped to what the schema takes."""
    text = "".join(each for each in payload if each.isprintable()).strip()[:_LONGEST] or "x"
    case = make_case(next(_numbers) + 10_000)
    case["centre"] = text[:100].strip()
    case["diagnosis"]["onset"] = {"date": "2007-05-03"}
    for treatment in case.get("treatments", ()):
        treatment["substance"]["display"] = text
    case["other_diagnoses"] = [{"code": {"system": ICD10, "code": "K50.9", "display": text}, "certainty": "confirmed"}]
    return as_bytes(case)
