"""The loop: take an id from the queue, run its pull under a lease; now and then wake what nobody woke.

Takes from: errors, parts, pull, store, worker.queue.  Gives to: web, cli.
"""

from __future__ import annotations

import logging
import threading
import traceback
from collections.abc import Callable
from datetime import datetime

from adapter.errors import AdapterError, Json, NotFoundError, VersionConflictError
from adapter.hospital import Patience
from adapter.hospital.politeness import Politeness, quiet_until
from adapter.parts import Parts
from adapter.pull import run_pull
from adapter.store import jobs, leases
from adapter.worker.queue import Queue

Told = Callable[[str, Json], None]

# How often a hospital that does not answer is tried again (after 1, 5, 15, 60 and 60 minutes) before a pull has failed.
RETRIES = 5
REAP_SECONDS = 5.0
IDLE_SECONDS = 0.25

_LOG = logging.getLogger("adapter.worker")


class _Stop(threading.Event):
    """Set when the worker ends, and when the quiet hours of the source begin: the pull then waits for their end."""

    def __init__(self, ends: threading.Event, parts: Parts, politeness: Politeness) -> None:
        super().__init__()
        self._ends, self._parts, self._politeness = ends, parts, politeness

    @property
    def quiet_until(self) -> datetime | None:
        return quiet_until(self._politeness, self._parts.clock())

    def is_set(self) -> bool:
        return self._ends.is_set() or self.quiet_until is not None


class Worker:
    """Threads that run pulls.

    Shapes:  at_once  how many pulls run at a time
             told     (id of the pull, progress or end) as they happen, from any of the threads
    """

    def __init__(
        self,
        parts: Parts,
        queue: Queue,
        *,
        at_once: int,
        told: Told = lambda job_id, progress: None,
        patience: Patience | None = None,
        reap_seconds: float = REAP_SECONDS,
    ) -> None:
        self._parts, self._queue, self._told, self._patience = parts, queue, told, patience
        self._reap_seconds = reap_seconds
        self._stopping = threading.Event()
        turns = [self._wake, *[self._work] * at_once]
        self._threads = [
            threading.Thread(target=self._loop, args=(turn,), name=f"worker-{number}", daemon=True)
            for number, turn in enumerate(turns)
        ]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Ask every pull to stop after its page, and wait until it has; the pulls wait for the next worker."""
        self._stopping.set()
        for thread in self._threads:
            thread.join()

    def _loop(self, turn: Callable[[], None]) -> None:
        """One bad pull, or a database that is away, must not end the worker: said by class, tried again."""
        while not self._stopping.is_set():
            try:
                turn()
            except Exception as error:  # noqa: BLE001  the one place that outlives what it does not know
                frame = traceback.extract_tb(error.__traceback__)[-1]
                _LOG.error("the worker met %s at %s:%s", type(error).__name__, frame.filename, frame.lineno)
                self._stopping.wait(self._reap_seconds)
        self._queue.close()

    def _work(self) -> None:
        job_id = self._queue.take()
        if job_id is None:
            self._stopping.wait(IDLE_SECONDS)
        else:
            self._run(job_id)

    def _run(self, job_id: str) -> None:
        """Run one pull. How it ended is written with the job; the log says its class only."""
        try:
            stopping = self._stop_of(job_id)
            if stopping.quiet_until:
                with self._parts.store.writing() as connection:
                    leases.put_off(connection, job_id, stopping.quiet_until)
                return
            report = run_pull(
                self._parts,
                job_id,
                patience=self._patience,
                notice=lambda progress: self._told(job_id, progress),
                stopping=stopping,
                retries=RETRIES,
            )
        except (VersionConflictError, NotFoundError):
            return  # somebody else has it, or it was cancelled or put off meanwhile: a queue may say things twice
        except AdapterError as error:
            _LOG.warning("pull %s ended with %s", job_id, type(error).__name__)
            self._told(job_id, {"state": "failed", "rule": error.rule})
        else:
            self._told(job_id, {name: report[name] for name in ("state", "screened") if name in report})

    def _stop_of(self, job_id: str) -> _Stop:
        with self._parts.store.reading() as connection:
            job = jobs.find(connection, job_id)
        # A source that is not declared here has no quiet hours; that it cannot be pulled is for the pull to say.
        source = self._parts.sources.get(job.source)
        return _Stop(self._stopping, self._parts, source.politeness if source else Politeness())

    def _wake(self) -> None:
        """What is due and in no queue: pulls of killed workers, put off ones, those whose message was lost."""
        if self._queue.size() == 0:
            with self._parts.store.reading() as connection:
                ready = leases.ready(connection, self._parts.clock())
            for job_id in ready:
                self._queue.put(job_id)
        self._stopping.wait(self._reap_seconds)
