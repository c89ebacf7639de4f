"""Under which key the pseudonyms of this database stand: whoever has another one may not write any.

Takes from: errors, schema.  Gives to: rotation, recording, incremental, bootstrap.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from adapter.errors import ConfigError, RemoteTransientError
from adapter.store.cases import CASES
from adapter.store.schema import METADATA, Moment, Number, insert_if_new

KEYS = sa.Table(
    "pseudonym_keys",
    METADATA,
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("key_id", sa.String(32), nullable=False),
    sa.Column("begun_at", Moment, nullable=False),
    sa.Column("finished_at", Moment),
    sa.Column("requests_done", Number, nullable=False),
)
# Any number that nobody else takes: on PostgreSQL a rotation waits for those who write, and they for it.
_LOCK = 0x43524D50


@dataclass(frozen=True, slots=True)
class Standing:
    """Shapes:  key_id  of the last key that everything stands under; None when nothing was ever kept
    next_key_id  of the key that a rotation is on its way to
    requests_done  how far that rotation has come with the requests of pulls
    number         of the last key that is written down
    """

    key_id: str | None
    next_key_id: str | None
    requests_done: int
    number: int


def standing(connection: sa.Connection) -> Standing:
    rows = connection.execute(sa.select(KEYS).order_by(KEYS.c.number)).all()
    finished = [row.key_id for row in rows if row.finished_at]
    going = next((row for row in rows if not row.finished_at), None)
    return Standing(
        finished[-1] if finished else _kept_before(connection),
        going.key_id if going else None,
        going.requests_done if going else 0,
        rows[-1].number if rows else 0,
    )


def _kept_before(connection: sa.Connection) -> str | None:
    """The key of cases that were kept before keys were written down."""
    return connection.scalar(sa.select(CASES.c.key_id).where(CASES.c.key_id.is_not(None)).limit(1))


def check(connection: sa.Connection, key_id: str) -> str:
    """Why somebody with this key may not write pseudonyms; "" when he may."""
    return _problem(standing(connection), key_id)


def _problem(found: Standing, key_id: str) -> str:
    if found.next_key_id:
        return "The pseudonyms are on their way to another key: 'crmo-adapter keys rotate-pseudonyms' goes on with it."
    if found.key_id not in (None, key_id):
        return (
            f"The pseudonyms here stand under the key {found.key_id}, and the newest in the key file is {key_id}: "
            "bring back the right file; children would not be recognised."
        )
    return ""


def ensure_usable(connection: sa.Connection, key_id: str) -> None:
    """Errors:  ConfigError when the key file is not the one that belongs to this database"""
    if problem := check(connection, key_id):
        raise ConfigError(problem)


def ensure_same(connection: sa.Connection, key_id: str, at: datetime) -> None:
    """In a transaction that writes pseudonyms; the first one says under which key they stand here.

    Errors:  RemoteTransientError when another key counts by now: this process has to be started again
    """
    if connection.dialect.name == "postgresql":
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock_shared(_LOCK)))
    found = standing(connection)
    if problem := _problem(found, key_id):
        raise RemoteTransientError(problem)
    if found.number:
        return
    row = {"number": 1, "key_id": key_id, "begun_at": at, "finished_at": at, "requests_done": 0}
    insert_if_new(connection, KEYS, row, ["number"])


def begin(connection: sa.Connection, key_id: str, at: datetime) -> None:
    """From now on nobody else writes pseudonyms, until `finish`. Beginning again what was begun does nothing."""
    if connection.dialect.name == "postgresql":
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))
    found = standing(connection)
    if found.next_key_id:
        return
    if found.key_id and not found.number:
        ensure_same(connection, found.key_id, at)
    number = max(found.number, 1) + 1
    connection.execute(sa.insert(KEYS).values(number=number, key_id=key_id, begun_at=at, requests_done=0))


def note_requests(connection: sa.Connection, key_id: str, done: int) -> None:
    """How far the requests of pulls are done, by their number."""
    connection.execute(sa.update(KEYS).where(KEYS.c.key_id == key_id).values(requests_done=done))


def finish(connection: sa.Connection, key_id: str, at: datetime) -> None:
    """Everything stands under the key now."""
    connection.execute(sa.update(KEYS).where(KEYS.c.key_id == key_id).values(finished_at=at))
