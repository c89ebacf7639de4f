"""A code that a hospital writes and no table knows: found in what waits, and taught to the hospital's overlay.

    what waits ──► codes that the cause's table does not know ──► a row in the overlay's file, proven before it is kept

Takes from: parts, mapping, store, resource.  Gives to: web.
"""

from __future__ import annotations

import os
import re
import tempfile
import threading
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from adapter.errors import Json, UsageError
from adapter.mapping import Mappings
from adapter.mapping.rows import Row, with_row
from adapter.mapping.strangers import Stranger, rule_named, strangers
from adapter.mapping.tables import Systems, Table
from adapter.parts import Parts
from adapter.resource import parse_json
from adapter.store import audit, inbox
from adapter.store.causes import Key, waiting

# Why nothing can be taught to a hospital's overlay.
Obstacle = Literal["", "not_declared", "no_overlay", "not_writable"]
# So many of those that wait are looked into.
LOOKED_AT = 40
_TURN = threading.Lock()
_ANY_SIZE = 64 * 1024 * 1024


@dataclass(frozen=True)
class Lesson:
    """What a table would have to learn for what waits.

    Shapes:  words     what the table knows, with a label in each language
             codes     (system, code, display) with the number of entries among those looked at
             overlay   name of the hospital's; "" when it has none
    """

    table: str
    title: Json
    words: list[tuple[str | bool, Json]]
    codes: list[tuple[Stranger, int]]
    looked_at: int
    overlay: str
    obstacle: Obstacle


def find_lesson(parts: Parts, key: Key) -> Lesson | None:
    """None for a cause that no row of a table can mend."""
    mappings = parts.knowledge_of(key.source).mappings
    named = rule_named(mappings.language, key.rule)
    if named is None:
        return None
    mapping, rule, table = named
    found: Counter[Stranger] = Counter()
    looked_at = 0
    for resources in _read(parts, key):
        free = [each for each in resources if _is_free(each, mappings, mapping.case)]
        found.update(strangers(mapping, rule, table, free).keys())
        looked_at += 1
    overlay, obstacle = _overlay_of(parts, key.source)
    return Lesson(
        table.name, table.file.data["title"], _words(table), found.most_common(20), looked_at, overlay, obstacle
    )


def teach(parts: Parts, source: str, table: str, word: str, system: str, code: str, *, actor: str) -> None:
    """Set a row into the overlay of a source; every process reads with it from its next look on.

    Shapes:  word    as the table writes it; system  its URI
    Errors:  UsageError (no overlay to write, no such table or word); DeclarationError when the overlay would not hold
    """
    overlay, obstacle = _overlay_of(parts, source)
    if obstacle:
        raise UsageError("This hospital has no overlay that can be written.")
    mappings = parts.knowledge_of(source).mappings
    known = mappings.language.tables.get(table)
    chosen = next((each for each, _ in _words(known) if str(each) == word), None) if known else None
    if chosen is None:
        raise UsageError("There is no such table, or it has no such word.")
    short, uri = _system(system, mappings.language.systems)
    told = f"set on {parts.today().isoformat()} by {actor}"
    with _TURN:
        _write(parts, overlay, Row(table, chosen, short, code, told, uri))
    with parts.store.writing() as connection:
        what = f"overlay {overlay} table {table}"
        audit.append(connection, audit.Event(parts.clock(), actor, "teach", what[:200], 200, "", ""))


def _write(parts: Parts, overlay: str, row: Row) -> None:
    """Proven in another place first, so that nobody ever reads a file that does not hold."""
    layers = parts.knowledge.mappings.layers
    file = layers.file(overlay)
    text = with_row(file.read_text(encoding="utf-8"), row)
    with tempfile.TemporaryDirectory() as folder:
        candidate = Path(folder) / file.name
        candidate.write_text(text, encoding="utf-8")
        layers.check(candidate)
    handle, name = tempfile.mkstemp(dir=file.parent, prefix=".overlay-")
    beside = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as out:
            out.write(text)
            out.flush()
            os.fsync(out.fileno())
        beside.chmod(file.stat().st_mode & 0o777)
        beside.replace(file)
    finally:
        beside.unlink(missing_ok=True)


def _overlay_of(parts: Parts, source: str) -> tuple[str, Obstacle]:
    known = parts.sources.get(source)
    if known is None:
        return "", "not_declared"
    if not known.overlay:
        return "", "no_overlay"
    file = parts.knowledge.mappings.layers.file(known.overlay)
    writable = os.access(file, os.W_OK) and os.access(file.parent, os.W_OK)
    return known.overlay, "" if writable else "not_writable"


def _read(parts: Parts, key: Key) -> Iterator[list[Json]]:
    """The resources of some of those that wait, oldest first; what is no Bundle has none."""
    with parts.store.reading() as connection:
        for _, entry_id in waiting(connection, key, limit=LOOKED_AT):
            raw = inbox.read_raw(connection, entry_id, parts.seals)
            document: Any = parse_json(raw, max_bytes=_ANY_SIZE)[0] if raw else None
            entries = document.get("entry") if isinstance(document, dict) else None
            yield list(_resources(entries if isinstance(entries, list) else []))


def _resources(entries: Iterable[Any]) -> Iterator[Json]:
    for entry in entries:
        resource = entry.get("resource") if isinstance(entry, dict) else None
        if isinstance(resource, dict):
            yield resource


def _is_free(resource: Json, mappings: Mappings, case: str) -> bool:
    """Whether no map takes it, or the one whose rule did not understand it."""
    return mappings.profile_of(resource)[1] in ("", case)


def _words(table: Table) -> list[tuple[str | bool, Json]]:
    labels: dict[str | bool, Json] = {}
    for row in table.file.data["rows"]:
        named = {"en": str(row["word"]), "fr": str(row["word"])}
        labels[row["word"]] = row.get("display") or labels.get(row["word"]) or named
    return list(labels.items())


def _system(uri: str, systems: Systems) -> tuple[str, str]:
    """Short name of a code system, and its URI when the overlay must first declare it."""
    if uri in systems.names:
        return systems.names[uri], ""
    host, _, path = re.sub(r"^[^:]+:(//)?", "", uri.lower()).partition("/")
    words = [*re.findall(r"[a-z0-9]+", host)[-2:-1], *re.findall(r"[a-z0-9]+", path)[-1:]]
    stem = re.sub(r"^(crmo-|[0-9])", r"x\1", "-".join(words)[:40].strip("-")) or "local"
    taken = (stem if n == 1 else f"{stem}-{n}" for n in range(1, 1_000))
    return next(name for name in taken if name not in systems.uris), uri
