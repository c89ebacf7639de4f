"""Every value of a case as a reader meets it: sections of facts, and lists as tables, each with its place in the case.

Takes from: case, vocabulary.  Gives to: the other files of this room.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from adapter.case.fields import list_fields
from adapter.declaration import load_schema
from adapter.errors import Json
from adapter.web.pages.cases.vocabulary import Vocabulary, is_whole

# Told together with the number they belong to.
_WITH_VALUE = ("comparator", "unit")
# Fields that stand at the top of the case, on no section of their own.
HEAD = "registry"


@dataclass(frozen=True)
class Value:
    """Shapes:  pointer  JSON pointer of the value in the case
    field    the same as a field: laboratory[].value
    """

    pointer: str
    field: str
    label: str
    description: str
    text: str


@dataclass(frozen=True)
class Row:
    """One member of a list; a cell is empty where the record is silent."""

    pointer: str
    cells: list[Value | None]
    values: list[Value]


@dataclass(frozen=True)
class Section:
    """Shapes:  facts  values of a section that is no list
    columns, rows  of a list
    """

    name: str
    label: str
    description: str
    facts: list[Value] = field(default_factory=list)
    columns: list[tuple[str, str]] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)
    is_list: bool = False


def section_names() -> list[str]:
    """In the order of the schema; what stands at the top of the case comes first, as one."""
    named = [name for name, schema in load_schema("case")["properties"].items() if _is_section(schema)]
    return [HEAD, *named]


def head_fields() -> list[str]:
    properties = load_schema("case")["properties"]
    return [name for name, schema in properties.items() if name != "case_id" and not _is_section(schema)]


def _is_section(schema: Json) -> bool:
    return schema.get("type") in ("object", "array")


def sections(case: Json, words: Vocabulary) -> Iterator[Section]:
    """Those that the record speaks of."""
    for name in section_names():
        label, description = words.label(name), words.description(name)
        if name in list_fields() and name in case:
            columns = _columns(name, case[name], words)
            rows = list(_rows(name, case[name], columns, words))
            yield Section(name, label, description, columns=columns, rows=rows, is_list=True)
        elif facts := list(_facts(*_of_section(case, name), words)):
            yield Section(name, label, description, facts=facts)


def _of_section(case: Json, name: str) -> tuple[Json, str, str]:
    """(what it says, how its fields begin, how their places begin)"""
    if name == HEAD:
        return {key: case[key] for key in head_fields() if key in case}, "", ""
    return case.get(name, {}), f"{name}.", f"/{name}"


def leaves(case: Json, words: Vocabulary) -> Iterator[Value]:
    """Every value of a case, in the order of the sections."""
    for section in sections(case, words):
        yield from section.facts
        for row in section.rows:
            yield from row.values


def _facts(held: Json, prefix: str, pointer: str, words: Vocabulary, label: str = "") -> Iterator[Value]:
    for key, value in held.items():
        name, at = f"{prefix}{key}", f"{pointer}/{key}"
        told = f"{label} – {words.label(name)}" if label else words.label(name)
        if isinstance(value, dict) and not is_whole(value):
            yield from _facts(value, f"{name}.", at, words, told)
        else:
            yield Value(at, name, told, words.description(name), words.text(name, value))


def _columns(name: str, members: list[Json], words: Vocabulary) -> list[tuple[str, str]]:
    """(key, label) of what some member says, in the order of the schema."""
    keys = load_schema("case")["properties"][name]["items"]["properties"]
    said = {key for member in members for key in member}
    aside = _WITH_VALUE if "value" in keys else ()
    return [(key, words.label(f"{name}[].{key}")) for key in keys if key in said and key not in aside]


def _rows(name: str, members: list[Json], columns: list[tuple[str, str]], words: Vocabulary) -> Iterator[Row]:
    for number, member in enumerate(members):
        at = f"/{name}/{number}"
        cells = [_cell(name, at, member, key, words) for key, _ in columns]
        yield Row(at, cells, list(_facts(member, f"{name}[].", at, words)))


def _cell(name: str, at: str, member: Json, key: str, words: Vocabulary) -> Value | None:
    if key not in member:
        return None
    field_ = f"{name}[].{key}"
    text = words.text(field_, member[key])
    if key == "value":
        text = measured(name, member, words)
    return Value(f"{at}/{key}", field_, words.label(field_), words.description(field_), text)


def measured(name: str, member: Json, words: Vocabulary) -> str:
    """A measurement with its comparator and unit."""
    told = [member.get("comparator", ""), words.text(f"{name}[].value", member["value"])]
    told.append(words.word(f"{name}[].unit", member["unit"]) if "unit" in member else "")
    return " ".join(each for each in told if each)


def in_short(name: str, member: Any, words: Vocabulary, *, is_labelled: bool = True) -> str:
    """One member of a list on one line."""
    columns = _columns(name, [member], words)
    cells = [_cell(name, "", member, key, words) for key, _ in columns]
    colon = " : " if words.tongue == "fr" else ": "
    return ", ".join(f"{cell.label}{colon}{cell.text}" if is_labelled else cell.text for cell in cells if cell)
