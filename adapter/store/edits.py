"""Why a person changed a case by hand: who, and for which reason, beside the inbox entry that the change became.

Takes from: inbox, schema.  Gives to: keeping, the journeys.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import sqlalchemy as sa

from adapter.store.inbox import INBOX
from adapter.store.schema import METADATA

EDITS = sa.Table(
    "edits",
    METADATA,
    sa.Column("inbox_id", sa.String(36), sa.ForeignKey(INBOX.c.id, ondelete="CASCADE"), primary_key=True),
    sa.Column("actor", sa.String(120), nullable=False),
    sa.Column("reason", sa.String(500), nullable=False),
)


@dataclass(frozen=True, slots=True)
class Edit:
    """Shapes:  actor  as the audit calls who did it"""

    actor: str
    reason: str


def add(connection: sa.Connection, inbox_id: str, edit: Edit) -> None:
    connection.execute(sa.insert(EDITS).values(inbox_id=inbox_id, actor=edit.actor, reason=edit.reason))


def of_entries(connection: sa.Connection, inbox_ids: Iterable[str]) -> dict[str, Edit]:
    """The edits among some inbox entries."""
    query = sa.select(EDITS).where(EDITS.c.inbox_id.in_(list(inbox_ids)))
    return {row.inbox_id: Edit(row.actor, row.reason) for row in connection.execute(query)}


def forget(connection: sa.Connection, inbox_ids: Iterable[str]) -> None:
    """Part of the erasure of a case."""
    connection.execute(sa.delete(EDITS).where(EDITS.c.inbox_id.in_(list(inbox_ids))))
