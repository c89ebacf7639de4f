"""Where each value of a case came from: the version that brought it, and in what arrived the element and the rule.

An edit says nothing of what it leaves alone: a value that stood before is told by the version that brought it first.

Takes from: parts, store, tracing.  Gives to: record, versions.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from adapter.errors import Json
from adapter.parts import Parts
from adapter.store import Connection, cases, edits, inbox
from adapter.tracing import trace_case

_ENTRY = re.compile(r"(Bundle\.entry\[\d+\])(?:\.resource)?\.?(.*)", re.DOTALL)
_MAP = re.compile(r"(.+)\.map\.yaml:")
_READ_AT_ONCE = 50


@dataclass(frozen=True)
class Brought:
    """A version of a case with what brought it.

    Shapes:  edit  who changed it by hand, and why; None when it was sent
    """

    version: cases.Version
    entry: inbox.Entry
    edit: edits.Edit | None


@dataclass(frozen=True)
class Origin:
    """Of one value.

    Shapes:  resource, element, rule, at, table  "" when a person or a program wrote the case as such
             is_default  nothing stands there, and the rule says what that means
             request     line of the pull's ledger, for what was pulled
    """

    by: Brought
    pointer: str
    resource: str = ""
    element: str = ""
    place: str = ""
    rule: str = ""
    at: str = ""
    table: str = ""
    is_default: bool = False
    version_id: str = ""
    pull: str = ""
    request: str = ""


def read_history(connection: Connection, case_id: str, first: int = 1, last: int | None = None) -> list[Brought]:
    """Versions with what brought them, oldest first, as `cases.history`.  Errors:  NotFoundError, GoneError"""
    versions = cases.history(connection, case_id, first, last)
    found = edits.of_entries(connection, [each.inbox_id for each in versions])
    return [Brought(each, inbox.find(connection, each.inbox_id), found.get(each.inbox_id)) for each in versions]


class Past:
    """The versions of a case, newest first, read as far back as somebody looks."""

    def __init__(self, parts: Parts, case_id: str) -> None:
        """Errors:  NotFoundError, GoneError"""
        self._parts, self._case_id = parts, case_id
        with parts.store.reading() as connection:
            self._read = read_history(connection, case_id, cases.newest(connection, case_id))

    @property
    def newest(self) -> cases.Version:
        return self._read[0].version

    def __iter__(self) -> Iterator[Brought]:
        at = 0
        while at < len(self._read) or self._read_on():
            yield self._read[at]
            at += 1

    def _read_on(self) -> bool:
        last = self._read[-1].version.version - 1
        if not last:
            return False
        with self._parts.store.reading() as connection:
            older = read_history(connection, self._case_id, max(last - _READ_AT_ONCE + 1, 1), last)
        self._read += reversed(older)
        return True


class Origins:
    """Of the values of the newest version."""

    def __init__(self, parts: Parts, past: Past) -> None:
        self._parts = parts
        self._past = past
        self._traces: dict[int, tuple[dict[str, Json], dict[str, Json]]] = {}
        self._resources = {each.name: each.resource for each in parts.knowledge.mappings.language.maps}

    def of(self, pointer: str) -> Origin:
        """Where the value at a place of the last version came from."""
        brought, at = _brought(self._past, pointer)
        trace, came = self._trace(brought)
        told = trace.get(at)
        if told is None:
            return Origin(brought, pointer)
        match = _ENTRY.match(str(told["source"]))
        place, element = (match[1], match[2]) if match else ("", str(told["source"]))
        origin = came.get(place, {})
        request = origin.get("request", {})
        return Origin(
            by=brought,
            pointer=pointer,
            resource=str(origin.get("type") or self._resource(told, place, trace)),
            element=element,
            place=place,
            rule=told["rule"],
            at=told["origin"],
            table=told.get("table", ""),
            is_default=bool(told.get("default")),
            version_id=str(origin.get("version_id") or ""),
            pull=str(origin.get("pull") or ""),
            request=" ".join(str(request[key]) for key in ("method", "address") if request.get(key)),
        )

    def _trace(self, brought: Brought) -> tuple[dict[str, Json], dict[str, Json]]:
        """(what each place was read from, the answer that each entry came in)"""
        number = brought.version.version
        if number not in self._traces:
            told = trace_case(self._parts, brought.version.case_id, number) if brought.version.trace else {}
            by_place = {each["case"]: each for each in brought.version.trace}
            self._traces[number] = by_place, {each["entry"]: each for each in told.get("origins", [])}
        return self._traces[number]

    def _resource(self, told: Json, place: str, trace: dict[str, Json]) -> str:
        """By the map whose rule it was; a rule that maps share is told by another one on the same resource."""
        same = [told, *(each for each in trace.values() if str(each["source"]).startswith(f"{place}."))]
        named = (match[1] for each in same if (match := _MAP.match(each["origin"])))
        return next((self._resources[name] for name in named if name in self._resources), "")


def _brought(past: Past, pointer: str) -> tuple[Brought, str]:
    """The version that brought a value, and where it stood there: back through edits that left it alone."""
    versions = iter(past)
    newer = next(versions)
    while not newer.version.trace and (older := next(versions, None)):
        before = _where(newer.version.case, older.version.case, pointer)
        if before is None:
            break
        newer, pointer = older, before
    return newer, pointer


def _where(now: Json, before: Json, pointer: str) -> str | None:
    """The place of the same value in the case before; a member of a list may have moved. None: it was not there."""
    parts = pointer.strip("/").split("/")
    members = before.get(parts[0])
    if len(parts) > 1 and parts[1].isdigit() and isinstance(members, list):
        member = _at(now, parts[:2])
        if member in members:
            return "/".join(["", parts[0], str(members.index(member)), *parts[2:]])
    value = _at(now, parts)
    return pointer if value is not None and _at(before, parts) == value else None


def _at(held: Any, parts: Sequence[str]) -> Any:
    for part in parts:
        if isinstance(held, list):
            held = held[int(part)] if part.isdigit() and int(part) < len(held) else None
        elif isinstance(held, dict):
            held = held.get(part)
        else:
            return None
    return held
