"""What stands guard over a mapping file, held against mappings that are not the shipped ones.

The very tests of this repository are asked, one after the other: the laws, on a fixed set of rich cases; the mapping
written by hand; the small readings; the golden journeys.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import cache
from typing import Any
from unittest.mock import patch

from hypothesis import HealthCheck, Phase, given, settings

from adapter.bootstrap import load_knowledge
from adapter.config import load_settings
from adapter.declaration import find_violations
from adapter.mapping import Mappings
from adapter.parts import Knowledge
from tests import test_cases
from tests.mapping import test_bench, test_laws, test_readings
from tests.sample_cases import make_case
from tests.strategies import SCHEMA, cases

Json = dict[str, Any]
DRAWN = 400
SAME_EACH_TIME = settings(
    derandomize=True, database=None, deadline=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck)
)


@cache
def rich_cases() -> tuple[Json, ...]:
    """Cases that together show every field, every word and every kind of value, and no case that adds nothing.

    They are made and drawn from the schema, the same ones each time.
    """
    drawn: list[Json] = [make_case(1), *one_word_each()]

    @settings(SAME_EACH_TIME, max_examples=DRAWN)
    @given(cases())
    def draw(case: Json) -> None:
        drawn.append(case)

    draw()
    seen: set[tuple[str, ...]] = set()
    kept = []
    for case in sorted(drawn, key=lambda each: -len(set(_features(each)))):
        if fresh := set(_features(case)) - seen:
            seen |= fresh
            kept.append(case)
    return tuple(kept)


def one_word_each() -> Iterator[Json]:
    """A case for each word of each field, with no more than such a case needs."""
    least: Json = {"case_id": "W-1", **_least(SCHEMA)}
    for name, schema in SCHEMA["properties"].items():
        for value in _varied(schema):
            case = {**least, name: value}
            if not list(find_violations("case", case)):
                yield case


def _resolved(schema: Json) -> Json:
    found: Json = SCHEMA["$defs"][schema["$ref"].rsplit("/", 1)[-1]] if "$ref" in schema else schema
    return _resolved(found["anyOf"][0]) if "anyOf" in found else found


def _least(schema: Json) -> Any:
    schema = _resolved(schema)
    if schema.get("type") == "object":
        required = [name for name in schema.get("required", ()) if name != "case_id"]
        return {name: _least(schema["properties"][name]) for name in required}
    if schema.get("type") == "array":
        return [_least(schema["items"])]
    if "enum" in schema:
        return schema["enum"][0]
    made = {"string": "2010-01", "integer": schema.get("minimum", 1), "number": 2, "boolean": True}
    return schema.get("const", made.get(schema.get("type", "string")))


def _varied(schema: Json) -> Iterator[Any]:
    schema = _resolved(schema)
    if schema.get("type") == "object":
        least = _least(schema)
        for name, each in schema["properties"].items():
            yield from ({**least, name: value} for value in _varied(each))
    elif schema.get("type") == "array":
        yield from ([item] for item in _varied(schema["items"]))
    else:
        yield from schema.get("enum", [_least(schema)])
        if schema.get("type") == "boolean":
            yield False


def _features(value: Any, place: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Places, the words that stand there, and which members stand beside each other."""
    if isinstance(value, dict):
        yield from ((*place, "with", name) for name in value)
        yield from ((*place, "without", name) for name in _beside(place) - value.keys())
        for name, each in value.items():
            yield from _features(each, (*place, name))
    elif isinstance(value, list):
        for each in value:
            yield from _features(each, (*place, "[]"))
    elif isinstance(value, bool) or (isinstance(value, str) and value.isidentifier()):
        yield (*place, str(value))
    else:
        yield (*place, type(value).__name__)


@cache
def _beside(place: tuple[str, ...]) -> frozenset[str]:
    found: Json = SCHEMA
    for name in place:
        found = found["items"] if name == "[]" else found["properties"].get(name, {})
        if "$ref" in found:
            found = SCHEMA["$defs"][found["$ref"].rsplit("/", 1)[-1]]
    return frozenset(found.get("properties", ()))


@contextmanager
def _instead(module: Any, mappings: Mappings) -> Iterator[None]:
    with patch.object(module, "MAPPINGS", mappings):
        yield


class _Pick:
    """Stands where hypothesis chooses: the n-th of what there is to choose from."""

    def __init__(self, number: int) -> None:
        self.number = number

    def draw(self, strategy: Any) -> Any:
        return strategy.elements[self.number % len(strategy.elements)]


def _broken(check: Callable[[], None]) -> bool:
    try:
        check()
    except Exception:  # noqa: BLE001 - a test fails by whatever it raises
        return True
    return False


def laws_broken(mappings: Mappings) -> str:
    """Name of a law that does not hold; "" when all do."""
    laws = (
        test_laws.test_a_case_comes_back_as_it_went,
        test_laws.test_nothing_is_left_unread_of_what_we_write,
        test_laws.test_resources_come_back_as_they_were_written,
        test_laws.test_nothing_empty_is_ever_written,
    )
    foreign = test_laws.test_a_foreign_key_anywhere_is_reported
    with _instead(test_laws, mappings):
        for number, case in enumerate(rich_cases()):
            for law in laws:
                if _broken(lambda law=law, case=case: law.hypothesis.inner_test(case)):
                    return law.__name__
            if _broken(lambda case=case, n=number: foreign.hypothesis.inner_test(case, _Pick(7 * n))):
                return foreign.__name__
    return ""


def differs_from_hand(mappings: Mappings) -> str:
    """Name of a test that compares with the mapping written by hand, and fails."""
    with _instead(test_bench, mappings):
        for case in rich_cases():
            for test in (
                test_bench.test_hand_written_code_writes_the_same_resources,
                test_bench.test_hand_written_code_reads_the_same_case,
            ):
                if _broken(lambda test=test, case=case: test.hypothesis.inner_test(case)):
                    return test.__name__
    return ""


@cache
def _knowledge() -> Knowledge:
    return load_knowledge(load_settings({}))


def reading_broken(mappings: Mappings) -> str:
    """Title of a small record that is read otherwise."""
    with _instead(test_readings, mappings):
        for reading in test_readings.READINGS:
            if "flaw" not in reading and _broken(lambda reading=reading: test_readings.test_reading(reading)):
                return str(reading["title"])
    return ""


def golden_broken(mappings: Mappings) -> str:
    """Name of a golden journey that ends elsewhere."""
    knowledge = replace(_knowledge(), mappings=mappings)
    for folder in test_cases.FOLDERS:
        if _broken(lambda folder=folder: test_cases.test_golden_journey(folder, knowledge)):
            return folder.name
    return ""
