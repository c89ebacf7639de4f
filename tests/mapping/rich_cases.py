"""Cases that together show every field, every word and every kind of value; the same ones each time."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings

from adapter.declaration import find_violations
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


def _resolved(schema: Json) -> Json:
    found: Json = SCHEMA["$defs"][schema["$ref"].rsplit("/", 1)[-1]] if "$ref" in schema else schema
    return _resolved(found["anyOf"][0]) if "anyOf" in found else found


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
