"""What is unreadable is taken out at the door, alone; everything else is only told."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from adapter.admission import AT_THE_DOOR, admit, without
from adapter.config import shipped
from adapter.errors import Issue
from adapter.mapping import load_mappings
from adapter.tiers import load_tiers
from adapter.validation import make_validator

Json = dict[str, Any]
VALIDATOR = make_validator(policy=AT_THE_DOOR)
MAPPINGS = load_mappings(shipped("mappings"))
TIERS = load_tiers(shipped("profiles"))


def admitted(given: Json) -> tuple[Json, list[Issue]]:
    return admit(given, VALIDATOR, MAPPINGS, TIERS)


def bundle(**changes: Any) -> dict[str, Any]:
    patient = {"resourceType": "Patient", "gender": "female", "birthDate": "2008-06-15", **changes}
    return {
        "resourceType": "Bundle",
        "type": "collection",
        "entry": [{"fullUrl": "urn:uuid:0d9f5a1e-4f0b-4c50-9a54-5f2b8a3c1d11", "resource": patient}],
    }


def test_a_sound_bundle_is_admitted_as_it_is() -> None:
    given = bundle()

    assert admitted(given) == (given, [])


@pytest.mark.parametrize(
    ("element", "value"),
    [("birthDate", "2011-02-30"), ("birthDate", 2011), ("name", "a text"), ("contact", [{}]), ("gender", ["female"])],
)
def test_an_unreadable_element_is_taken_out_and_told(element: str, value: object) -> None:
    given = bundle(**{element: value})
    before = copy.deepcopy(given)

    taken, issues = admitted(given)

    assert not taken["entry"][0]["resource"].get(element)
    assert {issue.severity for issue in issues} == {"warning"}
    assert all(issue.expression.startswith(f"Bundle.entry[0].resource.{element}") for issue in issues)
    assert given == before


def test_a_flaw_that_costs_nothing_leaves_the_bundle_whole() -> None:
    given = bundle(deceasedBoolean=False, deceasedDateTime="2019")

    taken, issues = admitted(given)

    assert taken is given
    assert [issue.rule for issue in issues] == ["choice-twice"]


def test_taking_out_shares_the_rest() -> None:
    given = {"a": [{"b": 1, "c": 2}, {"b": 3}], "d": {"e": 4}}

    taken = without(given, "Root.a[0].b")

    assert taken == {"a": [{"c": 2}, {"b": 3}], "d": {"e": 4}}
    assert taken["d"] is given["d"]


def condition(**changes: Any) -> Json:
    resource = {
        "resourceType": "Condition",
        "code": {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10", "code": "M86.3"}]},
        "subject": {"reference": "Patient/1"},
        **changes,
    }
    return {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": resource}]}


def test_a_flaw_that_costs_a_field_names_it() -> None:
    _, issues = admitted(condition(onsetDateTime="2010-02-30"))

    assert [(issue.severity, issue.field) for issue in issues if issue.rule == "no-such-day"] == [
        ("warning", "diagnosis.onset")
    ]


def test_a_flaw_without_which_nothing_can_be_read_blocks_the_entry() -> None:
    _, issues = admitted(condition(subject={"reference": "Medication/1"}))

    assert ("error", "diagnosis") in [(issue.severity, issue.field) for issue in issues]


def test_a_flaw_in_what_nobody_reads_costs_nothing() -> None:
    _, issues = admitted(condition(note=[{"time": "2010"}]))

    assert {(issue.severity, issue.field) for issue in issues} == {("warning", "")}


def test_several_unreadable_entries_of_a_list_are_taken_out_and_no_other() -> None:
    listed = [{}, {"name": {"family": "Zzz"}}, {}, {"gender": "female"}]

    taken, _ = admitted(bundle(contact=listed))

    assert taken["entry"][0]["resource"]["contact"] == [{"name": {"family": "Zzz"}}, {"gender": "female"}]
