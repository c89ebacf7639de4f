"""What arrived: raw bytes first, judged second. Each entry ends in exactly one state.

    received ──► stored ──► superseded        a newer entry made the case's current version
        │           └─────► erased            the case was erased; the bytes are gone
        ├──────► duplicate                    the same content was here before; points at the first
        └──────► quarantined ──► stored …     kept with its issues; can be judged again

Takes from: errors, sealing, schema.  Gives to: store, the journeys.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import sqlalchemy as sa

from adapter.errors import NotFoundError
from adapter.sealing import Seals
from adapter.store.schema import METADATA, Moment, insert_if_new

State = Literal["received", "stored", "duplicate", "quarantined", "superseded", "erased"]
Kind = Literal["bundle", "case", "resources"]
STATES: tuple[State, ...] = ("received", "stored", "duplicate", "quarantined", "superseded", "erased")
# A quarantined entry may be judged again: the mapping may have learnt what it lacked.
OPEN_STATES: tuple[State, ...] = ("received", "quarantined")

INBOX = sa.Table(
    "inbox",
    METADATA,
    sa.Column("id", sa.String(36), primary_key=True),
    sa.Column("received_at", Moment, nullable=False),
    sa.Column("source", sa.String(200), nullable=False),
    sa.Column("kind", sa.String(20), nullable=False),
    sa.Column("message_key", sa.String(200), nullable=False),
    sa.Column("content_hash", sa.String(64), nullable=False),
    sa.Column("size_bytes", sa.BigInteger, nullable=False),
    sa.Column("raw", sa.LargeBinary),
    sa.Column("seal", sa.String(32)),
    sa.Column("state", sa.String(20), nullable=False),
    sa.Column("duplicate_of", sa.String(36), sa.ForeignKey("inbox.id")),
    sa.Column("settled_at", Moment),
    sa.Column("status", sa.Integer),
    sa.Column("case_id", sa.String(128)),
    sa.Column("case_version", sa.Integer),
    sa.Column("received", sa.Integer),
    sa.Column("stored", sa.Integer),
    sa.Column("rejected", sa.Integer),
    sa.Column("unchanged", sa.Integer),
    sa.Column("bundle_type", sa.String(20)),
    sa.Column("mapping_version", sa.String(64)),
    sa.Column("scopes", sa.Text),
    sa.Index("uq_inbox_first", "source", "message_key", unique=True),
    sa.Index("ix_inbox_state", "state", "received_at"),
    sa.Index("ix_inbox_case_id", "case_id", "state"),
    sa.Index("ix_inbox_state_source", "state", "source", "received_at", "id"),
    sa.Index("ix_inbox_source", "source", "case_id", "case_version"),
)
_FIRST = INBOX.c.duplicate_of.is_(None)
WITHOUT_RAW = [column for column in INBOX.c if column.name not in ("raw", "seal")]


@dataclass(frozen=True, slots=True)
class Entry:
    """One inbox entry without its bytes.

    Shapes:  status  the HTTP status its sender was given
             scopes  what its sender may send, whenever it is judged; None when that is not limited
    """

    id: str
    received_at: datetime
    source: str
    kind: Kind
    message_key: str
    content_hash: str
    size_bytes: int
    state: State
    duplicate_of: str | None
    settled_at: datetime | None
    status: int | None
    case_id: str | None
    case_version: int | None
    received: int | None
    stored: int | None
    rejected: int | None
    unchanged: int | None
    bundle_type: str | None
    mapping_version: str | None
    scopes: str | None


def keep(
    connection: sa.Connection,
    *,
    entry_id: str,
    at: datetime,
    source: str,
    kind: Kind,
    raw: bytes,
    seals: Seals,
    message_key: str | None = None,
    scopes: str | None = None,
) -> Entry:
    """Keep what arrived before anybody looks into it.

    Shapes:  message_key  what makes it the same message when it comes again; without one, its bytes
             returns      the entry; state "duplicate" and `duplicate_of` when this source sent the message before
    """
    content_hash = hashlib.sha256(raw).hexdigest()
    row: dict[str, Any] = {
        "id": entry_id,
        "received_at": at,
        "source": source,
        "kind": kind,
        "message_key": message_key or content_hash,
        "content_hash": content_hash,
        "size_bytes": len(raw),
        "scopes": scopes,
    }
    sealed = {"raw": seals.seal(raw, entry_id), "seal": seals.key_id}
    keys, unjudged = ["source", "message_key"], {**sealed, "state": "received"}
    if not insert_if_new(connection, INBOX, row | unjudged, keys, sa.text("duplicate_of IS NULL")):
        same = (INBOX.c.source == source) & (INBOX.c.message_key == row["message_key"])
        first = connection.execute(sa.select(INBOX.c.id).where(same, _FIRST)).scalar_one()
        again = {"state": "duplicate", "duplicate_of": first, "settled_at": at}
        connection.execute(sa.insert(INBOX).values(row | again))
    return find(connection, entry_id)


def find(connection: sa.Connection, entry_id: str, *, lock: bool = False) -> Entry:
    """Errors:  NotFoundError"""
    query = sa.select(*WITHOUT_RAW).where(INBOX.c.id == entry_id)
    row = connection.execute(query.with_for_update() if lock else query).one_or_none()
    if row is None:
        raise NotFoundError("There is no inbox entry with this id.")
    return Entry(*row)


def read_raw(connection: sa.Connection, entry_id: str, seals: Seals) -> bytes | None:
    """The bytes as they came; None for a duplicate (its first has them), after erasure and after their time.

    Errors:  IntegrityError when they do not open
    """
    query = sa.select(INBOX.c.raw, INBOX.c.seal).where(INBOX.c.id == entry_id)
    raw, seal = connection.execute(query).one_or_none() or (None, None)
    return None if raw is None else open_raw(raw, seal, entry_id, seals)


def open_raw(raw: bytes, seal: str | None, entry_id: str, seals: Seals) -> bytes:
    """An entry that names no key was kept before bytes were sealed.  Errors:  IntegrityError"""
    return seals.unseal(raw, entry_id, seal) if seal else raw


def seal_again(connection: sa.Connection, seals: Seals, *, limit: int) -> int:
    """Put the current key's seal on bytes under an older key, or none. Returns how many; 0 when all are done."""
    older = INBOX.c.seal.is_(None) | (INBOX.c.seal != seals.key_id)
    query = sa.select(INBOX.c.id).where(INBOX.c.raw.is_not(None), older).limit(limit)
    found = list(connection.scalars(query))
    for entry_id in found:
        sealed = seals.seal(read_raw(connection, entry_id, seals) or b"", entry_id)
        values = {"raw": sealed, "seal": seals.key_id}
        connection.execute(sa.update(INBOX).where(INBOX.c.id == entry_id).values(values))
    return len(found)


def forget_raw(connection: sa.Connection, before: datetime) -> int:
    """Delete the bytes of entries that ended well before a time. What waits for judgement keeps them."""
    ended = INBOX.c.state.in_(("stored", "superseded", "duplicate")) & (INBOX.c.settled_at < before)
    gone = sa.update(INBOX).where(ended, INBOX.c.raw.is_not(None)).values(raw=None, seal=None)
    return connection.execute(gone).rowcount


def settle(connection: sa.Connection, entry_id: str, *, state: State, at: datetime, **columns: Any) -> None:
    """Write how an entry ended.

    Shapes:  columns  status, case_id, case_version, counts, mapping_version, duplicate_of, raw with its seal
    """
    values = {"state": state, "settled_at": at, **columns}
    connection.execute(sa.update(INBOX).where(INBOX.c.id == entry_id).values(values))


def supersede(connection: sa.Connection, case_id: str, by: str) -> None:
    """Earlier entries of a case step back behind the one that made its current version."""
    earlier = (INBOX.c.case_id == case_id) & (INBOX.c.state == "stored") & (INBOX.c.id != by)
    connection.execute(sa.update(INBOX).where(earlier).values(state="superseded"))


def erase(connection: sa.Connection, case_id: str, at: datetime) -> int:
    """Forget the bytes of every entry that fed a case. Returns how many entries that were."""
    gone = {"state": "erased", "settled_at": at, "raw": None, "seal": None, "case_version": None}
    return connection.execute(sa.update(INBOX).where(INBOX.c.case_id == case_id).values(gone)).rowcount


def fed_by(connection: sa.Connection, case_id: str, source: str) -> bool:
    """Whether anything this source sent became part of a case."""
    sent = (INBOX.c.case_id == case_id) & (INBOX.c.source == source) & INBOX.c.case_version.is_not(None)
    return connection.execute(sa.select(INBOX.c.id).where(sent).limit(1)).first() is not None


def fed(source: str) -> sa.Select[tuple[str | None]]:
    """Cases that anything this source sent became part of, by case_id."""
    return sa.select(INBOX.c.case_id).where(INBOX.c.source == source, INBOX.c.case_version.is_not(None))


def entries(
    connection: sa.Connection, *, state: State | None = None, source: str | None = None, limit: int = 100
) -> list[Entry]:
    """Newest first."""
    query = sa.select(*WITHOUT_RAW).order_by(INBOX.c.received_at.desc(), INBOX.c.id).limit(limit)
    if state:
        query = query.where(INBOX.c.state == state)
    if source:
        query = query.where(INBOX.c.source == source)
    return [Entry(*row) for row in connection.execute(query)]


def unfinished(connection: sa.Connection) -> list[str]:
    """Ids of entries whose judgement was cut short (the process died between keeping and judging)."""
    query = sa.select(INBOX.c.id).where(INBOX.c.state == "received").order_by(INBOX.c.received_at)
    return list(connection.execute(query).scalars())


def count_states(connection: sa.Connection) -> dict[str, int]:
    """Every state with its number of entries, 0 included."""
    query = sa.select(INBOX.c.state, sa.func.count()).group_by(INBOX.c.state)
    found = {state: count for state, count in connection.execute(query)}
    return {state: found.get(state, 0) for state in STATES}
