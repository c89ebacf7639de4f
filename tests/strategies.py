"""Hypothesis strategies made out of the case schema: every valid case can come out, and only valid ones do."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from adapter.declaration import find_violations, load_schema

SCHEMA = load_schema("case")
# Lists long enough to need order and numbering, short enough to be shrunk.
MAX_ITEMS = 3


def cases() -> st.SearchStrategy[dict[str, Any]]:
    """Whole cases, valid against the schema, with studies named once and lesions that mostly point at one."""
    return _of(SCHEMA, ()).map(_name_studies_once).filter(lambda case: not list(find_violations("case", case)))


def _name_studies_once(case: dict[str, Any]) -> dict[str, Any]:
    seen: set[str] = set()
    for study in case.get("imaging_studies", ()):
        if study.get("id") in seen:
            del study["id"]
        seen.add(study.get("id", ""))
    return _without_empty(case)


def _without_empty(case: dict[str, Any]) -> dict[str, Any]:
    """An empty list says what its absence says (normal form of the laws)."""
    return {name: value for name, value in case.items() if value not in ([], {})}


def _of(schema: dict[str, Any], path: tuple[str, ...]) -> st.SearchStrategy[Any]:
    if "$ref" in schema:
        return _of(SCHEMA["$defs"][schema["$ref"].rsplit("/", 1)[-1]], path)
    if "const" in schema:
        return st.just(schema["const"])
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    if "anyOf" in schema:
        return st.one_of([_of(each, path) for each in schema["anyOf"]])
    return _TYPES[schema["type"]](schema, path)


def _object(schema: dict[str, Any], path: tuple[str, ...]) -> st.SearchStrategy[Any]:
    members = {name: _of(each, (*path, name)) for name, each in schema["properties"].items()}
    required = set(schema.get("required", ()))
    if schema.get("maxProperties") == 1:
        return st.one_of([st.fixed_dictionaries({name: each}) for name, each in members.items()])
    fixed = {name: each for name, each in members.items() if name in required}
    optional = {name: each for name, each in members.items() if name not in required}
    made = st.fixed_dictionaries(fixed, optional=optional).map(_mend)
    return made.filter(len) if schema.get("minProperties") else made


def _mend(made: dict[str, Any]) -> dict[str, Any]:
    """What the schema says by conditions, done instead of filtered."""
    if "death_date" in made:
        made["vital_status"] = "dead"
    if "test" in made:
        made["unit"] = {"crp": "mg/L", "esr": "mm/h", "temperature": "Cel"}[made["test"]]
    if "date_is_recorded" in made and "date" not in made:
        del made["date_is_recorded"]
    if "measure" in made and isinstance(made["value"], str):
        made.pop("unit", None)
    return made


def _array(schema: dict[str, Any], path: tuple[str, ...]) -> st.SearchStrategy[Any]:
    return st.lists(_of(schema["items"], path), max_size=MAX_ITEMS)


def _string(schema: dict[str, Any], path: tuple[str, ...]) -> st.SearchStrategy[Any]:
    if schema.get("format") == "partial-date":
        day = st.dates().map(str)
        return st.one_of(day, day.map(lambda each: each[:7]), day.map(lambda each: each[:4]))
    if path[-1] in ("study", "id"):
        return st.sampled_from(["s1", "s2", "IRM-3"])
    text = st.from_regex(schema.get("pattern", ".*"), fullmatch=True)
    return text.filter(lambda each: len(each) <= schema.get("maxLength", 200))


def _number(schema: dict[str, Any], _: tuple[str, ...]) -> st.SearchStrategy[Any]:
    low = schema.get("minimum", -10_000)
    high = schema.get("maximum", 10_000)
    places = st.decimals(low, high, places=2, allow_nan=False, allow_infinity=False)
    return st.one_of(st.integers(low, high), places.map(Decimal))


_TYPES = {
    "object": _object,
    "array": _array,
    "string": _string,
    "number": _number,
    "integer": lambda schema, _: st.integers(schema["minimum"], schema["maximum"]),
    "boolean": lambda _, __: st.booleans(),
}
