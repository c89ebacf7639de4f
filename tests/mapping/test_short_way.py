"""The short way and the long way tell the same: for good data, for the field's, and for every damage to either."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from typing import Any

from hypothesis import given

from adapter.config import shipped
from adapter.mapping import MappingResult, Mappings, load_mappings
from adapter.resource import dump_json, parse_json
from tests import test_cases
from tests.mapping import test_readings
from tests.mapping.damage import damaged, shape
from tests.mapping.rich_cases import rich_cases
from tests.strategies import cases

Json = dict[str, Any]
SHORT = load_mappings(shipped("mappings"))


def long_way() -> Mappings:
    """The same maps without their short way."""

    def sort(entries: list[Json], _: Any, __: Any, slowly: Callable[[int, Json], None]) -> None:
        for number, entry in enumerate(entries):
            slowly(number, entry)

    mappings = copy.copy(SHORT)
    mappings._intake = copy.copy(SHORT._intake)
    mappings._intake._sorts = {True: sort, False: sort}
    return mappings


LONG = long_way()


def told(result: MappingResult) -> tuple[Any, ...]:
    return result.case, result.issues, result.unread


def documents() -> Iterator[Json]:
    yield from (SHORT.to_fhir(case) for case in rich_cases())
    yield from (test_readings.bundle(reading) for reading in test_readings.READINGS)
    yield from (parse_json((folder / "given.json").read_bytes())[0] for folder in test_cases.FOLDERS)


@given(cases())
def test_both_ways_tell_the_same_of_our_own_resources(case: Json) -> None:
    bundle = SHORT.to_fhir(case)

    assert told(SHORT.to_case(bundle)) == told(LONG.to_case(bundle))


def test_both_ways_tell_the_same_of_every_document() -> None:
    for document in documents():
        assert told(SHORT.to_case(document, "C-1")) == told(LONG.to_case(document, "C-1"))


def test_without_a_report_of_what_is_unread_the_same_is_told() -> None:
    for document in documents():
        alone, told_too = SHORT.to_case(document, "C-1", leftovers=False), SHORT.to_case(document, "C-1")
        refused = {issue.rule for issue in told_too.issues} - {issue.rule for issue in alone.issues}
        assert refused or alone.case == told_too.case


def test_both_ways_tell_the_same_of_every_damage() -> None:
    seen: set[Any] = set()
    compared = 0
    for document in documents():
        entries = parse_json(dump_json(document))[0]["entry"]
        resources = [entry["resource"] for entry in entries if isinstance(entry.get("resource"), dict)]
        patients = [each for each in resources if each.get("resourceType") == "Patient"][:1]
        for resource in resources:
            looks = (resource.get("resourceType"), dump_json(resource.get("code")), shape(resource))
            if looks in seen:
                continue
            seen.add(looks)
            for each in damaged(resource):
                beside = [] if each.get("resourceType") == "Patient" else patients
                bundle = {"entry": [{"resource": made} for made in (*beside, each)]}
                assert told(SHORT.to_case(bundle, "C-1")) == told(LONG.to_case(bundle, "C-1"))
                compared += 1
    assert compared > 1000


def test_a_foreign_name_anywhere_is_found_both_ways() -> None:
    seen: set[Any] = set()
    for document in map(SHORT.to_fhir, rich_cases()):
        patient = document["entry"][0]["resource"]
        for resource in (entry["resource"] for entry in document["entry"]):
            looks = (dump_json(resource.get("code")), shape(resource))
            if looks in seen:
                continue
            seen.add(looks)
            for place in _objects(resource):
                marked = copy.deepcopy(resource)
                _at(marked, place)["foreign"] = 1
                beside = [patient] if resource is not patient else []
                bundle = {"entry": [{"resource": each} for each in (*beside, marked)]}
                assert SHORT.to_case(bundle).unread == LONG.to_case(bundle).unread


def _objects(value: Any, place: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if isinstance(value, dict):
        yield place
        for name, inner in value.items():
            yield from _objects(inner, (*place, name))
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from _objects(inner, (*place, number))


def _at(value: Any, place: tuple[Any, ...]) -> Any:
    for step in place:
        value = value[step]
    return value


def test_good_data_hardly_ever_takes_the_long_way() -> None:
    taken: list[Any] = []
    mappings = copy.copy(SHORT)
    mappings._intake = copy.copy(SHORT._intake)
    mappings._intake._take = lambda *told: taken.append(told) or True  # type: ignore[method-assign, func-returns-value]
    bundles = [mappings.to_fhir(case) for case in rich_cases()]

    for bundle in bundles:
        mappings.to_case(bundle)

    # A biopsy whose bone is not known, a substance coded in a system that nobody knows: these need a second look.
    assert {resource["resourceType"] for _, _, resource, _ in taken} <= {"Procedure", "MedicationStatement"}
    assert len(taken) < sum(len(bundle["entry"]) for bundle in bundles) * 0.05
