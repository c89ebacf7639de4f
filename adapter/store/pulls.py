"""Pulls: who was asked, how far it went, what came of it.

    waiting ──► running ──► complete     every part with its proof
                   ├──────► partial      something is missing; the report says what
                   ├──────► failed       the hospital could not be reached or refused us
                   └──────► abandoned    the process died; a later pull of the same source took over

Takes from: errors, schema.  Gives to: pull, the doors.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

import sqlalchemy as sa

from adapter.errors import Json, NotFoundError, VersionConflictError
from adapter.store.schema import METADATA, JsonText, Moment

PullState = Literal["waiting", "running", "complete", "partial", "failed", "abandoned"]

# Longer than any single question may take with all its repetitions.
SILENCE = timedelta(minutes=30)

_RUNNING = sa.text("state = 'running'")

PULLS = sa.Table(
    "pulls",
    METADATA,
    sa.Column("id", sa.String(36), primary_key=True),
    sa.Column("source", sa.String(500), nullable=False),
    sa.Column("state", sa.String(20), nullable=False),
    sa.Column("requested_at", Moment, nullable=False),
    sa.Column("started_at", Moment),
    sa.Column("seen_at", Moment),
    sa.Column("finished_at", Moment),
    sa.Column("progress", JsonText),
    sa.Column("report", JsonText),
    sa.Index("uq_pulls_running", "source", unique=True, sqlite_where=_RUNNING, postgresql_where=_RUNNING),
    sa.Index("ix_pulls_requested_at", "requested_at"),
)


@dataclass(frozen=True, slots=True)
class Pull:
    """One pull. `seen_at` is the last sign of life of whoever runs it."""

    id: str
    source: str
    state: PullState
    requested_at: datetime
    started_at: datetime | None
    seen_at: datetime | None
    finished_at: datetime | None
    progress: Json | None
    report: Json | None


def request(connection: sa.Connection, pull_id: str, source: str, at: datetime) -> None:
    """Note that a pull is wanted; somebody will `begin` it."""
    row = {"id": pull_id, "source": source, "state": "waiting", "requested_at": at}
    connection.execute(sa.insert(PULLS).values(row))


def begin(connection: sa.Connection, pull_id: str, at: datetime) -> Pull:
    """Take a waiting pull. One that nobody has heard of for long makes way.

    Errors:  NotFoundError; VersionConflictError when it was taken before, or another pull of this source is running
    """
    pull = find(connection, pull_id)
    same = (PULLS.c.source == pull.source) & (PULLS.c.state == "running")
    silent = same & (PULLS.c.seen_at < at - SILENCE)
    connection.execute(sa.update(PULLS).where(silent).values(state="abandoned", finished_at=at))
    if connection.scalar(sa.select(sa.func.count()).where(same)):
        raise VersionConflictError("A pull of this source is running already.")
    taken = sa.update(PULLS).where(PULLS.c.id == pull_id, PULLS.c.state == "waiting")
    if not connection.execute(taken.values(state="running", started_at=at, seen_at=at)).rowcount:
        raise VersionConflictError("This pull was started before.")
    return find(connection, pull_id)


def advance(connection: sa.Connection, pull_id: str, progress: Json, at: datetime) -> None:
    """Say how far it is, which is also a sign of life."""
    connection.execute(sa.update(PULLS).where(PULLS.c.id == pull_id).values(progress=progress, seen_at=at))


def finish(connection: sa.Connection, pull_id: str, state: PullState, report: Json, at: datetime) -> None:
    """Write the end."""
    values: dict[str, Any] = {"state": state, "report": report, "finished_at": at, "seen_at": at}
    connection.execute(sa.update(PULLS).where(PULLS.c.id == pull_id).values(values))


def find(connection: sa.Connection, pull_id: str) -> Pull:
    """Errors:  NotFoundError"""
    row = connection.execute(sa.select(PULLS).where(PULLS.c.id == pull_id)).one_or_none()
    if row is None:
        raise NotFoundError("There is no pull with this id.")
    return Pull(*row)


def recent(connection: sa.Connection, limit: int = 100) -> list[Pull]:
    """Newest first."""
    query = sa.select(PULLS).order_by(PULLS.c.requested_at.desc(), PULLS.c.id).limit(limit)
    return [Pull(*row) for row in connection.execute(query)]
