"""A section of a case as a form, made from the case schema, and what came back from it as a section again.

What cannot be read as what it should be stays as it was typed: the schema refuses it, and names its place.

Takes from: case, errors, values, vocabulary.  Gives to: editing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from adapter.case.fields import allowed_values, field_schema, list_fields, mark_lists
from adapter.errors import Issue, Json
from adapter.web.pages.cases.values import HEAD, head_fields
from adapter.web.pages.cases.vocabulary import Vocabulary

_NUMBER = re.compile(r"-?\d{1,15}(?:[.,]\d{1,10})?\Z", re.ASCII)
_MISSING = re.compile(r"the key '(\w+)' is required")
MOST_ROWS = 1000


@dataclass(frozen=True)
class Entry:
    """One field.

    Shapes:  pointer  its place in the case, and its name in the form
             options  (value, words) when it is one of several
             kind     date, number, text
    """

    pointer: str
    label: str
    description: str
    kind: str
    value: str
    options: list[tuple[str, str]]
    is_required: bool
    problem: str


@dataclass(frozen=True)
class Group:
    pointer: str
    label: str
    description: str
    parts: list[Entry | Group]
    problem: str


Problems = Mapping[str, str]


def make_form(name: str, held: Any, problems: Problems, words: Vocabulary) -> list[Group]:
    """One group for a section of facts, one for each member of a list.

    Shapes:  held      what the section says: an object, or a list of objects
             problems  pointer -> what is wrong there, in words
    """
    if name in list_fields():
        return [_group(f"{name}[]", f"/{name}/{n}", each, problems, words) for n, each in enumerate(held)]
    if name == HEAD:
        parts: list[Entry | Group] = [_part(key, f"/{key}", held.get(key), problems, words) for key in head_fields()]
        return [Group("", words.label(HEAD), "", parts, "")]
    return [_group(name, f"/{name}", held, problems, words)]


def _group(
    field: str, pointer: str, held: Any, problems: Problems, words: Vocabulary, *, is_inner: bool = False
) -> Group:
    schema = field_schema(field) or {}
    known = held if isinstance(held, dict) else {}
    # Of a group that may stay empty as a whole, no part has to be filled in.
    required = () if is_inner else schema.get("required", ())
    parts = [
        _part(f"{field}.{key}", f"{pointer}/{key}", known.get(key), problems, words, key in required)
        for key in schema["properties"]
    ]
    return Group(pointer, words.label(field), words.description(field), parts, problems.get(pointer, ""))


def _part(
    field: str, pointer: str, held: Any, problems: Problems, words: Vocabulary, is_required: bool = False
) -> Entry | Group:
    schema = field_schema(field) or {}
    if schema.get("type") == "object":
        return _group(field, pointer, held, problems, words, is_inner=True)
    return Entry(
        pointer,
        words.label(field),
        words.description(field),
        _kind(schema),
        _typed(held, words),
        _options(field, schema, words),
        is_required,
        problems.get(pointer, ""),
    )


def _kind(schema: Json) -> str:
    if schema.get("format") == "partial-date":
        return "date"
    return "number" if schema.get("type") in ("number", "integer") else "text"


def _options(field: str, schema: Json, words: Vocabulary) -> list[tuple[str, str]]:
    if _may_be_number(schema):
        return []
    allowed = [True] if schema.get("const") is True else allowed_values(field) or []
    return [("", "–"), *((_typed(each, words), words.word(field, each)) for each in allowed)] if allowed else []


def _may_be_number(schema: Json) -> bool:
    return any(each.get("type") in ("number", "integer") for each in schema.get("anyOf", [schema]))


def _typed(held: Any, words: Vocabulary) -> str:
    """A value as its field shows it."""
    if held is None:
        return ""
    if isinstance(held, bool):
        return "true" if held else "false"
    return words.number(held) if isinstance(held, int | float | Decimal) else str(held)


def read_section(name: str, told: Mapping[str, str]) -> Any:
    """What a form says of a section of facts; {} when it says nothing."""
    if name == HEAD:
        found = {key: _read(key, f"/{key}", told) for key in head_fields()}
        return {key: value for key, value in found.items() if value is not None}
    return _read(name, f"/{name}", told) or {}


def read_rows(name: str, told: Mapping[str, str], count: int) -> list[Json]:
    """What a form says of each member of a list, {} for an empty row."""
    return [_read(f"{name}[]", f"/{name}/{number}", told) or {} for number in range(min(count, MOST_ROWS))]


def _read(field: str, pointer: str, told: Mapping[str, str]) -> Any:
    schema = field_schema(field) or {}
    if schema.get("type") == "object":
        found = {key: _read(f"{field}.{key}", f"{pointer}/{key}", told) for key in schema["properties"]}
        return {key: value for key, value in found.items() if value is not None} or None
    text = told.get(pointer, "").strip()
    if not text:
        return None
    if schema.get("type") == "boolean" or schema.get("const") is True:
        return {"true": True, "false": False}.get(text, text)
    if _may_be_number(schema) and _NUMBER.match(text):
        number = Decimal(text.replace(",", "."))
        return number if "." in str(number) else int(number)
    return text


def tell_problems(issues: Iterable[Issue], words: Vocabulary) -> dict[str, str]:
    """Pointer -> what is wrong there, in the reader's words; what is missing is told where it belongs."""
    told: dict[str, str] = {}
    for issue in issues:
        place = issue.expression
        if missing := _MISSING.search(issue.text):
            place = f"{place}/{missing[1]}"
        told.setdefault(place, _words_of(issue, words))
    return told


def name_place(pointer: str, words: Vocabulary) -> str:
    """What a place of the case is called: the label of its field, and of a list which row it is in."""
    parts = pointer.strip("/").split("/")
    rows = [int(part) + 1 for part in parts if part.isdigit()]
    field = ".".join(part for part in parts if not part.isdigit())
    label = words.label(mark_lists(field) if len(parts) > 2 and rows else field) or pointer
    return f"{label} ({words.said('row').format(n=rows[0])})" if rows else label


def _words_of(issue: Issue, words: Vocabulary) -> str:
    own = words.said(f"wrong_{issue.rule.removeprefix('case:')}")
    return own or (issue.text_fr if words.tongue == "fr" and issue.text_fr else issue.text)
