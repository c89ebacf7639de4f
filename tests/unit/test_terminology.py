"""Codes decided offline, and said to be undecided when they are."""

import pytest

from adapter.conformance import r4_definitions
from adapter.terminology import Terminology

VS = "http://hl7.org/fhir/ValueSet/"


@pytest.fixture(scope="module")
def terminology() -> Terminology:
    return Terminology(r4_definitions())


@pytest.mark.parametrize(
    ("value_set", "code", "system", "expected"),
    [
        ("administrative-gender", "female", None, True),
        ("administrative-gender", "F", None, False),
        ("condition-clinical", "active", "http://terminology.hl7.org/CodeSystem/condition-clinical", True),
        ("condition-clinical", "active", "http://elsewhere.invalid", False),
        ("mimetypes", "image/png", None, True),
        ("mimetypes", "png image", None, False),
        ("condition-code", "1234", "http://snomed.info/sct", None),
        ("nobody-knows", "x", None, None),
    ],
)
def test_answers_yes_no_or_undecided(
    terminology: Terminology, value_set: str, code: str, system: str | None, expected: bool | None
) -> None:
    assert terminology.validate_code(VS + value_set, code, system) is expected


@pytest.mark.parametrize(
    "name", ["Patient", "Condition", "Procedure", "ImagingStudy", "MedicationStatement", "Observation", "Bundle"]
)
def test_every_required_value_set_of_our_types_can_be_decided(terminology: Terminology, name: str) -> None:
    structure = r4_definitions().type_structure(name)
    assert structure is not None
    bindings = [element.get("binding", {}) for element in structure["snapshot"]["element"]]
    required = [b["valueSet"] for b in bindings if b.get("strength") == "required"]

    assert required
    assert [url for url in required if terminology.validate_code(url, "no such code!") is not False] == []


def test_a_concept_map_translates_in_its_order(terminology: Terminology) -> None:
    found = terminology.translate(
        {"system": "http://hl7.org/fhir/administrative-gender", "code": "male"},
        "http://hl7.org/fhir/ConceptMap/cm-administrative-gender-v3",
    )

    assert [target["code"] for target in found] == ["M"]


def test_an_unmapped_code_translates_to_nothing(terminology: Terminology) -> None:
    assert (
        terminology.translate(
            {"system": "http://x.invalid", "code": "male"}, "http://hl7.org/fhir/ConceptMap/cm-administrative-gender-v3"
        )
        == []
    )
