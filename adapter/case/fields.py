"""The case schema as a map: which fields exist, what they may hold, and where they stand in one case.

A field is written `diagnosis.onset.date`, a member of a list `imaging_studies[].result`; a place in one case is a
JSON pointer. `diagnosis.onset` and its like name a whole section.

Takes from: declaration.  Gives to: case.consistency, eligibility, cohort.
Source: https://datatracker.ietf.org/doc/html/rfc6901
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

from adapter.declaration import load_schema
from adapter.errors import Json


def read_field(case: Json, field: str) -> Iterator[tuple[str, Any]]:
    """Every (pointer, value) that a field has in a case; nothing where the record is silent."""
    places: list[tuple[str, Any]] = [("", case)]
    for name in field.split("."):
        places = list(_step(places, name))
    return iter(places)


def _step(places: list[tuple[str, Any]], name: str) -> Iterator[tuple[str, Any]]:
    key = name.removesuffix("[]")
    for pointer, value in places:
        if not isinstance(value, dict) or key not in value:
            continue
        member = value[key]
        if key == name:
            yield f"{pointer}/{key}", member
        elif isinstance(member, list):
            yield from ((f"{pointer}/{key}/{i}", item) for i, item in enumerate(member))


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


def _resolve(schema: Json | None) -> Json | None:
    if schema and "$ref" in schema:
        return dict(load_schema("case")["$defs"][schema["$ref"].rsplit("/", 1)[1]])
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
