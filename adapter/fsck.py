"""Look for what must never be: bytes that changed, entries without an end, cases that contradict their own rows.

Takes from: parts, case, store.  Gives to: cli.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

import sqlalchemy as sa

from adapter.case import check_case
from adapter.parts import Parts
from adapter.store.cases import CASE_VERSIONS, CASES, DECISIONS
from adapter.store.inbox import INBOX
from adapter.store.keeping import hash_case


def check_integrity(parts: Parts) -> Iterator[str]:
    """One sentence for each broken promise, naming the row.

    I1 the bytes are those that came · I2 every entry has ended · I3 a stored entry made a version · I4 a living
    case has its current version and the decision on it · I5 a version is what its hash says, and its schema accepts it
    """
    with parts.store.reading() as connection:
        yield from _check_bytes(connection)
        yield from _check_ends(connection)
        yield from _check_heads(connection)
        yield from _check_versions(connection, parts)


def _check_bytes(connection: sa.Connection) -> Iterator[str]:
    query = sa.select(INBOX.c.id, INBOX.c.content_hash, INBOX.c.raw).where(INBOX.c.raw.is_not(None))
    for entry_id, content_hash, raw in connection.execute(query.execution_options(yield_per=50)):
        if hashlib.sha256(raw).hexdigest() != content_hash:
            yield f"I1 inbox {entry_id}: the bytes are not those that came"


def _check_ends(connection: sa.Connection) -> Iterator[str]:
    for entry_id in connection.scalars(sa.select(INBOX.c.id).where(INBOX.c.state == "received")):
        yield f"I2 inbox {entry_id}: was never judged (inbox retry {entry_id})"
    made = sa.select(CASE_VERSIONS.c.inbox_id)
    stored = sa.select(INBOX.c.id).where(INBOX.c.state == "stored", INBOX.c.id.not_in(made))
    for entry_id in connection.scalars(stored):
        yield f"I3 inbox {entry_id}: is called stored and made no version"


def _check_heads(connection: sa.Connection) -> Iterator[str]:
    version = (CASE_VERSIONS.c.case_id == CASES.c.case_id) & (CASE_VERSIONS.c.version == CASES.c.version)
    decision = (DECISIONS.c.case_id == CASES.c.case_id) & (DECISIONS.c.version == CASES.c.version)
    living = CASES.c.erased_at.is_(None)
    for case_id in connection.scalars(sa.select(CASES.c.case_id).where(living, ~sa.exists().where(version))):
        yield f"I4 case {case_id}: has no current version"
    for case_id in connection.scalars(sa.select(CASES.c.case_id).where(living, ~sa.exists().where(decision))):
        yield f"I4 case {case_id}: has no decision on its current version"


def _check_versions(connection: sa.Connection, parts: Parts) -> Iterator[str]:
    columns = CASE_VERSIONS.c
    query = sa.select(columns.case_id, columns.version, columns.body, columns.content_hash)
    for case_id, version, case, content_hash in connection.execute(query.execution_options(yield_per=200)):
        if hash_case(case) != content_hash:
            yield f"I5 case {case_id} version {version}: is not what its hash says"
        if any(issue.blocks for issue in check_case(case, parts.knowledge.consistency, today=parts.today())):
            yield f"I5 case {case_id} version {version}: breaks the case schema or its consistency rules"
