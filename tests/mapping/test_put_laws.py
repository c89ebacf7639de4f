"""The laws of writing a changed case onto resources that exist: `put(case, resources)`.

L3  GetPut  writing what was read changes nothing
L4  PutGet  what is read afterwards is the case that was written
L5  PutPut  writing twice is writing once; and what was changed in its place and changed back is as it was
The resources carry elements that no rule knows, wherever FHIR allows them: they are still there afterwards.
"""

from __future__ import annotations

from random import Random
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from adapter.config import shipped
from adapter.errors import InvalidContentError
from adapter.mapping import load_mappings
from tests.mapping.edits import HOSPITAL, edited, foreign, reworded, with_more
from tests.strategies import cases

Json = dict[str, Any]
MAPPINGS = load_mappings(shipped("mappings"))
MATCH = {each.case: each.get("match") for each in MAPPINGS.language.maps if each.get("match")}
CHANCE = st.randoms(use_true_random=True)


def told(resources: list[Json], case_id: str) -> Json:
    bundle = {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": each} for each in resources]}
    return MAPPINGS.to_case(bundle, case_id).case or {}


def put(case: Json, resources: list[Json]) -> list[Json] | None:
    """None when it was refused, for the one reason there may be: items of a list that nobody can tell apart."""
    try:
        return MAPPINGS.put(case, resources)
    except InvalidContentError as refused:
        findings = refused.findings
    assert {issue.rule for issue in findings} == {"mapping:put:ambiguous"}
    for issue in findings:
        assert _alike(case, told(resources, case["case_id"]), issue.expression[1:])
    return None


def _alike(case: Json, before: Json, name: str) -> bool:
    """Whether two items of a list have the same identity, in the old or the new case."""
    for listed in (case.get(name, []), before.get(name, [])):
        keys = [str([item.get(field) for field in MATCH[name]]) for item in listed]
        if len(set(keys)) < len(keys):
            return True
    return False


@given(cases(), CHANCE)
def test_writing_what_was_read_changes_nothing(case: Json, chance: Random) -> None:
    resources = with_more(MAPPINGS.to_resources(case), chance)
    read = told(resources, case["case_id"])

    assert MAPPINGS.put(read, resources) == resources


@given(edited(), CHANCE)
def test_what_is_read_afterwards_is_what_was_written_and_the_rest_stayed(
    cases: tuple[Json, Json], chance: Random
) -> None:
    before, case = cases
    resources = with_more(MAPPINGS.to_resources(before), chance)

    made = put(case, resources)

    if made is not None:
        assert told(made, case["case_id"]) == case
        assert MAPPINGS.put(case, made) == made
        _assert_kept(resources, made)


def has_twins(case: Json) -> bool:
    """Whether items of a list cannot be told apart."""
    return any(_alike(case, case, name) for name in MATCH)


@given(cases().filter(lambda case: not has_twins(case)), CHANCE)
def test_what_is_changed_in_its_place_and_changed_back_is_as_it_was(case: Json, chance: Random) -> None:
    resources = with_more(MAPPINGS.to_resources(case), chance, deep=False)
    changed = reworded(case, chance, frozenset(name for names in MATCH.values() for name in names))

    there = MAPPINGS.put(changed, resources)

    assert MAPPINGS.put(case, there) == resources


def _assert_kept(resources: list[Json], made: list[Json]) -> None:
    was = {foreign(each)["identifier"][0]["value"]: each for each in resources}
    ours = [each for each in made if HOSPITAL in str(each.get("identifier"))]
    for each in ours:
        before = was.pop(foreign(each)["identifier"][0]["value"])
        assert foreign(each) == foreign(before)
        assert (each["resourceType"], each["id"]) == (before["resourceType"], before["id"])
