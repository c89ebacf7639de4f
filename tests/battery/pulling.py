"""A pull that is killed under way and goes on: every child once, nothing missing, the time reached true."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from http.server import ThreadingHTTPServer
from typing import Any

from adapter.bootstrap import now
from adapter.hospital import Patience, resolve_source
from adapter.parts import Knowledge, Parts
from adapter.pull import run_pull, start_pull
from adapter.store import known as known_tables
from adapter.store.cases import CASE_VERSIONS, CASES
from adapter.store.inbox import INBOX
from adapter.synthetic.server import FhirServer, serve_resources
from tests.battery.forks import Tell
from tests.battery.grounds import Ground
from tests.battery.journeys import Journey, count
from tests.battery.points import Point
from tests.sample_bundles import make_condition, make_finding, make_patient

PATIENTS, PAGE = 4, 3
NAME = "hospital"
# Longer than any lease: whoever held it is dead.
LATER = timedelta(minutes=10)


@contextmanager
def hospital() -> Iterator[str]:
    """A FHIR server in a process of its own, so that nobody who forks inherits its threads."""
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(reading)
        ThreadingHTTPServer.handle_error = lambda *_: None  # who asked was killed
        with serve_resources(FhirServer(_resources(), page_cap=PAGE)) as base:
            os.write(writing, base.encode())
            os.close(writing)
            signal.pause()
    os.close(writing)
    try:
        yield os.read(reading, 1000).decode()
    finally:
        os.close(reading)
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


def _resources() -> Iterator[dict[str, Any]]:
    for number in range(1, PATIENTS + 1):
        subject = {"subject": {"reference": f"Patient/p{number}"}}
        yield make_patient(number)
        yield make_condition(number, **subject)
        yield make_finding(number, **subject)


class Pull(Journey):
    """A hospital of a few children, asked page by page."""

    def __init__(self, knowledge: Knowledge, base: str) -> None:
        super().__init__(knowledge)
        self._base = base

    @contextmanager
    def _parts(self, ground: Ground, later: timedelta = timedelta()) -> Iterator[Parts]:
        source = replace(resolve_source(self._base, {}), name=NAME)
        with ground.parts(self.knowledge, clock=lambda: now() + later) as parts:
            yield replace(parts, sources={NAME: source})

    def before(self, ground: Ground) -> Any:
        with self._parts(ground) as parts:
            return start_pull(parts, NAME)

    def act(self, ground: Ground, known: Any, tell: Tell) -> None:
        with self._parts(ground) as parts:
            tell(run_pull(parts, known, patience=_patience())["state"])

    def after(self, ground: Ground, known: Any, told: list[Any], point: Point | None) -> Iterator[str]:
        with self._parts(ground, LATER) as parts:
            again = start_pull(parts, NAME)  # the one that is open, or a new one when the first had ended
            report = run_pull(parts, again, patience=_patience())
            if report["state"] != "complete":
                yield f"lost: gone on with it ends {report['state']}"
            if (found := count(parts, CASES)) != PATIENTS:
                yield f"{'lost' if found < PATIENTS else 'twice'}: {found} cases of {PATIENTS}"
            if (found := count(parts, CASE_VERSIONS)) != PATIENTS:
                yield f"twice: {found} versions of {PATIENTS} cases"
            if found := count(parts, INBOX, INBOX.c.state.not_in(("stored", "duplicate"))):
                yield f"lost: {found} entries are not stored"
            with parts.store.reading() as connection:
                reached = known_tables.reached(connection, NAME)
            if reached is None or reached > now() + LATER:
                yield f"lost: the time reached is {reached}"


def _patience() -> Patience:
    return Patience(attempts=3, pause=lambda seconds: None)


def pulls(base: str) -> dict[str, Callable[[Knowledge], Journey]]:
    return {"pull": lambda knowledge: Pull(knowledge, base)}
