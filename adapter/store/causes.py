"""Why entries wait in quarantine: by who sent them, the rule and the element; counted by the database.

Takes from: findings, inbox.  Gives to: the journeys, web, cli.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from adapter.store.findings import ISSUES
from adapter.store.inbox import INBOX

_BLOCKING = (INBOX.c.state == "quarantined") & ISSUES.c.severity.in_(("fatal", "error"))
_KEY = (INBOX.c.source, ISSUES.c.rule, ISSUES.c.place)


@dataclass(frozen=True, slots=True)
class Key:
    """Shapes:  place  element without indexes: Bundle.entry.resource.code; "" in a field: any"""

    source: str = ""
    rule: str = ""
    place: str | None = None


@dataclass(frozen=True, slots=True)
class Cause:
    """Shapes:  entries  how many wait for it
    field    what of the case it costs; "" when it is not one
    """

    key: Key
    entries: int
    text: str
    text_fr: str
    mend: str
    mend_fr: str
    field: str


EVERY = Key()


def causes(connection: sa.Connection, key: Key = EVERY, *, limit: int = 1_000) -> list[Cause]:
    """What concerns most entries first."""
    entries = sa.func.count(sa.distinct(INBOX.c.id)).label("entries")
    query = sa.select(*_KEY, entries, sa.func.min(INBOX.c.id)).select_from(_joined()).where(*_conditions(key))
    found = query.group_by(*_KEY).order_by(entries.desc(), *_KEY).limit(limit)
    return [_cause(connection, Key(*row[:3]), row[3], row[4]) for row in connection.execute(found).all()]


def waiting(
    connection: sa.Connection, key: Key = EVERY, *, after: tuple[datetime, str] | None = None, limit: int = 1_000_000
) -> list[tuple[datetime, str]]:
    """(when it came, id) of what waits for a cause, oldest first.

    Shapes:  after  the last of an earlier call
    """
    query = sa.select(INBOX.c.received_at, INBOX.c.id).where(*_waits(key, after))
    return [(row[0], row[1]) for row in connection.execute(query.order_by(*query.selected_columns).limit(limit))]


def count_waiting(connection: sa.Connection, key: Key = EVERY, *, after: tuple[datetime, str] | None = None) -> int:
    query = sa.select(sa.func.count()).select_from(INBOX).where(*_waits(key, after))
    return connection.scalar(query) or 0


def _joined() -> sa.Join:
    return INBOX.join(ISSUES, ISSUES.c.inbox_id == INBOX.c.id)


def _conditions(key: Key) -> list[sa.ColumnElement[bool]]:
    told: list[sa.ColumnElement[bool]] = [_BLOCKING]
    told += [INBOX.c.source == key.source] if key.source else []
    told += [ISSUES.c.rule == key.rule] if key.rule else []
    return [*told, *([ISSUES.c.place == key.place] if key.place is not None else [])]


def _waits(key: Key, after: tuple[datetime, str] | None) -> list[sa.ColumnElement[bool]]:
    there = sa.exists().where(ISSUES.c.inbox_id == INBOX.c.id, *_conditions(key)).correlate(INBOX)
    told = [INBOX.c.state == "quarantined", there]
    return [*told, sa.tuple_(INBOX.c.received_at, INBOX.c.id) > sa.tuple_(*after)] if after else told


def _cause(connection: sa.Connection, key: Key, entries: int, sample: str) -> Cause:
    """What one of the entries was told stands for all."""
    same = (ISSUES.c.inbox_id == sample) & (ISSUES.c.rule == key.rule) & (ISSUES.c.place == key.place)
    body = connection.execute(sa.select(ISSUES.c.body).where(same).order_by(ISSUES.c.position).limit(1)).scalar_one()
    told = (body.get(name, "") for name in ("text", "text_fr", "mend", "mend_fr", "field"))
    return Cause(key, entries, *told)
