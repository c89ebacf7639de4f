"""Pull jobs: who was asked, who works on it until when, what is wished of it, how far it went, what came of it.

    waiting ──► running ──► complete     every part with its proof
       ▲  ▲        ├──────► partial      something is missing; the report says what
       │  └────────┼──────► failed       the hospital could not be reached, or refused us
       ▼           ├──────► cancelled    somebody said so
    paused ◄───────┘                     goes on where it stopped when it is resumed

A running job belongs to its holder until `lease_until`. Whoever runs it moves that moment on; when it has passed, the
holder is dead and anybody may take the job. This table is the truth; a queue only says that there is something to do.

Takes from: errors, schema.  Gives to: lease, pull, worker, the doors.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import sqlalchemy as sa

from adapter.errors import Json, NotFoundError, VersionConflictError
from adapter.store.schema import METADATA, JsonText, Moment, insert_if_new

JobState = Literal["waiting", "running", "paused", "complete", "partial", "failed", "cancelled"]
Wish = Literal["", "pause", "cancel"]

OPEN = ("waiting", "running", "paused")

_OPEN = sa.text("state IN ('waiting', 'running', 'paused')")

JOBS = sa.Table(
    "pull_job",
    METADATA,
    sa.Column("id", sa.String(36), primary_key=True),
    sa.Column("source", sa.String(500), nullable=False),
    sa.Column("options", JsonText, nullable=False),
    sa.Column("state", sa.String(20), nullable=False),
    sa.Column("wish", sa.String(20), nullable=False),
    sa.Column("asked", sa.Integer, nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("requested_at", Moment, nullable=False),
    sa.Column("due_at", Moment, nullable=False),
    sa.Column("started_at", Moment),
    sa.Column("seen_at", Moment),
    sa.Column("finished_at", Moment),
    sa.Column("holder", sa.String(100), nullable=False),
    sa.Column("lease_until", Moment),
    sa.Column("progress", JsonText),
    sa.Column("report", JsonText),
    sa.Column("issue", JsonText),
    # One open job of a source, whoever asked and however often: nothing is pulled twice at once.
    sa.Index("uq_pull_job_open", "source", unique=True, sqlite_where=_OPEN, postgresql_where=_OPEN),
    sa.Index("ix_pull_job_requested_at", "requested_at"),
)


@dataclass(frozen=True, slots=True)
class Job:
    """One pull.

    Shapes:  options      what was asked beside the source
             asked        how often it was asked for while it was open
             attempts     how often somebody took it
             due_at       not to be taken before
             seen_at      the last sign of life of whoever runs it
             holder       who that is; "" when nobody does
             issue        the last error, as Issue.as_json
    """

    id: str
    source: str
    options: Json
    state: JobState
    wish: Wish
    asked: int
    attempts: int
    requested_at: datetime
    due_at: datetime
    started_at: datetime | None
    seen_at: datetime | None
    finished_at: datetime | None
    holder: str
    lease_until: datetime | None
    progress: Json | None
    report: Json | None
    issue: Json | None


def request(connection: sa.Connection, job_id: str, source: str, at: datetime, options: Json | None = None) -> Job:
    """Note that a pull is wanted. While one of the source is open, asking again leads to it; one that pauses goes on.

    Errors:  VersionConflictError when the open one was asked for with other options
    """
    row: dict[str, Any] = {"id": job_id, "source": source, "options": options or {}, "state": "waiting", "wish": ""}
    row |= {"asked": 1, "attempts": 0, "requested_at": at, "due_at": at, "holder": ""}
    job = None
    # The open one may end between the two looks: then ours is new after all.
    while job is None:
        if insert_if_new(connection, JOBS, row, ["source"], _OPEN):
            return find(connection, job_id)
        job = _open_job(connection, source)
    if job.options != row["options"]:
        raise VersionConflictError("A pull of this source is open, and it was asked for with other options.")
    _set(connection, job.id, asked=JOBS.c.asked + 1)
    if job.state == "paused" or job.wish == "pause":
        return resume(connection, job.id, at)
    return find(connection, job.id)


def pause(connection: sa.Connection, job_id: str) -> Job:
    """Wish that an open job stops after its next page and keeps what it has.

    Errors:  NotFoundError; VersionConflictError when it has ended, or is being cancelled
    """
    job = _locked(connection, job_id, "paused")
    if job.state == "waiting":
        _set(connection, job_id, state="paused")
    elif job.state == "running":
        _set(connection, job_id, wish="pause")
    return find(connection, job_id)


def resume(connection: sa.Connection, job_id: str, at: datetime) -> Job:
    """Let a job that pauses go on where it stopped.

    Errors:  NotFoundError; VersionConflictError when it has ended, or is being cancelled
    """
    job = _locked(connection, job_id, "resumed")
    if job.state == "running":
        _set(connection, job_id, wish="")
    else:
        _set(connection, job_id, state="waiting", due_at=at)
    return find(connection, job_id)


def cancel(connection: sa.Connection, job_id: str, at: datetime) -> Job:
    """End an open job; a running one stops after its next page.

    Errors:  NotFoundError; VersionConflictError when it has ended
    """
    job = find(connection, job_id, lock=True)
    if job.state == "running":
        _set(connection, job_id, wish="cancel")
    elif job.state in OPEN:
        _set(connection, job_id, state="cancelled", finished_at=at)
    elif job.state != "cancelled":
        raise VersionConflictError(f"This pull has ended ({job.state}); it cannot be cancelled.")
    return find(connection, job_id)


def find(connection: sa.Connection, job_id: str, *, lock: bool = False) -> Job:
    """Errors:  NotFoundError"""
    query = sa.select(JOBS).where(JOBS.c.id == job_id)
    row = connection.execute(query.with_for_update() if lock else query).one_or_none()
    if row is None:
        raise NotFoundError("There is no pull with this id.")
    return Job(*row)


def recent(connection: sa.Connection, limit: int = 100, source: str = "") -> list[Job]:
    """Newest first; of one source, when it is named."""
    query = sa.select(JOBS).order_by(JOBS.c.requested_at.desc(), JOBS.c.id).limit(limit)
    query = query.where(JOBS.c.source == source) if source else query
    return [Job(*row) for row in connection.execute(query)]


def count_states(connection: sa.Connection) -> dict[str, int]:
    query = sa.select(JOBS.c.state, sa.func.count()).group_by(JOBS.c.state).order_by(JOBS.c.state)
    return {state: number for state, number in connection.execute(query)}


def _open_job(connection: sa.Connection, source: str) -> Job | None:
    same = (JOBS.c.source == source) & JOBS.c.state.in_(OPEN)
    row = connection.execute(sa.select(JOBS).where(same).with_for_update()).one_or_none()
    return Job(*row) if row else None


def _locked(connection: sa.Connection, job_id: str, what: str) -> Job:
    job = find(connection, job_id, lock=True)
    if job.state not in OPEN or job.wish == "cancel":
        ended = job.state if job.state not in OPEN else "being cancelled"
        raise VersionConflictError(f"This pull is {ended}; it cannot be {what}.")
    return job


def _set(connection: sa.Connection, job_id: str, **values: Any) -> None:
    connection.execute(sa.update(JOBS).where(JOBS.c.id == job_id).values(values))
