"""The good examples are accepted; each bad one is refused for the one reason it was made for."""

from __future__ import annotations

import json
from typing import Any

import pytest

from adapter.canonical import BASE
from adapter.errors import Issue
from adapter.validation import make_validator
from tests.profiles.build import PROFILES
from tests.profiles.examples import EXAMPLES, bad_examples, good_examples, profile_of
from tests.profiles.pages import ORDER

Json = dict[str, Any]

GOOD = dict(good_examples())
BAD = {expected["file"]: (expected, resource) for expected, resource in bad_examples()}


def errors(resource: Json, profile: str) -> list[Issue]:
    issues = make_validator((PROFILES,)).validate(resource, profiles=[profile])
    return [issue for issue in issues if issue.blocks]


@pytest.mark.parametrize("name", GOOD)
def test_accepts_what_the_registry_sends_and_what_hospitals_send(name: str) -> None:
    assert errors(GOOD[name], profile_of(GOOD[name])) == []


@pytest.mark.parametrize("name", BAD)
def test_refuses_each_bad_example_once_at_its_place(name: str) -> None:
    expected, resource = BAD[name]
    found = errors(resource, f"{BASE}/StructureDefinition/{expected['profile']}")
    assert [(issue.rule, issue.expression) for issue in found] == [(expected["rule"], expected["at"])]


def test_every_bad_file_is_listed() -> None:
    assert {file.name for file in (EXAMPLES / "bad").iterdir()} == set(BAD)


@pytest.mark.parametrize("profile", ORDER)
def test_every_rule_of_a_profile_has_a_bad_example(profile: str) -> None:
    structure = json.loads((PROFILES / f"StructureDefinition-{profile}.json").read_text(encoding="utf-8"))
    constraints = structure["snapshot"]["element"][0]["constraint"]
    rules = {f"invariant:{each['key']}" for each in constraints if each["key"].startswith("crmo-")}
    assert rules <= {expected["rule"] for expected, _ in BAD.values() if expected["profile"] == profile}
