"""Registry field, FHIR element, rule and code, in one list that is searched from any side.

Takes from: case, mapping.  Gives to: pages.mapping.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

from adapter.case.fields import field_schema, mark_lists
from adapter.declaration import load_schema
from adapter.errors import Json
from adapter.mapping import Mappings
from adapter.mapping.laws import Law, laws
from adapter.mapping.tables import Table

Titles = dict[str, str]
Use = Literal["both", "write", "read"]


@dataclass(frozen=True)
class Pair:
    """One rule that joins a field and an element.

    Shapes:  field    as `explain` is asked: diagnosis.onset
             title    of the field, in each language
             table    name of its code table; "" when values are not coded
             promise  iso, checked, lossy, one-way; "" when nothing is promised
    """

    field: str
    title: Titles
    element: str
    resource: str
    rule: str
    origin: str
    direction: str
    table: str
    promise: str
    remark: str


@dataclass(frozen=True)
class Row:
    """One code of a table.

    Shapes:  system  short name; "" for a plain code or a name in free text
             place   number of its row in the table
             use     both: written and read back; write: read back as another word; read: understood only
    """

    table: str
    word: str
    system: str
    code: str
    display: Titles
    use: Use
    note: Titles
    origin: str
    place: int


@lru_cache(maxsize=8)
def pairs(mappings: Mappings) -> tuple[Pair, ...]:
    """Every pair, in the order of the case's schema."""
    promised = {law.rule: law for law in laws(mappings.language)}
    names = load_schema("case")["properties"]
    return tuple(_pair(entry, promised.get(entry["rule"])) for name in names for entry in mappings.explain(name))


def _pair(entry: Json, law: Law | None) -> Pair:
    field = entry["field"]
    return Pair(
        field=field,
        title=_title(field),
        element=entry["element"].removesuffix(".$this"),
        resource=entry["resource"],
        rule=entry["rule"],
        origin=entry["origin"],
        direction=entry["direction"],
        table=entry.get("table", "").removesuffix(".table.yaml"),
        promise=law.promise if law else "",
        remark=law.remark if law else "",
    )


def _title(field: str) -> Titles:
    schema = field_schema(mark_lists(field)) or {}
    return {"en": schema.get("title", ""), "fr": schema.get("x-fr", {}).get("title", "")}


@lru_cache(maxsize=8)
def rows(mappings: Mappings) -> tuple[Row, ...]:
    """Every code of every table."""
    return tuple(row for name, table in sorted(mappings.language.tables.items()) for row in _rows(name, table))


def _rows(name: str, table: Table) -> Iterator[Row]:
    for place, row in enumerate(table.file.data.get("rows", [])):
        told = {"place": place, "table": name, "word": _word(row["word"]), "display": row.get("display", {})}
        told |= {"note": row.get("note", {}), "origin": table.file.at(("rows", place)).rpartition(":")[0]}
        for system, code, use in _codes(row):
            yield Row(**told, system=system, code=code, use=use)


def _word(word: Any) -> str:
    return str(word).lower() if isinstance(word, bool) else str(word)


def _codes(row: Json) -> Iterator[tuple[str, str, Use]]:
    """(system, code, use): what is written is also read, unless another word has the same code."""
    write, read = row.get("write", row.get("code", {})), row.get("read", {})
    use: Use = "both" if row.get("reverse", True) else "write"
    yield from ((system, code, use) for system, code in _flat(write))
    yield from ((system, code, "read") for system, code in _flat(read))
    yield from (("", name, "read") for name in row.get("names", ()))


def _flat(said: Any) -> Iterator[tuple[str, str]]:
    """System and code, of one code or several, with or without a system."""
    for system, codes in said.items() if isinstance(said, dict) else (("", said),):
        yield from ((system, code) for code in ([codes] if isinstance(codes, str) else codes))


def find(mappings: Mappings, asked: str) -> tuple[list[Pair], list[Row]]:
    """What every word of a question stands in, whatever its case and accents; everything for no question."""
    words = _folded(asked).split()
    found = [each for each in pairs(mappings) if _holds(words, _text_of(each))]
    coded = [each for each in rows(mappings) if _holds(words, _text_of(each))] if words else []
    return found, coded


def _holds(words: list[str], text: str) -> bool:
    return all(word in text for word in words)


@lru_cache(maxsize=4096)
def _folded(text: str) -> str:
    apart = unicodedata.normalize("NFKD", text.casefold())
    return "".join(sign for sign in apart if not unicodedata.combining(sign))


def _text_of(each: Pair | Row) -> str:
    if isinstance(each, Pair):
        return _folded(" ".join((each.field, *each.title.values(), each.element, each.rule, each.table)))
    return _folded(" ".join((each.table, each.word, each.system, each.code, *each.display.values())))
