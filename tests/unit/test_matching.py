"""A resource held against a search without a database: as the search itself would judge it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from adapter.parts import Knowledge
from adapter.search import matches, parse_search
from tests.dozen_cases import resources_of
from tests.searches import searches

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def resources(knowledge: Knowledge) -> list[dict[str, Any]]:
    return resources_of(knowledge)


def found(resources: list[dict[str, Any]], type_: str, query: str) -> list[str]:
    search = parse_search(type_, parse_qsl(query, keep_blank_values=True))
    here = [each for each in resources if each["resourceType"] == type_]
    return sorted(each["id"] for each in here if matches(search, each, AT))


def test_it_finds_what_a_plain_look_at_every_resource_finds(resources: list[dict[str, Any]]) -> None:
    asked = [each for each in searches(resources) if "," not in each[0]]

    assert len(asked) > 100
    for address, ids in asked:
        assert found(resources, address.split("?")[0].removeprefix("/fhir/"), urlsplit(address).query) == ids, address


@pytest.mark.parametrize("code", ["male", "|male", "male,unknown"])
def test_a_token_and_its_opposite_share_everything_out(resources: list[dict[str, Any]], code: str) -> None:
    with_, without = found(resources, "Patient", f"gender={code}"), found(resources, "Patient", f"gender:not={code}")

    assert with_
    assert sorted(with_ + without) == found(resources, "Patient", "")


def test_a_system_that_is_another_does_not_fit(resources: list[dict[str, Any]]) -> None:
    assert found(resources, "Patient", "gender=urn:other|male") == []
    assert found(resources, "Patient", "gender:missing=true") == []


@pytest.mark.parametrize(
    ("query", "finds"),
    [
        ("_lastUpdated=2026-03-01", True),
        ("_lastUpdated=ne2026-03-01", False),
        ("_lastUpdated=gt2026-03-01", False),
        ("_lastUpdated=ge2026-03-01T12:00:00Z", True),
        ("_lastUpdated=lt2026-03-01T12:00:00Z", False),
        ("_lastUpdated=le2026-03-01T12:00:00Z", True),
        ("_lastUpdated=sa2026-02-28", True),
        ("_lastUpdated=eb2026-03-02", True),
    ],
)
def test_the_time_of_change_is_compared(resources: list[dict[str, Any]], query: str, finds: bool) -> None:
    assert bool(found(resources, "Patient", query)) is finds


def test_ids_and_numbers_are_compared(resources: list[dict[str, Any]]) -> None:
    one = found(resources, "Observation", "")[0]
    below, above = (found(resources, "Observation", f"value-quantity={each}5") for each in ("lt", "ge"))

    assert found(resources, "Observation", f"_id={one}") == [one]
    assert below
    assert above
    assert sorted(below + above) == found(resources, "Observation", "value-quantity:missing=false")


def test_a_reference_is_found_by_its_id_and_with_its_type(resources: list[dict[str, Any]]) -> None:
    parts = [each for each in resources if each.get("partOf")]
    target = parts[0]["partOf"][0]["reference"]
    type_ = parts[0]["resourceType"]

    assert parts[0]["id"] in found(resources, type_, f"part-of={target}")
    assert parts[0]["id"] in found(resources, type_, f"part-of={target.partition('/')[2]}")
    assert parts[0]["id"] not in found(resources, type_, "part-of=Other/x")
