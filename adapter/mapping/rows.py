"""A row set into the text of an overlay: everything else in the file stays as somebody wrote it.

Takes from: declaration.  Gives to: web.
"""

from __future__ import annotations

import copy
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from adapter.declaration import Declaration, Pointer, parse_declaration
from adapter.errors import DeclarationError, Json


@dataclass(frozen=True)
class Row:
    """A code that a table is to read as a word.

    Shapes:  system  short name of the code system
             uri     of a system that the overlay must first declare; "" when it is known
    """

    table: str
    word: str | bool
    system: str
    code: str
    source: str
    uri: str = ""

    @property
    def spelled(self) -> Json:
        return {"word": self.word, "read": {self.system: [self.code]}, "source": self.source}


def with_row(text: str, row: Row) -> str:
    """The file with the row in it.

    Errors:  DeclarationError when it is written in a way that a row cannot be set into without rewriting it
    """
    if row.uri:
        entry = {"uri": row.uri, "source": row.source}
        text = _set(text, ("systems",), f"{row.system}: {_flow(entry)}", entry_name=row.system, entry=entry)
    return _set(text, ("tables", row.table, "add"), f"- {_flow(row.spelled)}", entry=row.spelled)


def _set(text: str, where: Pointer, line: str, *, entry: Json, entry_name: str = "") -> str:
    """The text with a line below a place, which is made when it is not there; read back to be sure."""
    file = parse_declaration(text, Path("overlay"))
    wanted = _expected(file.data, where, entry, entry_name)
    known = max((n for n in range(len(where) + 1) if where[:n] in file.places), default=0)
    missing, rows = where[known:], text.splitlines(keepends=True)
    added = [*(f"{'  ' * depth}{name}:" for depth, name in enumerate(missing)), "  " * len(missing) + line]
    at, indent = _gap(file, where[:known], rows)
    made = [f"{indent}{each}\n" for each in added]
    if at == len(rows) and rows and not rows[-1].endswith("\n"):
        rows[-1] += "\n"
    changed = "".join([*rows[:at], *made, *rows[at:]])
    try:
        if parse_declaration(changed, Path("overlay")).data == wanted:
            return changed
    except DeclarationError:
        pass
    raise DeclarationError("overlay:1:1 O004 a row cannot be set into this file as it is written; add it by hand")


def _gap(file: Declaration, parent: Pointer, rows: list[str]) -> tuple[int, str]:
    """Where the first child of a place is written, and how far it is indented; the end of the file for the root."""
    if not parent:
        return len(rows), ""
    first = next((pointer for pointer in file.places if pointer[:-1] == parent and len(pointer) > len(parent)), None)
    if first is None:
        return len(rows), ""
    at = file.places[first][0] - 1
    written = rows[at]
    return at, written[: len(written) - len(written.lstrip(" "))]


def _expected(data: Json, where: Pointer, entry: Json, entry_name: str) -> Json:
    expected: Any = copy.deepcopy(data)
    holder = expected
    for name in where[:-1]:
        holder = holder.setdefault(name, {})
    if entry_name:
        holder.setdefault(where[-1], {})[entry_name] = entry
    else:
        holder.setdefault(where[-1], []).insert(0, entry)
    return dict(expected)


def _flow(value: Json) -> str:
    """JSON, which is YAML."""
    return json.dumps(value, ensure_ascii=False)
