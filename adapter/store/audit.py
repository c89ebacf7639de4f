"""Who did what, when, and how it ended: rows that each carry the hash of the one before, so that none can be changed.

Takes from: resource, schema.  Gives to: access, fsck.
Source: IHE Basic Audit Log Patterns; FHIR R4 AuditEvent
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import sqlalchemy as sa

from adapter.resource import dump_json
from adapter.store.schema import METADATA, Moment

AUDIT = sa.Table(
    "audit",
    METADATA,
    sa.Column("number", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("at", Moment, nullable=False),
    sa.Column("actor", sa.String(120), nullable=False),
    sa.Column("action", sa.String(8), nullable=False),
    sa.Column("route", sa.String(200), nullable=False),
    sa.Column("status", sa.Integer, nullable=False),
    sa.Column("case_id", sa.String(128), nullable=False),
    sa.Column("request_id", sa.String(36), nullable=False),
    sa.Column("chain", sa.String(64), nullable=False),
    sa.Index("ix_audit_at", "at"),
    sa.Index("ix_audit_case_id", "case_id"),
    sa.Index("ix_audit_request_id", "request_id"),
)
_START = "0" * 64
# Any number that nobody else takes: on PostgreSQL two writers append one after the other.
_APPEND_LOCK = 0x43524D41
_BATCH = 500
_RENAMED = (
    sa.update(AUDIT)
    .where(AUDIT.c.number == sa.bindparam("_number"))
    .values(case_id=sa.bindparam("case_id"), chain=sa.bindparam("chain"))
)


@dataclass(frozen=True, slots=True)
class Event:
    """One access, be it refused.

    Shapes:  actor   "client:NAME", "person:LOGIN", "open" (nobody has to say who he is), "nobody" (refused)
             action  method of the request, or the verb of a command
             route   pattern of the route, or the command; never the address
             case_id pseudonym of the case it was about; "" for none or many
    """

    at: datetime
    actor: str
    action: str
    route: str
    status: int
    case_id: str
    request_id: str


def append(connection: sa.Connection, event: Event) -> int:
    """Add an event to the chain; its number."""
    if connection.dialect.name == "postgresql":
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_APPEND_LOCK)))
    last = connection.execute(sa.select(AUDIT.c.number, AUDIT.c.chain).order_by(AUDIT.c.number.desc()).limit(1)).first()
    number, before = (last.number + 1, last.chain) if last else (1, _START)
    row = {name: getattr(event, name) for name in Event.__slots__}
    connection.execute(sa.insert(AUDIT).values(row | {"number": number, "chain": _link(before, number, event)}))
    return number


def _link(before: str, number: int, event: Event) -> str:
    told = [getattr(event, name) for name in Event.__slots__ if name != "at"]
    at = event.at.astimezone(UTC).isoformat(timespec="microseconds")
    return hashlib.sha256(dump_json([before, number, at, *told])).hexdigest()


def broken_links(connection: sa.Connection) -> Iterator[int]:
    """Numbers of the events that are not what was written, or that lack the one before them."""
    before, expected = _START, 1
    for row in connection.execute(sa.select(AUDIT).order_by(AUDIT.c.number).execution_options(yield_per=500)):
        if row.number != expected or row.chain != _link(before, row.number, _event(row)):
            yield row.number
        before, expected = row.chain, row.number + 1


def rename_cases(connection: sa.Connection, step: Callable[[str], str]) -> str:
    """Give cases the names that their pseudonyms have by now, and chain the events again.

    Shapes:  returns  the chain's end as it was, to be written down with what is done
    """
    before, number, told = _START, 0, _START
    if connection.dialect.name == "postgresql":
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_APPEND_LOCK)))
    query = sa.select(AUDIT).order_by(AUDIT.c.number).limit(_BATCH)
    while rows := connection.execute(query.where(AUDIT.c.number > number)).all():
        changes = []
        for row in rows:
            number, told = row.number, row.chain
            event = replace(_event(row), case_id=step(row.case_id))
            before = _link(before, number, event)
            changes.append({"_number": number, "case_id": event.case_id, "chain": before})
        connection.execute(_RENAMED, changes)
    return told


def _event(row: sa.Row[tuple[object, ...]]) -> Event:
    return Event(*(getattr(row, name) for name in Event.__slots__))


def events(
    connection: sa.Connection, *, actor: str = "", case_id: str = "", before: int = 0, limit: int = 100
) -> list[tuple[int, Event]]:
    """(number, event), newest first; `before` a number, for the next page."""
    query = sa.select(AUDIT).order_by(AUDIT.c.number.desc()).limit(limit)
    for column, wanted in ((AUDIT.c.actor, actor), (AUDIT.c.case_id, case_id)):
        query = query.where(column == wanted) if wanted else query
    query = query.where(AUDIT.c.number < before) if before else query
    return [(row.number, _event(row)) for row in connection.execute(query)]
