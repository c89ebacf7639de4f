"""A search held against a resource, by itself and in the way made for many."""

from __future__ import annotations

from typing import Any

import pytest

from adapter.errors import Json
from adapter.hospital import Search
from adapter.hospital.matching import make_test, matches, patient_of

ICD = "http://hl7.org/fhir/sid/icd-10"


def condition(code: Any, **more: Any) -> Json:
    return {"resourceType": "Condition", "id": "c1", "code": code, **more}


M863 = condition({"coding": [{"system": ICD, "code": "M86.3"}]})


@pytest.mark.parametrize(
    ("resource", "code", "fits"),
    [
        (M863, "M86.3", True),
        (M863, "m86.3", True),
        (M863, "M86", False),
        (M863, f"{ICD}|M86.3", True),
        (M863, "http://snomed.info/sct|M86.3", False),
        (M863, f"{ICD}|", True),
        (M863, "http://snomed.info/sct|", False),
        (M863, "|M86.3", False),
        (M863, "E11,M86.3", True),
        (condition({"coding": [{"code": "M86.3"}]}), "|M86.3", True),
        (condition({"coding": {"code": "M86.3"}}), "M86.3", True),
        (condition({"coding": ["M86.3", {"code": 863}]}), "E11", False),
        (condition({"text": "M86.3"}), "M86.3", False),
        (condition({"coding": [{"system": {"a": 1}, "code": "M86.3"}]}), f"{ICD}|M86.3", False),
        (condition({"coding": [{"system": ["x"], "code": ["M86.3"]}]}), f"{ICD}|", False),
        (condition(None), "M86.3", False),
        ({"resourceType": "Observation", "code": {"coding": [{"code": "M86.3"}]}}, "M86.3", False),
    ],
)
def test_code_is_compared_as_a_token(resource: Json, code: str, fits: bool) -> None:
    search = Search("Condition", {"code": (code,)})
    assert matches(resource, search) is fits
    assert make_test(search)(resource) is fits


def test_what_cannot_be_judged_here_is_unknown_and_counts_as_met() -> None:
    search = Search("Condition", {"code": ("M86.3",), "onset-date": ("ge2015",)})
    assert matches(M863, search) is None
    assert make_test(search)(M863)


def test_one_parameter_that_fails_decides() -> None:
    assert matches(M863, Search("Condition", {"code": ("E11",), "onset-date": ("ge2015",)})) is False


@pytest.mark.parametrize(
    ("reference", "id_"),
    [
        ("Patient/p1", "p1"),
        ("https://chu.example/fhir/Patient/p1", "p1"),
        ("Patient/p1/_history/3", "p1"),
        ("urn:uuid:1", ""),
        ("Practitioner/p1", ""),
        ("OtherPatient/p1", ""),
        (None, ""),
    ],
)
def test_patient_is_read_off_the_reference(reference: str | None, id_: str) -> None:
    assert patient_of(condition(None, subject={"reference": reference})) == id_
    assert patient_of({"resourceType": "AllergyIntolerance", "patient": {"reference": reference}}) == id_
