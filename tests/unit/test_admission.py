"""What is unreadable is taken out at the door, alone; everything else is only told."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from adapter.admission import AT_THE_DOOR, admit, without
from adapter.validation import make_validator

VALIDATOR = make_validator(policy=AT_THE_DOOR)


def bundle(**changes: Any) -> dict[str, Any]:
    patient = {"resourceType": "Patient", "gender": "female", "birthDate": "2008-06-15", **changes}
    return {
        "resourceType": "Bundle",
        "type": "collection",
        "entry": [{"fullUrl": "urn:uuid:0d9f5a1e-4f0b-4c50-9a54-5f2b8a3c1d11", "resource": patient}],
    }


def test_a_sound_bundle_is_admitted_as_it_is() -> None:
    given = bundle()

    assert admit(given, VALIDATOR) == (given, [])


@pytest.mark.parametrize(
    ("element", "value"),
    [("birthDate", "2011-02-30"), ("birthDate", 2011), ("name", "a text"), ("contact", [{}]), ("gender", ["female"])],
)
def test_an_unreadable_element_is_taken_out_and_told(element: str, value: object) -> None:
    given = bundle(**{element: value})
    before = copy.deepcopy(given)

    admitted, issues = admit(given, VALIDATOR)

    assert element not in admitted["entry"][0]["resource"] or not admitted["entry"][0]["resource"][element]
    assert {issue.severity for issue in issues} == {"warning"}
    assert all(issue.expression.startswith(f"Bundle.entry[0].resource.{element}") for issue in issues)
    assert given == before


def test_a_flaw_that_costs_nothing_leaves_the_bundle_whole() -> None:
    given = bundle(deceasedBoolean=False, deceasedDateTime="2019")

    admitted, issues = admit(given, VALIDATOR)

    assert admitted is given
    assert [issue.rule for issue in issues] == ["choice-twice"]


def test_taking_out_shares_the_rest() -> None:
    given = {"a": [{"b": 1, "c": 2}, {"b": 3}], "d": {"e": 4}}

    taken = without(given, "Root.a[0].b")

    assert taken == {"a": [{"c": 2}, {"b": 3}], "d": {"e": 4}}
    assert taken["d"] is given["d"]
