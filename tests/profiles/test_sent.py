"""Whatever case is valid, what the registry makes of it conforms to the registry's own profiles."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings

from adapter.case import check_case, load_consistency
from adapter.mapping import load_mappings
from adapter.synthetic import look_alikes, published_cohort
from adapter.validation import Policy, make_validator
from tests.profiles.build import PROFILES
from tests.profiles.examples import profile_of
from tests.profiles.terminology import ROOT
from tests.strategies import cases

Json = dict[str, Any]

MAPPINGS = load_mappings(ROOT / "mappings")
CONSISTENCY = load_consistency(ROOT / "mappings")
TODAY = date(2026, 11, 23)


def errors(case: Json) -> list[tuple[str, str]]:
    """(rule, place) of what is wrong with the Bundle of a case; each resource claims its own profile."""
    bundle = MAPPINGS.to_fhir(case)
    claimed = {entry["resource"]["id"]: entry["resource"].get("meta", {}).get("profile") for entry in bundle["entry"]}
    assert claimed == {entry["resource"]["id"]: [profile_of(entry["resource"])] for entry in bundle["entry"]}
    issues = make_validator((PROFILES,)).validate(bundle, profiles=[profile_of(bundle)])
    return [(issue.rule, issue.expression) for issue in issues if issue.blocks]


def without_gaps(case: Json) -> Json:
    """A case without what the registry is known to write against R4; each gap has a test of its own below."""
    case = json.loads(json.dumps(case, default=float))
    diagnosis = case["diagnosis"]
    if diagnosis.get("certainty") == "entered-in-error":
        diagnosis.pop("clinical_status", None)
    if diagnosis.get("onset", {}).get("age", {}).get("value") == 0:
        del diagnosis["onset"]
    return case


@pytest.mark.parametrize("paper", ["SA", "SB"])
def test_the_published_cohorts_conform(paper: str) -> None:
    found = {case["case_id"]: errors(without_gaps(case)) for case in published_cohort(paper, seed=1)}
    assert {name: each for name, each in found.items() if each} == {}


def test_the_look_alikes_conform() -> None:
    assert [errors(without_gaps(case)) for case, _ in look_alikes(seed=1) if errors(without_gaps(case))] == []


@given(cases())
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
def test_any_consistent_case_conforms(case: Json) -> None:
    case = without_gaps(case)
    assume(json.dumps(case, ensure_ascii=False).isprintable())
    assume(not any(issue.blocks for issue in check_case(case, CONSISTENCY, today=TODAY)))
    assert errors(case) == []


FORBIDDEN = {
    "con-5": {"code": "crmo", "certainty": "entered-in-error", "clinical_status": "active"},
    "age-1": {"code": "crmo", "onset": {"age": {"value": 0, "unit": "d"}}},
}


@pytest.mark.parametrize("rule", FORBIDDEN)
def test_what_a_case_may_say_and_r4_forbids_is_told_when_it_is_written(rule: str) -> None:
    """A course told of a diagnosis that was withdrawn, an onset on the day of birth: kept, written, and told."""
    case = {"case_id": "G", "patient": {"sex": "female"}, "diagnosis": FORBIDDEN[rule]}

    assert [told for told, _ in errors(case)] == [f"invariant:{rule}"]


def test_a_temperature_of_a_year_is_no_vital_sign_and_is_written_as_ours() -> None:
    reading = {"test": "temperature", "value": 38.5, "unit": "Cel", "date": "2008"}

    assert (
        errors({"case_id": "G", "patient": {"sex": "female"}, "diagnosis": {"code": "crmo"}, "laboratory": [reading]})
        == []
    )


def test_fr_core_patients_are_not_refused() -> None:
    """A hospital's identity, with every kind of identifier FR Core knows, stands beside what we ask for."""
    patient = json.loads((Path(__file__).parent / "fr-core-patient.json").read_text(encoding="utf-8"))
    at_the_door = Policy(unknown_extensions="warning")
    issues = make_validator((PROFILES,), at_the_door).validate(patient, profiles=[profile_of(patient)])
    assert [issue for issue in issues if issue.blocks] == []
