"""Hold a pull job while its journey runs: signs of life, wishes (pause, cancel), and an end for every way out.

    with hold(parts, job_id) as lease:
        ...
        if not lease.goes_on(progress):      # once a page
            return ...                       # paused, cancelled, or the process is asked to end
        lease.end("complete", report)

Takes from: errors, hospital, parts, store.  Gives to: pull, worker.
"""

from __future__ import annotations

import math
import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from adapter.errors import AdapterError, Issue, Json, RemoteTransientError
from adapter.hospital.politeness import QuietHour
from adapter.parts import Parts
from adapter.store import leases
from adapter.store.jobs import Job, JobState, Wish

BEAT_SECONDS = leases.LEASE.total_seconds() / 4
# A page may take milliseconds; the table is told at most so often.
TELL_SECONDS = 0.5
_PATIENCE = [timedelta(minutes=minutes) for minutes in (1, 5, 15, 60)]


class Lease:
    """A job that is ours. `goes_on` may be asked from several threads."""

    def __init__(self, parts: Parts, job: Job, stopping: threading.Event) -> None:
        self.job = job
        self.ended = False
        self._parts, self._stopping = parts, stopping
        self._turn = threading.Lock()
        self._wish: Wish | None = ""
        self._told_at = -math.inf
        self._progress: Json | None = None

    @property
    def lost(self) -> bool:
        """Somebody else holds the job: our signs of life came too late."""
        return self._wish is None

    def goes_on(self, progress: Json) -> bool:
        """Say how far it is. False when the journey shall stop here, keeping what it has."""
        with self._turn:
            self._progress = progress
            if not self.leaving and time.monotonic() - self._told_at >= TELL_SECONDS:
                self._beat()
        return self._wish == "" and not self.leaving

    @property
    def leaving(self) -> bool:
        """The process was asked to end, or ends without having asked: then no thread can be started any more."""
        return self._stopping.is_set() or not threading.main_thread().is_alive()

    def end(self, state: JobState, report: Json, issue: Issue | None = None) -> None:
        """Write how it ended, unless somebody else has taken the job meanwhile."""
        self._give_back(state, report=report, issue=issue.as_json() if issue else None)

    def live(self, done: threading.Event) -> None:
        """Signs of life until done, however long one page takes. A database that is away is asked again."""
        while not done.wait(BEAT_SECONDS):
            try:
                with self._turn:
                    self._beat()
            except RemoteTransientError:
                continue

    def stop(self) -> None:
        """The journey stopped without an end: by a wish, or because the process ends."""
        states: dict[str, JobState] = {"pause": "paused", "cancel": "cancelled"}
        self._give_back(states.get(self._wish or "", "waiting"))

    def fail(self, error: AdapterError, retries: int) -> None:
        """The journey raised: what may pass is tried again later, as often as allowed; the rest has failed.

        A quiet hour is no failure: the job waits for its end, whoever runs it.
        """
        issue = error.issues()[0].as_json()
        if isinstance(error, QuietHour):
            ends = self._parts.clock() + timedelta(seconds=error.retry_after_seconds or 0)
            self._give_back("waiting", issue=issue, due_at=ends)
        elif isinstance(error, RemoteTransientError) and self.job.attempts <= retries:
            asked = timedelta(seconds=error.retry_after_seconds or 0)
            pause = _PATIENCE[min(self.job.attempts, len(_PATIENCE)) - 1]
            self._give_back("waiting", issue=issue, due_at=self._parts.clock() + max(asked, pause))
        else:
            self._give_back("failed", issue=issue)

    def _beat(self) -> None:
        if self.ended or self.lost:
            return
        with self._parts.store.writing() as connection:
            self._wish = leases.beat(connection, self.job, self._parts.clock(), self._progress)
        self._told_at = time.monotonic()

    def _give_back(self, state: JobState, **more: Any) -> None:
        with self._turn, self._parts.store.writing() as connection:
            self.ended = True
            at, told = self._parts.clock(), {"progress": self._progress, **more}
            leases.give_back(connection, self.job, state, at, **told)


@contextmanager
def hold(parts: Parts, job_id: str, *, stopping: threading.Event | None = None, retries: int = 0) -> Iterator[Lease]:
    """Take a job and keep its lease alive inside the block; every way out of the block gives it back.

    Shapes:  stopping  set when the process is asked to end: the job then waits for the next worker
             retries   how often a transient failure puts the job back instead of ending it
    Errors:  NotFoundError, VersionConflictError when it cannot be taken; what the block raises is passed on
    """
    with parts.store.writing() as connection:
        job = leases.take(connection, job_id, _holder(), parts.clock())
    lease, done = Lease(parts, job, stopping or threading.Event()), threading.Event()
    alive = threading.Thread(target=lease.live, args=(done,), name=f"lease-{job_id}", daemon=True)
    alive.start()
    try:
        yield lease
    except AdapterError as error:
        if not lease.ended:
            lease.fail(error, retries)
        raise
    except KeyboardInterrupt:
        _let_go(lease, "paused", "interrupted", "The pull was interrupted; asked for again, it goes on.")
        raise
    except BaseException as error:
        if not lease.leaving:
            _let_go(lease, "failed", "failure", f"The adapter failed here ({type(error).__name__}).")
        raise
    finally:
        done.set()
        alive.join()
        if not lease.ended:
            lease.stop()


def _let_go(lease: Lease, state: JobState, rule: str, text: str) -> None:
    if not lease.ended:
        lease.end(state, {}, Issue("error", "incomplete", "", rule, text, "pull"))


def _holder() -> str:
    return f"{socket.gethostname()[:60]}-{os.getpid()}-{threading.get_ident()}"
