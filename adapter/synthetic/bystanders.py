"""Everybody else in a hospital: patients with other diseases, by the thousand, made one at a time and kept nowhere.

They stand around the planted cases when a whole hospital is screened. None carries a code of the disease or of what is
mistaken for it; many carry codes, numbers and ids that look like one from afar.

Takes from: errors, synthetic.chance.  Gives to: benches and tests of screening.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import date, timedelta

from adapter.errors import Json
from adapter.synthetic.chance import make_chance

_ICD10 = "http://hl7.org/fhir/sid/icd-10"
_SCT = "http://snomed.info/sct"
_LOINC = "http://loinc.org"
_ATC = "http://www.whocc.no/atc"
_UCUM = "http://unitsofmeasure.org"
_DCM = "http://dicom.nema.org/resources/ontology/DCM"
_IPP = "urn:oid:1.2.250.1.999.1.1"
# Neighbours of the disease's codes among them: M85, M87, the gene of DIRA's number with another ending.
_DISEASES = (
    *((_ICD10, code) for code in ("J45.9", "S52.5", "M85.6", "M87.0", "K35.8", "L40.0", "M79.6", "R50.9", "Z86.3")),
    *((_SCT, code) for code in ("195967001", "386661006", "24015100", "7035400081", "128069005")),
)
_TESTS = (
    *(("718-7", "Hémoglobine", "g/dL", 8, 17), ("1988-5", "Protéine C réactive", "mg/L", 0, 90)),
    *(("2951-2", "Sodium", "mmol/L", 130, 150), ("2823-3", "Potassium", "mmol/L", 3, 6)),
    *(("8310-5", "Température", "Cel", 36, 40), ("29463-7", "Poids", "kg", 4, 90)),
)
_DRUGS = ("N02BE01", "M01AE01", "J01CA04", "R03AC02", "M05BA03")
_CONCLUSION = "Examen sans particularité ; à revoir dans trois mois si la douleur persiste. "
_FIRST_DAY = date(2012, 1, 1)


def make_bystanders(number: int, seed: int, *, resources: int = 50) -> Iterator[list[Json]]:
    """Patients, each as the list of what the hospital holds about one.

    Shapes:  number     of patients; patient i depends on the seed and on i alone
             resources  of each patient, the Patient included
             yields     [Patient, ...]; R4, with ids that no other patient of the seed has
    """
    return (_make(make_chance(f"bystander-{seed}", each), f"b{seed}-{each:07}", resources) for each in range(number))


def _make(rng: random.Random, name: str, resources: int) -> list[Json]:
    kinds = rng.choices(list(_KINDS), [weight for _, weight in _KINDS.values()], k=resources - 1)
    made = [_patient(rng, name)]
    about = {"reference": f"Patient/{name}"}
    for number, kind in enumerate(kinds, 1):
        resource: Json = {"resourceType": kind, "id": f"{name}-{number}", "subject": about}
        resource["meta"] = {"versionId": "1", "lastUpdated": f"{_day(rng)}T08:30:00.000+01:00"}
        resource.update(_KINDS[kind][0](rng))
        made.append(resource)
    return made


def _patient(rng: random.Random, name: str) -> Json:
    return {
        "resourceType": "Patient",
        "id": name,
        "identifier": [{"system": _IPP, "value": f"IPP-PASSANT-{name}"}],
        "name": [{"use": "official", "family": f"PASSANT-{name}", "given": ["Quidam"]}],
        "gender": rng.choice(("female", "male")),
        "birthDate": str(date(1998, 1, 1) + timedelta(days=rng.randrange(9000))),
    }


def _concept(system: str, code: str, display: str = "") -> Json:
    coding = {"system": system, "code": code} | ({"display": display} if display else {})
    return {"coding": [coding]}


def _day(rng: random.Random) -> date:
    return _FIRST_DAY + timedelta(days=rng.randrange(4500))


def _condition(rng: random.Random) -> Json:
    verified = _concept("http://terminology.hl7.org/CodeSystem/condition-ver-status", "confirmed")
    clinical = _concept("http://terminology.hl7.org/CodeSystem/condition-clinical", "active")
    code = _concept(*rng.choice(_DISEASES))
    told = {"clinicalStatus": clinical, "verificationStatus": verified, "code": code, "recordedDate": str(_day(rng))}
    return {**told, "note": [{"text": _CONCLUSION}]} if rng.random() < 0.3 else told


def _observation(rng: random.Random) -> Json:
    code, display, unit, low, high = rng.choice(_TESTS)
    value = {"value": rng.randint(low * 10, high * 10) / 10, "unit": unit, "system": _UCUM, "code": unit}
    category = _concept("http://terminology.hl7.org/CodeSystem/observation-category", "laboratory")
    told = {"status": "final", "category": [category], "code": _concept(_LOINC, code, display)}
    return {**told, "effectiveDateTime": f"{_day(rng)}T07:15:00+01:00", "valueQuantity": value}


def _procedure(rng: random.Random) -> Json:
    code = _concept(_SCT, rng.choice(("274025005", "80146002", "18946005")))
    return {"status": "completed", "code": code, "performedDateTime": str(_day(rng))}


def _statement(rng: random.Random) -> Json:
    drug = _concept(_ATC, rng.choice(_DRUGS))
    return {"status": "completed", "medicationCodeableConcept": drug, "effectiveDateTime": str(_day(rng))}


def _study(rng: random.Random) -> Json:
    modality = [{"system": _DCM, "code": rng.choice(("MR", "CT", "DX"))}]
    return {"status": "available", "modality": modality, "started": f"{_day(rng)}T10:00:00+01:00"}


def _report(rng: random.Random) -> Json:
    code = _concept(_LOINC, "18748-4", "Compte rendu d'imagerie")
    return {"status": "final", "code": code, "conclusion": _CONCLUSION * rng.randint(2, 8)}


def _encounter(rng: random.Random) -> Json:
    kind = {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": rng.choice(("AMB", "IMP"))}
    day = _day(rng)
    return {"status": "finished", "class": kind, "period": {"start": str(day), "end": str(day + timedelta(days=2))}}


_KINDS = {
    "Observation": (_observation, 58),
    "Encounter": (_encounter, 10),
    "Condition": (_condition, 12),
    "Procedure": (_procedure, 6),
    "MedicationStatement": (_statement, 6),
    "DiagnosticReport": (_report, 6),
    "ImagingStudy": (_study, 2),
}
