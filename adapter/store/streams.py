"""Every living case in one pass, as text: for counting a registry of any size without holding it.

Takes from: errors, adjudications, cases, inbox.  Gives to: describing, queries.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa

from adapter.errors import Json
from adapter.store.adjudications import ADJUDICATIONS
from adapter.store.cases import CASE_VERSIONS, CASES, CURRENT, DECISION, DECISIONS
from adapter.store.inbox import INBOX

_AT_ONCE = 1000


def bodies(connection: sa.Connection, status: str | None = None, part: int = 0, parts: int = 1) -> Iterator[str]:
    """The JSON text of every living case by pseudonym; only those of one status when it is given.

    Shapes:  part, parts  one of so many parts of about the same size; together they are the whole
    """
    body = sa.type_coerce(CASE_VERSIONS.c.body, sa.Text)
    low, high = _bounds(connection, part, parts)
    query = sa.select(body).join(CASES, CURRENT).where(CASES.c.case_id >= low).order_by(CASES.c.case_id)
    query = query.where(CASES.c.case_id < high) if high else query
    if status:
        query = query.join(DECISIONS, DECISION).where(DECISIONS.c.status == status)
    yield from _streamed(connection, query)


def decisions(connection: sa.Connection, status: str) -> Iterator[Json]:
    """The decision that counts on every living case of a status."""
    query = sa.select(DECISIONS.c.body).join(CASES, DECISION).where(DECISIONS.c.status == status)
    yield from _streamed(connection, query)


def waiting(connection: sa.Connection, source: str | None = None) -> Iterator[tuple[str, str, Json]]:
    """(source, pseudonym, decision) of every living case that is undetermined, source by source."""
    query = (
        sa.select(INBOX.c.source, CASES.c.case_id, DECISIONS.c.body)
        .join(CASE_VERSIONS, CURRENT)
        .join(DECISIONS, DECISION)
        .join(INBOX, INBOX.c.id == CASE_VERSIONS.c.inbox_id)
        .where(DECISIONS.c.status == "undetermined")
        .order_by(INBOX.c.source, CASES.c.case_id)
    )
    query = query.where(INBOX.c.source == source) if source else query
    yield from ((row[0], row[1], row[2]) for row in connection.execute(query))


def state(connection: sa.Connection) -> tuple[str, ...]:
    """Changes whenever a case, a decision or what a person judged does: what was counted before is then out of date."""
    newest = [
        sa.select(sa.func.max(column)).scalar_subquery() for column in (CASES.c.updated_at, DECISIONS.c.decided_at)
    ]
    judged = sa.select(sa.func.count(), sa.func.max(ADJUDICATIONS.c.made_at)).select_from(ADJUDICATIONS)
    return tuple(map(str, (*connection.execute(sa.select(*newest)).one(), *connection.execute(judged).one())))


def count(connection: sa.Connection) -> int:
    """How many living cases there are."""
    return connection.scalar(sa.select(sa.func.count()).select_from(CASES).where(CASES.c.erased_at.is_(None))) or 0


def _streamed(connection: sa.Connection, query: Any) -> Iterator[Any]:
    with connection.execution_options(yield_per=_AT_ONCE).execute(query) as found:
        for partition in found.partitions():
            for row in partition:
                yield row[0]


def _bounds(connection: sa.Connection, part: int, parts: int) -> tuple[str, str]:
    """First pseudonym of a part, and of the next; "" where there is none."""
    whole = connection.scalar(sa.select(sa.func.count()).select_from(CASES)) or 0

    def nth(number: int) -> str:
        found = sa.select(CASES.c.case_id).order_by(CASES.c.case_id).offset(whole * number // parts).limit(1)
        return connection.scalar(found) or "" if 0 < number < parts else ""

    return nth(part), nth(part + 1)
