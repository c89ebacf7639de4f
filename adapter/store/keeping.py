"""Change what the registry keeps: a new version, a decision, an erasure that leaves a tombstone and nothing else.

Takes from: errors, resource, cases, inbox, findings.  Gives to: the journeys.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from adapter.errors import GoneError, Json, VersionConflictError
from adapter.resource import dump_json
from adapter.store import adjudications, edits, findings, inbox, known, resources
from adapter.store.cases import CASE_VERSIONS, CASES, DECISIONS, read
from adapter.store.schema import insert_if_new


@dataclass(frozen=True, slots=True)
class Kept:
    """What keeping a case did: `made_by` is the inbox entry behind the version that now stands."""

    version: int
    changed: bool
    made_by: str


def keep(
    connection: sa.Connection,
    case: Json,
    *,
    trace: list[Json],
    mapping_version: str,
    inbox_id: str,
    at: datetime,
    key_id: str | None = None,
    expected: int | None = None,
) -> Kept:
    """Make a case the current version, unless it says what the current version says already.

    Shapes:  expected  the version the sender has seen; None when it does not matter
    Errors:  GoneError when the case was erased, VersionConflictError when another version stands
    """
    case_id, content_hash = case["case_id"], hash_case(case)
    new = {"case_id": case_id, "version": 0, "key_id": key_id, "created_at": at, "updated_at": at}
    insert_if_new(connection, CASES, new, ["case_id"])
    head = connection.execute(sa.select(CASES).where(CASES.c.case_id == case_id).with_for_update()).one()
    if head.erased_at:
        raise GoneError("This case was erased and is not taken again.")
    known = _version_columns(connection, case_id, head.version)
    if known and known.content_hash == content_hash:
        return Kept(head.version, changed=False, made_by=known.inbox_id)
    if expected is not None and expected != head.version:
        raise VersionConflictError("Another version of the case stands: read it again before changing it.")
    row = {"case_id": case_id, "version": head.version + 1, "body": case, "content_hash": content_hash, "trace": trace}
    row |= {"mapping_version": mapping_version, "inbox_id": inbox_id, "created_at": at}
    connection.execute(sa.insert(CASE_VERSIONS).values(row))
    stands = {"version": head.version + 1, "updated_at": at, "status": None, "sex": case["patient"]["sex"]}
    connection.execute(sa.update(CASES).where(CASES.c.case_id == case_id).values(stands))
    return Kept(head.version + 1, changed=True, made_by=inbox_id)


def _version_columns(connection: sa.Connection, case_id: str, version: int) -> Any:
    one = (CASE_VERSIONS.c.case_id == case_id) & (CASE_VERSIONS.c.version == version)
    query = sa.select(CASE_VERSIONS.c.content_hash, CASE_VERSIONS.c.inbox_id).where(one)
    return connection.execute(query).one_or_none()


def keep_decision(
    connection: sa.Connection, case_id: str, version: int, decision: Json, *, criteria_version: str, at: datetime
) -> None:
    """Put the decision beside the version it was made on; it becomes the one that counts."""
    key = {"case_id": case_id, "version": version, "criteria_version": criteria_version}
    connection.execute(sa.delete(DECISIONS).filter_by(**key))
    row = key | {"status": decision["status"], "body": decision, "decided_at": at}
    connection.execute(sa.insert(DECISIONS).values(row))
    counts = {"criteria_version": criteria_version, "status": decision["status"]}
    connection.execute(sa.update(CASES).where(CASES.c.case_id == case_id, CASES.c.version == version).values(counts))


def hash_case(case: Json) -> str:
    """SHA-256 of what the case says, whatever the order of its keys."""
    return hashlib.sha256(dump_json(_sorted(case))).hexdigest()


def _sorted(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _sorted(value[key]) for key in sorted(value)}
    return [_sorted(item) for item in value] if isinstance(value, list) else value


def erase(connection: sa.Connection, case_id: str, at: datetime) -> None:
    """Forget a case: its versions, decisions, adjudications, findings and the bytes it came from. A tombstone stays.

    Errors:  NotFoundError, GoneError when that was done before
    """
    read(connection, case_id)
    adjudications.forget(connection, case_id)
    for table in (DECISIONS, CASE_VERSIONS):
        connection.execute(sa.delete(table).where(table.c.case_id == case_id))
    fed = list(connection.execute(sa.select(inbox.INBOX.c.id).where(inbox.INBOX.c.case_id == case_id)).scalars())
    findings.forget(connection, fed)
    inbox.erase(connection, case_id, at)
    resources.erase(connection, case_id, at)
    known.forget_case(connection, case_id)
    edits.forget(connection, fed)
    gone = {"version": 0, "criteria_version": None, "status": None, "sex": None, "erased_at": at, "updated_at": at}
    connection.execute(sa.update(CASES).where(CASES.c.case_id == case_id).values(gone))
