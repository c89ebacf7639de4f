"""T: does every table come back to the word it started from, and does each code mean one word?

Takes from: mapping.checks.survey.  Gives to: mapping.check.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from adapter.errors import Json
from adapter.mapping.checks.survey import Survey
from adapter.mapping.tables import Table


def check_tables(survey: Survey) -> Iterator[str]:
    """Rows against each other, and the way back of each word."""
    for table in survey.language.tables.values():
        yield from _written_twice(table)
        yield from _ambiguous(table)
        yield from _one_way(table)
    for pair in survey.all_pairs():
        looked_in = pair.rule.codec.table
        if looked_in and pair.writes and pair.reads and not pair.rule.loses and (lost := unreversed(looked_in)):
            text = f"'{looked_in.name}' does not bring back {', '.join(lost)}: say so in `loses`"
            yield pair.told("L001", text, "via")


def unreversed(table: Table) -> list[str]:
    """Words that are written and come back as another."""
    return [str(row["word"]) for _, row in _rows(table) if row.get("reverse") is False]


def _rows(table: Table) -> Iterator[tuple[int, Json]]:
    return enumerate(table.file.data["rows"])


def _told(table: Table, number: int, key: str, code: str, text: str) -> str:
    return f"{table.file.at(('rows', number, key))} {code} {table.name}: {text}"


def _written_twice(table: Table) -> Iterator[str]:
    seen: set[Any] = set()
    for number, row in _rows(table):
        key = "write" if table.kind == "concept" else "code"
        if key in row and row["word"] in seen:
            yield _told(table, number, key, "T005", f"'{row['word']}' is written in an earlier row already")
        if key in row:
            seen.add(row["word"])


def _ambiguous(table: Table) -> Iterator[str]:
    """The row that stands first would win in silence."""
    seen: dict[tuple[str, str], Any] = {}
    for number, row in _rows(table):
        for key, system, code in _read_codes(table, row):
            word = seen.setdefault((system, code), row["word"])
            if word != row["word"]:
                text = f"{system} {code} already means '{word}' in an earlier row"
                yield _told(table, number, key, "T003", text.strip())


def _read_codes(table: Table, row: Json) -> Iterator[tuple[str, str, str]]:
    """What is only read; a code that two words write is T002's."""
    if table.kind == "text":
        return
    if table.kind == "code":
        yield from (("read", "", code) for code in row.get("read", ()))
        return
    for system, codes in row.get("read", {}).items():
        for code in [codes] if isinstance(codes, str) else codes:
            yield "read", system, code


def _one_way(table: Table) -> Iterator[str]:
    for number, row in _rows(table):
        word = row["word"]
        if table.kind == "concept" and "write" in row:
            back, key = table.find(table.codings[word]), "write"
        elif table.kind == "code":
            back, key = table.plain_words.get(table.plain[word]), "code"
        else:
            continue
        if back != word and row.get("reverse", True):
            text = f"what is written for '{word}' is read back as '{back}'; one of them must say `reverse: false`"
            yield _told(table, number, key, "T002", text)
