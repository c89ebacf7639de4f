"""Which cases a list is asked for: the same words in the address of a page and of a program.

Takes from: errors, store, guard.  Gives to: cases, pages.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import cast

from flask import request

from adapter.case.fields import allowed_values
from adapter.errors import UsageError
from adapter.store.listing import Filters, Review
from adapter.web.guard import principal

STATUSES = ("eligible", "undetermined", "ineligible")
REVIEWS = ("open", "adjudicated")
SEXES = tuple(map(str, allowed_values("patient.sex") or ()))
NAMES = ("status", "source", "sex", "review", "since", "search")


def read_filters() -> Filters:
    """From the address; a client sees the cases that it has sent something of, whatever it asks for.

    Errors:  UsageError
    """
    told = {name: request.args.get(name, "").strip() for name in NAMES}
    own = principal().source
    return Filters(
        status=_one_of("status", told["status"], STATUSES),
        sources=tuple(dict.fromkeys(each for each in (own, told["source"]) if each)),
        sex=_one_of("sex", told["sex"], SEXES),
        review=cast(Review, _one_of("review", told["review"], REVIEWS)),
        since=_moment(told["since"]),
        search=told["search"][:128],
    )


def _one_of(name: str, value: str, words: tuple[str, ...]) -> str:
    if value and value not in words:
        raise UsageError(f"{name} is one of {', '.join(words)}.")
    return value


def _moment(text: str) -> datetime | None:
    if not text:
        return None
    try:
        told = datetime.fromisoformat(text)
    except ValueError:
        raise UsageError("since is a day or a time like 2026-03-17 or 2026-03-17T12:00:00Z.") from None
    return told if told.tzinfo else told.replace(tzinfo=UTC)
