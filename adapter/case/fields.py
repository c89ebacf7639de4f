"""The case schema as a map: which fields exist, what they may hold, and where they stand in one case.

A field is written `diagnosis.onset.date`, a member of a list `imaging_studies[].result`; a place in one case is a
JSON pointer. `diagnosis.onset` and its like name a whole section.

Takes from: declaration.  Gives to: case.consistency, eligibility, cohort.
Source: https://datatracker.ietf.org/doc/html/rfc6901
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

from adapter.declaration import load_schema
from adapter.errors import Json


def read_field(case: Json, field: str) -> Iterator[tuple[str, Any]]:
    """Every (pointer, value) that a field has in a case; nothing where the record is silent."""
    places: list[tuple[str, Any]] = [("", case)]
    for key, is_list in _steps(field):
        found = [(pointer, value[key]) for pointer, value in places if isinstance(value, dict) and key in value]
        if not found:
            return iter(())
        places = [place for each in found for place in _members(key, *each)] if is_list else _named(key, found)
    return iter(places)


def value_reader(field: str) -> Callable[[Json], Any]:
    """A reader of a single-valued field, for many cases; it answers None where the record is silent."""
    *sections, name = field.split(".")
    if not sections:
        return lambda case: case.get(name)
    outer = value_reader(".".join(sections))

    def read(case: Json) -> Any:
        section = outer(case)
        return None if section is None else section.get(name)

    return read


@cache
def _steps(field: str) -> tuple[tuple[str, bool], ...]:
    return tuple((name.removesuffix("[]"), name.endswith("[]")) for name in field.split("."))


def _named(key: str, found: list[tuple[str, Any]]) -> list[tuple[str, Any]]:
    return [(f"{pointer}/{key}", value) for pointer, value in found]


def _members(key: str, pointer: str, value: Any) -> list[tuple[str, Any]]:
    return [(f"{pointer}/{key}/{i}", item) for i, item in enumerate(value)] if isinstance(value, list) else []


@cache
def field_schema(field: str) -> Json | None:
    """The sub-schema of a field, references resolved; None when the case has no such field."""
    schema: Json | None = load_schema("case")
    for name in field.split("."):
        schema = _resolve((schema or {}).get("properties", {}).get(name.removesuffix("[]")))
        if schema is None or name.endswith("[]") != (schema.get("type") == "array"):
            return None
        if name.endswith("[]"):
            schema = _resolve(schema["items"])
    return schema


def mark_lists(field: str) -> str:
    """The field with the marks of lists that its writer may have left out: sequelae.site is sequelae[].site."""
    parts: list[str] = []
    for name in field.split("."):
        known = field_schema(".".join([*parts, name]))
        parts.append(name if known is not None else f"{name.removesuffix('[]')}[]")
    return ".".join(parts)


def _resolve(schema: Json | None) -> Json | None:
    if schema and "$ref" in schema:
        # What a field says of itself goes before what its kind says.
        own = {key: said for key, said in schema.items() if key != "$ref"}
        return {**load_schema("case")["$defs"][schema["$ref"].rsplit("/", 1)[1]], **own}
    return schema


def allowed_values(field: str) -> list[Any] | None:
    """The enumeration of a coded field; [True, False] for a flag; None when the field is not coded."""
    schema = field_schema(field) or {}
    if schema.get("type") == "boolean":
        return [True, False]
    branches = schema.get("anyOf", [schema])
    values = [value for branch in branches for value in branch.get("enum", [])]
    return values or None


@cache
def list_fields() -> tuple[str, ...]:
    """The names of the lists of a case, e.g. `biopsies`."""
    return tuple(name for name, schema in load_schema("case")["properties"].items() if schema.get("type") == "array")


@cache
def date_fields() -> tuple[str, ...]:
    """Every field that holds a partial date, in schema order."""
    return tuple(_dates(load_schema("case"), ""))


def _dates(schema: Json, prefix: str) -> Iterator[str]:
    for name, member in schema.get("properties", {}).items():
        if member.get("$ref") == "#/$defs/partial_date":
            yield f"{prefix}{name}"
        elif member.get("type") == "array":
            yield from _dates(_resolve(member["items"]) or {}, f"{prefix}{name}[].")
        else:
            yield from _dates(_resolve(member) or {}, f"{prefix}{name}.")
