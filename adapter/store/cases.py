"""The registry's cases as they stand and as they stood, with the decision on each version. Changes: see `keeping`.

Takes from: errors, schema.  Gives to: keeping, the journeys.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from adapter.errors import GoneError, Json, NotFoundError
from adapter.store.schema import METADATA, JsonText, Moment

CASES = sa.Table(
    "cases",
    METADATA,
    sa.Column("case_id", sa.String(128), primary_key=True),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("criteria_version", sa.String(64)),
    sa.Column("key_id", sa.String(32)),
    sa.Column("created_at", Moment, nullable=False),
    sa.Column("updated_at", Moment, nullable=False),
    sa.Column("erased_at", Moment),
    # What a list of cases is filtered by, said once more where it is quick to find.
    sa.Column("status", sa.String(20)),
    sa.Column("sex", sa.String(20)),
    # The whole of a filtered list in its order, without a look at the rows.
    sa.Index("ix_cases_list", "case_id", "erased_at", "status", "sex", "updated_at", "version"),
    sa.Index("ix_cases_updated_at", "updated_at"),
)
CASE_VERSIONS = sa.Table(
    "case_versions",
    METADATA,
    sa.Column("case_id", sa.String(128), sa.ForeignKey("cases.case_id"), primary_key=True),
    sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("body", JsonText, nullable=False),
    sa.Column("content_hash", sa.String(64), nullable=False),
    sa.Column("trace", JsonText, nullable=False),
    sa.Column("mapping_version", sa.String(64), nullable=False),
    sa.Column("inbox_id", sa.String(36), sa.ForeignKey("inbox.id"), nullable=False),
    sa.Column("created_at", Moment, nullable=False),
    sa.Index("ix_case_versions_inbox_id", "inbox_id"),
)
DECISIONS = sa.Table(
    "decisions",
    METADATA,
    sa.Column("case_id", sa.String(128), primary_key=True),
    sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("criteria_version", sa.String(64), primary_key=True),
    sa.Column("status", sa.String(20), nullable=False),
    sa.Column("body", JsonText, nullable=False),
    sa.Column("decided_at", Moment, nullable=False),
    sa.ForeignKeyConstraint(
        ["case_id", "version"], ["case_versions.case_id", "case_versions.version"], ondelete="CASCADE"
    ),
    sa.Index("ix_decisions_decided_at", "decided_at"),
)
# A case's current version, and the decision that counts for it.
CURRENT = (CASE_VERSIONS.c.case_id == CASES.c.case_id) & (CASE_VERSIONS.c.version == CASES.c.version)
DECISION = (
    (DECISIONS.c.case_id == CASES.c.case_id)
    & (DECISIONS.c.version == CASES.c.version)
    & (DECISIONS.c.criteria_version == CASES.c.criteria_version)
)


@dataclass(frozen=True, slots=True)
class Version:
    """One version of a case with the decision on it, and where it came from."""

    case_id: str
    version: int
    case: Json
    decision: Json | None
    trace: list[Json]
    mapping_version: str
    criteria_version: str | None
    inbox_id: str
    created_at: datetime


def read(connection: sa.Connection, case_id: str, version: int | None = None) -> Version:
    """A case as it stands, or as it stood at a version.

    Errors:  NotFoundError, GoneError
    """
    standing = newest(connection, case_id)
    wanted = version or standing
    found = list(_versions(connection, case_id, wanted, wanted))
    if not found:
        raise NotFoundError("The case has no such version.")
    return found[-1]


def newest(connection: sa.Connection, case_id: str) -> int:
    """Number of the version that stands.  Errors:  NotFoundError, GoneError"""
    head = connection.execute(sa.select(CASES.c.version, CASES.c.erased_at).where(CASES.c.case_id == case_id)).first()
    if head is None:
        raise NotFoundError("There is no case with this pseudonym.")
    if head.erased_at:
        raise GoneError("This case was erased.")
    return int(head.version)


def exists(connection: sa.Connection, case_id: str) -> bool:
    """Whether this pseudonym was ever taken, be it erased since."""
    return connection.execute(sa.select(CASES.c.case_id).where(CASES.c.case_id == case_id)).first() is not None


def ensure_not_erased(connection: sa.Connection, case_id: str) -> None:
    """Errors:  GoneError"""
    gone = (CASES.c.case_id == case_id) & CASES.c.erased_at.is_not(None)
    if connection.execute(sa.select(CASES.c.case_id).where(gone)).first():
        raise GoneError("This case was erased and is not taken again.")


def history(connection: sa.Connection, case_id: str, first: int = 1, last: int | None = None) -> list[Version]:
    """Versions from one to another, or to the newest, oldest first.  Errors:  NotFoundError, GoneError"""
    standing = newest(connection, case_id)
    latest = {each.version: each for each in _versions(connection, case_id, first, last or standing)}
    return list(latest.values())


def _versions(connection: sa.Connection, case_id: str, first: int, last: int) -> Iterator[Version]:
    """Versions with each decision made on them, oldest first; the decision that came last is the last row."""
    columns, on = CASE_VERSIONS.c, DECISIONS.c
    query = (
        sa.select(*columns, on.criteria_version, on.body.label("decision"))
        .join(DECISIONS, (on.case_id == columns.case_id) & (on.version == columns.version), isouter=True)
        .where(columns.case_id == case_id, columns.version.between(first, last))
        .order_by(columns.version, on.decided_at)
    )
    for row in connection.execute(query):
        yield Version(
            case_id=row.case_id,
            version=row.version,
            case=row.body,
            decision=row.decision,
            trace=row.trace,
            mapping_version=row.mapping_version,
            criteria_version=row.criteria_version,
            inbox_id=row.inbox_id,
            created_at=row.created_at,
        )


def current(connection: sa.Connection, status: str | None = None) -> Iterator[tuple[Json, Json | None]]:
    """Every living case with its decision, by pseudonym; only those of one status when it is given."""
    query = (
        sa.select(CASE_VERSIONS.c.body, DECISIONS.c.body)
        .join(CASES, CURRENT)
        .join(DECISIONS, DECISION, isouter=True)
        .order_by(CASES.c.case_id)
    )
    if status:
        query = query.where(DECISIONS.c.status == status)
    yield from ((row[0], row[1]) for row in connection.execute(query))


def count_statuses(connection: sa.Connection) -> dict[str, int]:
    """Living cases by the status of their decision."""
    query = sa.select(CASES.c.status, sa.func.count()).where(CASES.c.erased_at.is_(None)).group_by(CASES.c.status)
    found = {status: count for status, count in connection.execute(query)}
    return {status: found.get(status, 0) for status in ("eligible", "undetermined", "ineligible")}
