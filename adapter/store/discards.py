"""What a person has put aside for good: an entry in quarantine that nobody will mend. Who, and for which reason.

Takes from: errors, findings, inbox, schema.  Gives to: web.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from adapter.errors import UsageError
from adapter.store import findings, inbox
from adapter.store.inbox import INBOX
from adapter.store.schema import METADATA, Moment

DISCARDS = sa.Table(
    "discards",
    METADATA,
    sa.Column("inbox_id", sa.String(36), sa.ForeignKey(INBOX.c.id, ondelete="CASCADE"), primary_key=True),
    sa.Column("at", Moment, nullable=False),
    sa.Column("actor", sa.String(120), nullable=False),
    sa.Column("reason", sa.String(500), nullable=False),
)


@dataclass(frozen=True, slots=True)
class Discard:
    """Shapes:  actor  as the audit calls who did it"""

    at: datetime
    actor: str
    reason: str


def discard(connection: sa.Connection, entry_id: str, told: Discard) -> None:
    """Forget the bytes and the findings of an entry; that it came, and why it went, stays.

    Errors:  NotFoundError; UsageError for an entry that is not in quarantine
    """
    entry = inbox.find(connection, entry_id, lock=True)
    if entry.state != "quarantined":
        raise UsageError("Only what is in quarantine can be put aside; what became part of a case goes with the case.")
    findings.forget(connection, [entry_id])
    inbox.settle(connection, entry_id, state="erased", at=told.at, raw=None, seal=None)
    connection.execute(sa.insert(DISCARDS).values(inbox_id=entry_id, at=told.at, actor=told.actor, reason=told.reason))


def find(connection: sa.Connection, entry_id: str) -> Discard | None:
    """None for an entry that nobody put aside."""
    columns = DISCARDS.c.at, DISCARDS.c.actor, DISCARDS.c.reason
    row = connection.execute(sa.select(*columns).where(DISCARDS.c.inbox_id == entry_id)).one_or_none()
    return Discard(*row) if row else None
