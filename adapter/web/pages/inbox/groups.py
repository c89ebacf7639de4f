"""Which entries an address speaks of: one, or all that wait for the same cause; where a list goes on.

Takes from: store.  Gives to: the other files of this room.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import Response, redirect, request

from adapter.errors import UsageError
from adapter.store.causes import Key

Place = tuple[datetime, str]


@dataclass(frozen=True)
class Group:
    """Shapes:  entry_id  one entry alone; "" for all that wait for the cause
    after     only what came after this
    """

    key: Key
    entry_id: str
    after: Place | None

    def query(self, **more: Any) -> dict[str, Any]:
        """The group as the query of an address."""
        told = {"id": self.entry_id} if self.entry_id else query_of(self.key)
        return {**told, **more}


def query_of(key: Key) -> dict[str, str]:
    """A cause as the query of an address; its place may be "" and is told then too."""
    told = {name: value for name, value in (("source", key.source), ("rule", key.rule)) if value}
    return told if key.place is None else {**told, "place": key.place}


def read_group() -> Group:
    """From the form or the address.  Errors:  UsageError"""
    told = request.values
    key = Key(told.get("source", ""), told.get("rule", ""), told.get("place"))
    return Group(key, told.get("id", ""), read_place(told.get("after", "")))


def read_place(text: str) -> Place | None:
    """Errors:  UsageError for what `write_place` has not written"""
    if not text:
        return None
    at, _, entry_id = text.partition("~")
    try:
        moment = datetime.fromisoformat(at)
    except ValueError as error:
        raise UsageError("after is where a page before this one ended.") from error
    if moment.tzinfo is None:
        raise UsageError("after is where a page before this one ended.")
    return moment, entry_id


def write_place(place: Place) -> str:
    return f"{place[0].isoformat()}~{place[1]}"


def read_number(name: str) -> int:
    """What a page tells of what was done before it; 0 for anything else."""
    told = request.args.get(name, "")
    return int(told) if told.isascii() and told.isdigit() and len(told) < 7 else 0


def go(address: str) -> Response:
    """What is done is not done again by loading the page again."""
    return redirect(address, 303)  # type: ignore[return-value]
