"""Small test profiles, made from the R4 snapshots by a few constraints, and resources that break one of them each."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

from defects import SEEDS, Defect, change

from adapter.conformance import r4_definitions

BASE = "http://example.org/fhir/StructureDefinition/"
PI = {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v2-0203", "code": "PI"}]}


def make_profile(
    kind: str, changes: dict[str, dict[str, Any]], slices: list[dict[str, Any]] | None = None
) -> dict[str, Any]:
    """A profile with a snapshot: `changes` by path, `slices`, each with its children, behind what they slice."""
    base = copy.deepcopy(r4_definitions().type_structure(kind))
    assert base is not None
    elements = base["snapshot"]["element"]
    for element in elements:
        element.update(changes.get(element["path"], {}))
    if slices:
        sliced = slices[0]["path"]
        at = max(n for n, element in enumerate(elements) if (element["path"] + ".").startswith(sliced + "."))
        elements[at + 1 : at + 1] = slices
    return base | {
        "url": BASE + kind.lower(),
        "version": "1.0.0",
        "name": kind + "Test",
        "derivation": "constraint",
        "baseDefinition": base["url"],
    }


def _piece(path: str, name: str, low: int, high: str, kind: str, **more: Any) -> dict[str, Any]:
    return {
        "path": path,
        **({"sliceName": name} if name else {}),
        "min": low,
        "max": high,
        "base": {"path": path, "min": 0, "max": "*" if name else "1"},
        "type": [{"code": kind}],
        **more,
    }


IDENTIFIER = "Patient.identifier"
PROFILES = [
    make_profile(
        "Patient",
        {
            "Patient.birthDate": {"min": 1},
            "Patient.photo": {"max": "0"},
            "Patient.name": {"min": 1, "max": "2"},
            "Patient.maritalStatus": {
                "binding": {"strength": "required", "valueSet": "http://hl7.org/fhir/ValueSet/marital-status"}
            },
            "Patient.deceased[x]": {"type": [{"code": "dateTime"}]},
            IDENTIFIER: {"slicing": {"discriminator": [{"type": "pattern", "path": "type"}], "rules": "closed"}},
        },
        [
            _piece(IDENTIFIER, "PI", 1, "1", "Identifier"),
            _piece(IDENTIFIER + ".type", "", 1, "1", "CodeableConcept", patternCodeableConcept=PI),
            _piece(IDENTIFIER + ".system", "", 1, "1", "uri", fixedUri="urn:oid:1.2.3"),
        ],
    ),
    make_profile(
        "Condition",
        {
            "Condition.clinicalStatus": {"min": 1},
            "Condition.code": {
                "min": 1,
                "patternCodeableConcept": {"coding": [{"system": "http://www.orpha.net", "code": "324964"}]},
                "constraint": [
                    {
                        "key": "t-1",
                        "severity": "error",
                        "human": "A text is given",
                        "expression": "text.exists() and text.length() > 2",
                    }
                ],
            },
            "Condition.subject": {"type": [{"code": "Reference", "targetProfile": [BASE + "patient"]}]},
            "Condition.onset[x]": {"min": 1},
        },
    ),
    make_profile(
        "Procedure",
        {
            "Procedure.status": {"fixedCode": "completed"},
            "Procedure.bodySite": {"min": 1, "max": "1"},
            "Procedure.note": {"max": "1"},
            "Procedure.performed[x]": {"type": [{"code": "Period"}]},
        },
    ),
    make_profile(
        "ImagingStudy",
        {
            "ImagingStudy.started": {"min": 1},
            "ImagingStudy.numberOfSeries": {"maxValueInteger": 5},
            "ImagingStudy.series": {"min": 1},
            "ImagingStudy.description": {"maxLength": 5},
            "ImagingStudy.modality": {"binding": {"strength": "required", "valueSet": BASE + "modality"}},
        },
    ),
    make_profile(
        "MedicationStatement",
        {
            "MedicationStatement.medication[x]": {"type": [{"code": "CodeableConcept"}]},
            "MedicationStatement.effective[x]": {"min": 1},
        },
    ),
    make_profile(
        "Observation",
        {
            "Observation.value[x]": {
                "min": 1,
                "type": [{"code": "Quantity"}],
                "patternQuantity": {"system": "http://unitsofmeasure.org", "code": "mg/L"},
            },
            "Observation.component": {
                "slicing": {"discriminator": [{"type": "value", "path": "code.text"}], "rules": "open", "ordered": True}
            },
            "Observation.dataAbsentReason": {"max": "0"},
        },
        [
            _piece("Observation.component", "part", 1, "1", "BackboneElement"),
            {
                **_piece("Observation.component.code", "", 1, "1", "CodeableConcept"),
                "patternCodeableConcept": {"text": "part"},
            },
            {
                **_piece("Observation.component.value[x]", "", 1, "1", "string"),
                "base": {"path": "Observation.component.value[x]", "min": 0, "max": "1"},
            },
        ],
    ),
    {
        "resourceType": "ValueSet",
        "url": BASE + "modality",
        "status": "active",
        "compose": {
            "include": [
                {"system": "http://dicom.nema.org/resources/ontology/DCM", "concept": [{"code": "MR"}, {"code": "CT"}]}
            ]
        },
    },
]


def seed(kind: str) -> dict[str, Any]:
    resource = copy.deepcopy(SEEDS[kind])
    resource["meta"] = {"profile": [BASE + kind.lower()]}
    if kind == "Patient":
        del resource["deceasedBoolean"], resource["_birthDate"]
        resource["identifier"][0] |= {"type": PI, "system": "urn:oid:1.2.3"}
    return resource


# element, new value or REMOVE, rule, place
_BROKEN: dict[str, list[tuple[Any, ...]]] = {
    "Patient": [
        ("birthDate", "REMOVE", "min", "Patient"),
        ("photo", [{"contentType": "image/png"}], "max", "Patient.photo"),
        ("name", "REMOVE", "min", "Patient"),
        ("name", [{"family": "a"}, {"family": "b"}, {"family": "c"}], "max", "Patient.name"),
        ("identifier[0].type", "REMOVE", "slice-closed", "Patient.identifier[0]"),
        ("identifier[0].system", "urn:oid:1.2.4", "fixed", "Patient.identifier[0].system"),
        ("identifier[0].system", "REMOVE", "min", "Patient.identifier[0]"),
        ("deceasedBoolean", True, "type-not-allowed", "Patient.deceasedBoolean"),
        ("maritalStatus", {"text": "mariée"}, "binding", "Patient.maritalStatus"),
    ],
    "Condition": [
        ("clinicalStatus", "REMOVE", "min", "Condition"),
        ("code.coding[0].code", "1", "pattern", "Condition.code"),
        ("code.text", "x", "invariant:t-1", "Condition.code"),
        ("subject.reference", "Group/g", "reference-target", "Condition.subject"),
        ("onsetDateTime", "REMOVE", "min", "Condition"),
    ],
    "Procedure": [
        ("status", "in-progress", "fixed", "Procedure.status"),
        ("bodySite", [{"text": "a"}, {"text": "b"}], "max", "Procedure.bodySite"),
        ("bodySite", "REMOVE", "min", "Procedure"),
        ("performedPeriod", "REMOVE-AND-STRING", "type-not-allowed", "Procedure.performedString"),
    ],
    "ImagingStudy": [
        ("started", "REMOVE", "min", "ImagingStudy"),
        ("numberOfSeries", 9, "max-value", "ImagingStudy.numberOfSeries"),
        ("description", "trop long", "max-length", "ImagingStudy.description"),
        ("series", "REMOVE", "min", "ImagingStudy"),
        ("modality[0].code", "US", "binding", "ImagingStudy.modality[0]"),
    ],
    "MedicationStatement": [
        ("medicationCodeableConcept", "REMOVE", "min", "MedicationStatement"),
        ("effectivePeriod", "REMOVE", "min", "MedicationStatement"),
    ],
    "Observation": [
        ("valueQuantity.code", "g/L", "pattern", "Observation.valueQuantity"),
        ("component[0].code.text", "autre", "slice-min", "Observation.component"),
        ("component[0].valueString", "REMOVE", "min", "Observation.component[0]"),
        ("valueQuantity", "REMOVE", "min", "Observation"),
    ],
}


def profiled_defects() -> Iterator[Defect]:
    for kind, rows in _BROKEN.items():
        for path, value, rule, place in rows:
            resource = seed(kind)
            change(resource, path, "REMOVE" if value == "REMOVE-AND-STRING" else value)
            if value == "REMOVE-AND-STRING":
                resource["performedString"] = "hier"
            yield Defect(f"{kind}.{path} profiled", resource, rule, place)
