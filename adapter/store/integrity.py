"""Rows that break a promise of the store, found by asking the tables themselves.

Takes from: sealing, audit, inbox, cases, jobs, keeping, known.  Gives to: fsck, recomputing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from adapter.errors import IntegrityError, Json
from adapter.sealing import Seals
from adapter.store.audit import AUDIT, broken_links
from adapter.store.cases import CASE_VERSIONS, CASES, CURRENT, DECISIONS
from adapter.store.inbox import INBOX, open_raw
from adapter.store.jobs import JOBS
from adapter.store.keeping import hash_case
from adapter.store.known import SOURCES

# A hospital's clock and ours; one that is further off than this is wrong on its own.
_CLOCKS_APART = timedelta(days=1)


def check_bytes(connection: sa.Connection, seals: Seals) -> Iterator[str]:
    """I1: the bytes are those that came, and open with a key that is here."""
    query = sa.select(INBOX.c.id, INBOX.c.content_hash, INBOX.c.raw, INBOX.c.seal).where(INBOX.c.raw.is_not(None))
    for entry_id, content_hash, kept, seal in connection.execute(query.execution_options(yield_per=50)):
        try:
            raw = open_raw(kept, seal, entry_id, seals)
        except IntegrityError as error:
            yield f"I1 inbox {entry_id}: {error}"
        else:
            if hashlib.sha256(raw).hexdigest() != content_hash:
                yield f"I1 inbox {entry_id}: the bytes are not those that came"


def check_ends(connection: sa.Connection) -> Iterator[str]:
    """I2: every entry has ended; I3: a stored entry made a version."""
    for entry_id in connection.scalars(sa.select(INBOX.c.id).where(INBOX.c.state == "received")):
        yield f"I2 inbox {entry_id}: was never judged (inbox retry {entry_id})"
    made = sa.select(CASE_VERSIONS.c.inbox_id)
    stored = sa.select(INBOX.c.id).where(INBOX.c.state == "stored", INBOX.c.id.not_in(made))
    for entry_id in connection.scalars(stored):
        yield f"I3 inbox {entry_id}: is called stored and made no version"


def check_audit(connection: sa.Connection) -> Iterator[str]:
    """I3: every end stands in the audit; I7: the audit is unbroken."""
    told = sa.select(AUDIT.c.request_id)
    ended = sa.select(INBOX.c.id).where(INBOX.c.state.in_(("stored", "superseded", "quarantined")))
    since = connection.scalar(sa.select(sa.func.min(AUDIT.c.at)))
    ended = ended.where(INBOX.c.settled_at >= since) if since else ended.where(sa.false())
    for entry_id in connection.scalars(ended.where(INBOX.c.id.not_in(told))):
        yield f"I3 inbox {entry_id}: ended and does not stand in the audit"
    for number in broken_links(connection):
        yield f"I7 audit {number}: is not what was written, or lacks the line before it"


def check_heads(connection: sa.Connection) -> Iterator[str]:
    """I4: a living case has its current version, and a decision on it."""
    version = (CASE_VERSIONS.c.case_id == CASES.c.case_id) & (CASE_VERSIONS.c.version == CASES.c.version)
    decision = (DECISIONS.c.case_id == CASES.c.case_id) & (DECISIONS.c.version == CASES.c.version)
    living = CASES.c.erased_at.is_(None)
    for case_id in connection.scalars(sa.select(CASES.c.case_id).where(living, ~sa.exists().where(version))):
        yield f"I4 case {case_id}: has no current version"
    for case_id in connection.scalars(sa.select(CASES.c.case_id).where(living, ~sa.exists().where(decision))):
        yield f"I4 case {case_id}: has no decision on its current version"


def check_reached(connection: sa.Connection) -> Iterator[str]:
    """I6: no source counts as taken up to a time that lies after the pull that took it."""
    seen = sa.func.coalesce(JOBS.c.finished_at, JOBS.c.seen_at)
    query = sa.select(SOURCES.c.source, SOURCES.c.served_at, seen.label("seen_at"))
    for row in connection.execute(query.join(JOBS, JOBS.c.id == SOURCES.c.pull_id, isouter=True)):
        if row.seen_at is None:
            yield f"I6 source {row.source}: the pull that reached its time is not known"
        elif row.served_at > row.seen_at + _CLOCKS_APART:
            yield f"I6 source {row.source}: the time reached lies after the pull that reached it"


@dataclass(frozen=True, slots=True)
class Origin:
    """A version of a case, and the entry that made it."""

    case_id: str
    version: int
    inbox_id: str
    source: str
    mapping_version: str
    made_at: datetime
    case: Json


def origins(connection: sa.Connection, *, current: bool = False) -> Iterator[Origin]:
    """Of every version of every case, or of the current ones only."""
    columns = CASE_VERSIONS.c
    told = (columns.case_id, columns.version, columns.inbox_id, INBOX.c.source, columns.mapping_version)
    query = sa.select(*told, columns.created_at, columns.body).join(INBOX, INBOX.c.id == columns.inbox_id)
    query = query.join(CASES, CURRENT) if current else query
    for row in connection.execute(query.order_by(columns.case_id, columns.version).execution_options(yield_per=200)):
        yield Origin(*row)


def versions(connection: sa.Connection) -> Iterator[tuple[str, int, Json, bool]]:
    """Every version of every case: pseudonym, number, case, and whether it still is what its hash says."""
    columns = CASE_VERSIONS.c
    query = sa.select(columns.case_id, columns.version, columns.body, columns.content_hash)
    for case_id, version, case, content_hash in connection.execute(query.execution_options(yield_per=200)):
        yield case_id, version, case, hash_case(case) == content_hash
