"""Leases on pull jobs: take one, keep it alive, give it back, and see which jobs wait for somebody.

A running job belongs to its holder until `lease_until`. Whoever runs it moves that moment on; when it has passed, the
holder is dead and anybody may take the job. Each step is one conditional UPDATE: the database decides who was first.

Takes from: errors, jobs.  Gives to: lease, worker.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from adapter.errors import Json, VersionConflictError
from adapter.store.jobs import JOBS, Job, JobState, Wish, find

# Far longer than a sign of life is apart from the next, and than the clocks of two machines are apart.
LEASE = timedelta(seconds=60)


def take(connection: sa.Connection, job_id: str, holder: str, at: datetime) -> Job:
    """Become the holder of a waiting job, or of one whose holder is dead.

    Errors:  NotFoundError; VersionConflictError when it is held, pauses, has ended
    """
    wanted = {"state": "running", "holder": holder, "lease_until": at + LEASE, "seen_at": at}
    started = sa.func.coalesce(JOBS.c.started_at, sa.bindparam("started", at, JOBS.c.started_at.type))
    taking = sa.update(JOBS).where(JOBS.c.id == job_id, _free(at))
    values = {**wanted, "started_at": started, "attempts": JOBS.c.attempts + 1}
    if not connection.execute(taking.values(values)).rowcount:
        state = find(connection, job_id).state
        raise VersionConflictError(_REFUSALS.get(state, f"This pull is {state}; ask for a new one."))
    return find(connection, job_id)


_REFUSALS = {
    "running": "A pull of this source is running already.",
    "waiting": "This pull is not due yet.",
    "paused": "This pull pauses; resume it first.",
}


def beat(connection: sa.Connection, job: Job, at: datetime, progress: Json | None = None) -> Wish | None:
    """A sign of life, and how far it is. Tells what is wished of the job; None when it is no longer ours."""
    told: dict[str, Any] = {"seen_at": at, "lease_until": at + LEASE}
    told |= {"progress": progress} if progress is not None else {}
    if not connection.execute(sa.update(JOBS).where(_ours(job)).values(told)).rowcount:
        return None
    return find(connection, job.id).wish


def give_back(
    connection: sa.Connection,
    job: Job,
    state: JobState,
    at: datetime,
    *,
    progress: Json | None = None,
    report: Json | None = None,
    issue: Json | None = None,
    due_at: datetime | None = None,
) -> bool:
    """End a job, or let go of it. False when somebody else holds it: then nothing was written."""
    values: dict[str, Any] = {"state": state, "wish": "", "holder": "", "lease_until": None, "seen_at": at}
    values |= {"finished_at": None if state in ("waiting", "paused") else at, "issue": issue}
    known = {"progress": progress, "report": report, "due_at": due_at}
    values |= {name: value for name, value in known.items() if value is not None}
    return bool(connection.execute(sa.update(JOBS).where(_ours(job)).values(values)).rowcount)


def put_off(connection: sa.Connection, job_id: str, until: datetime) -> None:
    """A waiting job is not due before then."""
    waiting = sa.update(JOBS).where(JOBS.c.id == job_id, JOBS.c.state == "waiting")
    connection.execute(waiting.values(due_at=until))


def ready(connection: sa.Connection, at: datetime) -> list[str]:
    """Ids of the jobs that somebody should take now: waiting ones that are due, and those of dead holders."""
    query = sa.select(JOBS.c.id).where(_free(at)).order_by(JOBS.c.requested_at, JOBS.c.id)
    return list(connection.scalars(query))


def _free(at: datetime) -> sa.ColumnElement[bool]:
    waiting = (JOBS.c.state == "waiting") & (JOBS.c.due_at <= at)
    return waiting | ((JOBS.c.state == "running") & (JOBS.c.lease_until < at))


def _ours(job: Job) -> sa.ColumnElement[bool]:
    """A job taken again by somebody else has had one attempt more."""
    return (
        (JOBS.c.id == job.id)
        & (JOBS.c.state == "running")
        & (JOBS.c.holder == job.holder)
        & (JOBS.c.attempts == job.attempts)
    )
