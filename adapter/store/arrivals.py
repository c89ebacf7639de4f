"""What arrived, as a list: filtered, a page at a time, newest first; and what a case was fed by.

Takes from: findings, inbox.  Gives to: web.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

import sqlalchemy as sa

from adapter.store.findings import ISSUES
from adapter.store.inbox import INBOX, STATES, WITHOUT_RAW, Entry


@dataclass(frozen=True)
class Filters:
    """Which entries are wanted; what is empty does not matter.

    Shapes:  rule  an issue of the entry names it
    """

    state: str = ""
    source: str = ""
    rule: str = ""


EVERYTHING = Filters()
Place = tuple[datetime, str]
# A rule that was broken less often is looked for by the entries where it was.
_RARE = 2_000


def page(
    connection: sa.Connection, filters: Filters = EVERYTHING, *, after: Place | None = None, limit: int = 50
) -> list[Entry]:
    """Newest first.

    Each state has its order in an index, so that the newest of all are found by looking at the newest of each.

    Shapes:  after  time and id of the last entry of the page before
    """
    rare = _entries_of(connection, filters.rule) if filters.rule else None
    states = [filters.state] if filters.state else STATES
    each = (_of_state(connection, state, filters, rare, after, limit) for state in states)
    return list(islice(heapq.merge(*each, key=lambda entry: (entry.received_at, entry.id), reverse=True), limit))


def _entries_of(connection: sa.Connection, rule: str) -> list[str] | None:
    """Ids of the entries where a rule was broken; None when they are so many that the newest are soon found."""
    found = connection.scalars(sa.select(ISSUES.c.inbox_id).where(ISSUES.c.rule == rule).distinct().limit(_RARE + 1))
    listed = list(found)
    return listed if len(listed) <= _RARE else None


def count_states(connection: sa.Connection, source: str = "") -> dict[str, int]:
    """Every state with its number of entries, 0 included."""
    # One walk along an index for all senders: asked for one of them, a database looks into every row.
    query = sa.select(INBOX.c.state, INBOX.c.source, sa.func.count()).group_by(INBOX.c.state, INBOX.c.source)
    counts: dict[str, int] = dict.fromkeys(STATES, 0)
    for state, sender, count in connection.execute(query):
        counts[state] += count if source in ("", sender) else 0
    return counts


def senders(connection: sa.Connection) -> list[str]:
    """Everybody who has sent anything, each name by one look at an index."""
    found: list[str] = []
    nearest = sa.select(sa.func.min(INBOX.c.source)).where(INBOX.c.source > sa.bindparam("last"))
    while (following := connection.scalar(nearest, {"last": found[-1] if found else ""})) is not None:
        found.append(following)
    return found


def of_case(connection: sa.Connection, case_id: str, *, limit: int = 20) -> list[Entry]:
    """What told of a case, newest first."""
    query = sa.select(*WITHOUT_RAW).where(INBOX.c.case_id == case_id)
    rows = connection.execute(query.order_by(INBOX.c.received_at.desc(), INBOX.c.id.desc()).limit(limit))
    return [Entry(*row) for row in rows]


def _of_state(
    connection: sa.Connection, state: str, filters: Filters, rare: list[str] | None, after: Place | None, limit: int
) -> list[Entry]:
    query = sa.select(*WITHOUT_RAW)
    query = query.where(INBOX.c.source == filters.source) if filters.source else query
    if rare is not None:
        # Wrapped, a column is not looked up in its index: the few ids are.
        query = query.where(INBOX.c.id.in_(rare), sa.func.coalesce(INBOX.c.state, "") == state)
    else:
        query = query.where(INBOX.c.state == state)
    if filters.rule and rare is None:
        broken = sa.func.coalesce(ISSUES.c.rule, "") == filters.rule
        query = query.where(sa.exists().where(ISSUES.c.inbox_id == INBOX.c.id, broken))
    if after:
        query = query.where(sa.tuple_(INBOX.c.received_at, INBOX.c.id) < sa.tuple_(*after))
    newest = query.order_by(INBOX.c.received_at.desc(), INBOX.c.id.desc()).limit(limit)
    return [Entry(*row) for row in connection.execute(newest)]
