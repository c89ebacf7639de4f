"""Which message of a source stands: one Bundle.identifier, one content, until a newer one is told.

Takes from: inbox, schema.  Gives to: recording.
Source: https://hl7.org/fhir/R4/bundle-definitions.html#Bundle.identifier
"""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from adapter.store.schema import METADATA, Moment, insert_if_new

MESSAGES = sa.Table(
    "messages",
    METADATA,
    sa.Column("source", sa.String(200), primary_key=True),
    sa.Column("mark", sa.String(64), primary_key=True),
    sa.Column("inbox_id", sa.String(36), sa.ForeignKey("inbox.id"), nullable=False),
    sa.Column("told_at", Moment),
)


def claim(connection: sa.Connection, source: str, mark: str, inbox_id: str, told_at: datetime | None) -> bool:
    """Let an entry be the message that stands; False when another stands and this one is not newer.

    Shapes:  mark     what the Bundle.identifier became under a key
             told_at  Bundle.timestamp; a message without one is never newer
    """
    row = {"source": source, "mark": mark, "inbox_id": inbox_id, "told_at": told_at}
    if insert_if_new(connection, MESSAGES, row, ["source", "mark"]):
        return True
    this = (MESSAGES.c.source == source) & (MESSAGES.c.mark == mark)
    standing = connection.execute(sa.select(MESSAGES).where(this).with_for_update()).one()
    newer = bool(told_at and standing.told_at and told_at > standing.told_at)
    if newer:
        connection.execute(sa.update(MESSAGES).where(this).values(inbox_id=inbox_id, told_at=told_at))
    return newer or standing.inbox_id == inbox_id
