"""Every rule of every map runs, in each direction that it serves, on the cases and records of these tests."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest

from adapter.mapping import Mappings
from adapter.resource import dump_json, parse_json
from tests import test_cases
from tests.mapping import test_readings
from tests.mapping.damage import damaged, shape
from tests.mapping.exercise import WAYS, Numbered, Recorder, functions, number_rules, unrun
from tests.mapping.rich_cases import rich_cases

Json = dict[str, Any]
pytestmark = pytest.mark.slow

# Rules that cannot run in one direction, and why.
IDLE = {
    ("to-fhir", "diagnosis.map.yaml", "site.side.unknown"): "there an unknown side is the default and not written",
    ("to-fhir", "clinical-lesions.map.yaml", "site.side.unknown"): "there an unknown side is the default",
    ("to-fhir", "imaging-lesions.map.yaml", "site.side.unknown"): "there an unknown side is the default",
}


@cache
def exercised() -> tuple[Numbered, Recorder, list[str]]:
    """What ran, and the damage that stopped a reading."""
    numbered = number_rules()
    mappings = numbered.mappings
    with Recorder() as recorder:
        documents = [mappings.to_fhir(case) for case in rich_cases()]
        documents += [test_readings.bundle(reading) for reading in test_readings.READINGS if "flaw" not in reading]
        documents += [parse_json((folder / "given.json").read_bytes())[0] for folder in test_cases.FOLDERS]
        for document in documents:
            mappings.to_case(document, "C-1")
            mappings._intake.record(document)
        stopped = [said for document in documents for said in _stopped(mappings, document)]
    return numbered, recorder, stopped


_SEEN: set[Any] = set()


def _stopped(mappings: Mappings, document: Json) -> Iterator[str]:
    """Each resource damaged in every way, beside its Patient."""
    entries = parse_json(dump_json(document))[0]["entry"]
    resources = [entry["resource"] for entry in entries if isinstance(entry.get("resource"), dict)]
    patient = [each for each in resources if each.get("resourceType") == "Patient"][:1]
    for resource in resources:
        looks = (resource.get("resourceType"), dump_json(resource.get("code")), shape(resource))
        if looks in _SEEN:
            continue
        _SEEN.add(looks)
        for each in damaged(resource):
            beside = [] if each.get("resourceType") == "Patient" else patient
            entry = [{"resource": made} for made in (*beside, each)]
            made = {"resourceType": "Bundle", "type": "collection", "entry": entry}
            try:
                mappings.to_case(made, "C-1")
                mappings._intake.record(made)
            except Exception as error:  # noqa: BLE001 - whatever stops it is the finding
                yield f"{each.get('resourceType')}: {type(error).__name__}"


@pytest.mark.parametrize("direction", WAYS)
def test_every_rule_runs(direction: str) -> None:
    numbered, recorder, _ = exercised()

    idle: dict[tuple[str, str, str], list[str]] = {}
    for file, way, code in functions(numbered):
        ran = recorder.ran[file, WAYS[way]] if way == direction else set()
        for line, text in unrun(code, ran) if way == direction else ():
            if rule := numbered.rules.get((file, line)):
                idle.setdefault((way, file, rule.id), []).append(f"{rule.origin} {rule.id}: {text}")

    assert {place: told for place, told in idle.items() if place not in IDLE} == {}
    assert {place for place in IDLE if place[0] == direction} == idle.keys()


def test_every_map_ran_to_its_end() -> None:
    """Constants stand in the one statement that makes the resource: they run when it does."""
    numbered, recorder, _ = exercised()
    gates = [
        f"{file}:{line} {way}: {text}"
        for file, way, code in functions(numbered)
        for line, text in unrun(code, recorder.ran[file, WAYS[way]])
        if (file, line) not in numbered.rules
    ]

    assert gates == []


def test_every_rule_has_lines_of_its_own_or_stands_in_one_that_always_runs() -> None:
    numbered, _, _ = exercised()
    lines = {
        (file, line) for file, way, code in functions(numbered) for _, _, line in code.co_lines() if line is not None
    }
    # An object or a choice runs with its branches, a constant with its resource.
    alone = [rule.id for place, rule in numbered.rules.items() if rule.kind == "leaf" and place not in lines]

    assert alone == []


def test_no_damage_stops_a_reading() -> None:
    assert exercised()[2] == []
