"""One request to a hospital as it was sent, and how it ended: what the ledger of a pull is made of.

How it ended is one of four:

    ok         the answer was read
    transient  it failed as often as we are patient; may succeed another time
    restart    what the question rests on is gone (an expired page, an export's file): begin it again
    fatal      asking again will not help

Takes from: errors.  Gives to: hospital.politeness, hospital.asking, bulk, crawl.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from adapter.errors import RemoteError, RemoteTransientError

Outcome = Literal["ok", "transient", "restart", "fatal"]

_REASON_LETTERS = 200


@dataclass(frozen=True, slots=True)
class Attempt:
    """The url names patients: it is hashed before it is written down."""

    at: datetime
    method: str
    url: str
    outcome: Outcome
    reason: str = ""
    status: int = 0
    seconds: float = 0.0
    size: int = 0
    etag: str = ""
    digest: str = ""


def outcome_of(error: RemoteError | None, gone: Collection[int]) -> Outcome:
    """Shapes:  gone  statuses that say that what the question rests on is no more"""
    if error is None:
        return "ok"
    if isinstance(error, RemoteTransientError):
        return "transient"
    return "restart" if error.status in gone else "fatal"


def reason_of(error: RemoteError | None) -> str:
    return str(error)[:_REASON_LETTERS] if error else ""
