"""The worker: pulls that were asked for over HTTP run, once each, wherever and however often workers start and die."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from datetime import time as time_of_day
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from adapter.bootstrap import make_id, now
from adapter.errors import ConfigError, Json, RemoteTransientError
from adapter.hospital import Patience, resolve_source
from adapter.hospital.politeness import Politeness, QuietHours
from adapter.parts import Parts
from adapter.pull import start_pull
from adapter.store import jobs, leases
from adapter.synthetic.server import Answer, FhirServer, serve_resources
from adapter.web import create_app
from adapter.worker import Queue, Worker, open_queue
from adapter.worker.queue import Queue as WakingQueue
from tests.conftest import PostgreSQL

HASTY = Patience(attempts=2, pause=lambda seconds: None)
SOON = 90


class GatedServer(FhirServer):
    """Answers searches when the gate is open; counts those who wait before it."""

    def __init__(self, resources: list[Json]) -> None:
        super().__init__(resources)
        self.gate = threading.Event()
        self.asked: list[str] = []

    def answer(self, method: str, base: str, target: str, body: bytes = b"") -> Answer:
        self.asked.append(target)
        self.gate.wait(SOON)
        return super().answer(method, base, target, body)


def until(true: Callable[[], bool]) -> bool:
    """Wait for it, as long as a loaded machine may take."""
    deadline = time.monotonic() + SOON
    while not (seen := true()) and time.monotonic() < deadline:
        time.sleep(0.02)
    return seen


def state_of(parts: Parts, job_id: str) -> str:
    with parts.store.reading() as connection:
        return jobs.find(connection, job_id).state


def counts(parts: Parts) -> dict[str, int]:
    with parts.store.reading() as connection:
        return jobs.count_states(connection)


@pytest.fixture
def server() -> GatedServer:
    concept = {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10", "code": "M86.3"}]}
    about = {"subject": {"reference": "Patient/p1"}}
    return GatedServer(
        [
            {"resourceType": "Patient", "id": "p1", "gender": "female", "birthDate": "2001-05-14"},
            {"resourceType": "Condition", "id": "c1", **about, "code": concept, "onsetDateTime": "2010-03"},
        ]
    )


@pytest.fixture
def hospitals(parts: Parts, server: GatedServer) -> Iterator[Parts]:
    """Five hospitals that are one; by the real clock, since leases run out while it goes."""
    with serve_resources(server) as base:
        named = {f"h{number}": replace(resolve_source(base, {}), name=f"h{number}") for number in range(5)}
        yield replace(parts, sources=named, clock=now, make_id=make_id)
        server.gate.set()


@pytest.fixture(params=["sqlite", "postgresql"])
def queue(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Queue]:
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path}/queue.db"
    else:
        postgresql: PostgreSQL = request.getfixturevalue("postgresql")
        url = postgresql.make_database()
    opened = open_queue(url)
    yield opened
    opened.close()


@pytest.fixture
def file_queue(tmp_path: Path) -> Iterator[Queue]:
    opened = open_queue(f"sqlite:///{tmp_path}/queue.db")
    yield opened
    opened.close()


@contextmanager
def working(parts: Parts, queue: Queue, **more: Any) -> Iterator[Worker]:
    settings: dict[str, Any] = {"at_once": 2, "patience": HASTY, "reap_seconds": 0.1, **more}
    worker = Worker(parts, queue, **settings)
    worker.start()
    try:
        yield worker
    finally:
        worker.stop()


def test_queue_gives_what_was_put_in_order_and_once(queue: Queue) -> None:
    for name in ("a", "b", "c"):
        queue.put(name)
    assert (queue.size(), [queue.take(), queue.take(), queue.take(), queue.take()]) == (3, ["a", "b", "c", None])


@pytest.mark.parametrize("url", ["", "mysql://x", "redis://localhost/0", "sqlite:relative.db", "sqlite://"])
def test_queue_of_another_kind_is_refused(url: str) -> None:
    with pytest.raises(ConfigError, match="CRMO_QUEUE_URL"):
        open_queue(url)


def test_queue_that_cannot_be_reached_is_told(tmp_path: Path) -> None:
    with pytest.raises(RemoteTransientError):
        open_queue(f"postgresql://crmo@/none?host={tmp_path}")


def test_pull_asked_over_http_is_run_by_the_worker(hospitals: Parts, server: GatedServer, file_queue: Queue) -> None:
    server.gate.set()
    app = create_app(hospitals, wake=file_queue.put)
    started = app.test_client().post("/pulls", json={"source": "h1"})
    address = started.headers["Location"]
    with working(hospitals, file_queue):
        assert until(lambda: app.test_client().get(address).json["state"] == "complete")
    app.extensions["background"].shutdown()
    told = app.test_client().get(address).json
    assert (started.status_code, told["attempts"], told["issue"]) == (202, 1, None)
    assert {"holder", "lease_until"} & set(told) == set()


def test_many_questions_for_few_sources_run_once_each(hospitals: Parts, server: GatedServer, queue: Queue) -> None:
    """Four doors at once, 100 questions, five sources: five pulls run together, and none is lost."""
    apps = [create_app(hospitals, wake=queue.put) for _ in range(4)]

    def ask(number: int) -> str:
        answer = apps[number % 4].test_client().post("/pulls", json={"source": f"h{number % 5}"})
        assert answer.status_code == 202
        return str(answer.headers["Location"])

    with ThreadPoolExecutor(8) as many:
        addresses = set(many.map(ask, range(100)))
    with working(hospitals, queue, at_once=8), working(hospitals, queue, at_once=8):
        assert until(lambda: counts(hospitals) == {"running": 5})
        assert until(lambda: len(server.asked) >= 5)
        server.gate.set()
        assert until(lambda: counts(hospitals) == {"complete": 5})
    for app in apps:
        app.extensions["background"].shutdown()
    with hospitals.store.reading() as connection:
        found = jobs.recent(connection)
    assert len(addresses) == 5
    assert sum(job.asked for job in found) == 100
    assert [job.attempts for job in found] == [1] * 5


def test_lost_message_costs_time_and_no_pull(hospitals: Parts, server: GatedServer, file_queue: Queue) -> None:
    server.gate.set()
    job_id = start_pull(hospitals, "h0")
    with working(hospitals, file_queue):
        assert until(lambda: state_of(hospitals, job_id) == "complete")


def test_message_said_twice_or_of_nobody_changes_nothing(
    hospitals: Parts, server: GatedServer, file_queue: Queue
) -> None:
    server.gate.set()
    job_id = start_pull(hospitals, "h0")
    for each in (job_id, "nobody", job_id, job_id):
        file_queue.put(each)
    with working(hospitals, file_queue):
        assert until(lambda: state_of(hospitals, job_id) == "complete" and file_queue.size() == 0)
    with hospitals.store.reading() as connection:
        assert jobs.find(connection, job_id).attempts == 1


@pytest.mark.parametrize(("route", "state"), [("pause", "paused"), ("cancel", "cancelled")])
def test_running_pull_is_stopped_over_http(
    hospitals: Parts, server: GatedServer, file_queue: Queue, route: str, state: str
) -> None:
    app = create_app(hospitals, wake=file_queue.put)
    client = app.test_client()
    address = client.post("/pulls", json={"source": "h1"}).headers["Location"]
    with working(hospitals, file_queue):
        assert until(lambda: bool(server.asked))
        answer = client.post(f"{address}/{route}")
        server.gate.set()
        assert until(lambda: client.get(address).json["state"] == state)
        resumed = client.post(f"{address}/resume")
        if route == "pause":
            assert until(lambda: client.get(address).json["state"] == "complete")
    app.extensions["background"].shutdown()
    assert (answer.status_code, resumed.status_code) == (202, 202 if route == "pause" else 412)


def test_hospital_that_is_away_is_asked_again_later(hospitals: Parts, file_queue: Queue) -> None:
    away = replace(hospitals.sources["h0"], base="http://127.0.0.1:9/fhir")
    guided = replace(hospitals, sources={"h0": away})
    job_id = start_pull(guided, "h0")
    with working(guided, file_queue):
        assert until(lambda: _stands(guided, job_id) == ("waiting", 1))
    with guided.store.reading() as connection:
        job = jobs.find(connection, job_id)
    assert job.due_at - (job.seen_at or job.due_at) >= timedelta(seconds=50)
    assert job.issue is not None
    assert job.issue["severity"] == "error"


def test_pull_of_a_source_nobody_declared_here_fails_and_says_so(hospitals: Parts, file_queue: Queue) -> None:
    job_id = start_pull(hospitals, "h0")
    with working(replace(hospitals, sources={}), file_queue):
        assert until(lambda: state_of(hospitals, job_id) == "failed")
    with hospitals.store.reading() as connection:
        issue = jobs.find(connection, job_id).issue
    assert issue is not None
    assert issue["rule"] == "usage"


def test_pull_asked_for_in_quiet_hours_waits_for_their_end(hospitals: Parts, file_queue: Queue) -> None:
    night = replace(hospitals, clock=lambda: datetime(2026, 3, 17, 1, 0, tzinfo=UTC))
    quiet = QuietHours(time_of_day(0, 0), time_of_day(5, 0), ZoneInfo("UTC"))
    named = {"h0": replace(hospitals.sources["h0"], politeness=Politeness(quiet=quiet))}
    guided = replace(night, sources=named)
    job_id = start_pull(guided, "h0")
    with working(guided, file_queue):
        assert until(lambda: _due(guided, job_id) == datetime(2026, 3, 17, 5, 0, tzinfo=UTC))
    assert _stands(guided, job_id) == ("waiting", 0)


def _due(parts: Parts, job_id: str) -> datetime:
    with parts.store.reading() as connection:
        return jobs.find(connection, job_id).due_at


def _stands(parts: Parts, job_id: str) -> tuple[str, int]:
    """State and attempts of one moment."""
    with parts.store.reading() as connection:
        job = jobs.find(connection, job_id)
    return job.state, job.attempts


class BrokenQueue(WakingQueue):
    """Fails the first time in a manner that nobody foresaw."""

    def __init__(self, queue: Queue) -> None:
        super().__init__(queue._storage)
        self.failed = threading.Event()

    def take(self) -> str | None:
        if not self.failed.is_set():
            self.failed.set()
            raise ZeroDivisionError("patient 17")
        return super().take()


def test_worker_outlives_what_nobody_foresaw(
    hospitals: Parts, server: GatedServer, file_queue: Queue, caplog: pytest.LogCaptureFixture
) -> None:
    server.gate.set()
    job_id = start_pull(hospitals, "h0")
    with working(hospitals, BrokenQueue(file_queue), at_once=1):
        assert until(lambda: state_of(hospitals, job_id) == "complete")
    assert "ZeroDivisionError" in caplog.text
    assert "17" not in caplog.text.replace(job_id, "")


@pytest.fixture
def apart(tmp_path: Path, server: GatedServer) -> Iterator[dict[str, str]]:
    """The environment of a worker that is a process of its own, with one declared source."""
    with ExitStack() as closing:
        base = closing.enter_context(serve_resources(server))
        (tmp_path / "data" / "sources").mkdir(parents=True)
        declared = f"source: away\nbase: {base}\n"
        (tmp_path / "data" / "sources" / "away.yaml").write_text(declared, encoding="utf-8")
        yield {**os.environ, "CRMO_DATA": str(tmp_path / "data")}
        server.gate.set()


@contextmanager
def started(environment: dict[str, str]) -> Iterator[subprocess.Popen[str]]:
    """A worker that is a process of its own; killed at the end of the block, if it is still there."""
    command = [sys.executable, "-m", "adapter", "worker", "--format", "json"]
    pipes: dict[str, Any] = {"stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE}
    with subprocess.Popen(command, env=environment, text=True, **pipes) as worker:
        try:
            yield worker
        finally:
            worker.kill()


def request_pull(environment: dict[str, str]) -> tuple[Parts, str, ExitStack]:
    from adapter.bootstrap import open_parts
    from adapter.config import load_settings

    closing = ExitStack()
    own = closing.enter_context(open_parts(load_settings(environment)))
    return own, start_pull(own, "away"), closing


@pytest.mark.slow
def test_killed_workers_pull_is_finished_by_the_next(apart: dict[str, str], server: GatedServer) -> None:
    own, job_id, closing = request_pull(apart)
    with closing:
        with started(apart):
            assert until(lambda: bool(server.asked))
        assert state_of(own, job_id) == "running"
        _let_the_lease_run_out(own)
        server.gate.set()
        with started(apart) as second:
            assert until(lambda: state_of(own, job_id) in ("complete", "partial"))
            second.terminate()
            _, told = second.communicate(timeout=SOON)
        assert (second.returncode, _stands(own, job_id)) == (0, ("complete", 2))
    ends = [json.loads(line) for line in told.splitlines() if line.startswith("{")]
    assert [each["state"] for each in ends if "state" in each] == ["complete"]


def _let_the_lease_run_out(parts: Parts) -> None:
    with parts.store.writing() as connection:
        job = jobs.recent(connection)[0]
        assert leases.beat(connection, job, parts.clock() - 2 * leases.LEASE) == ""


@pytest.mark.slow
def test_worker_asked_to_end_leaves_its_pull_to_the_next(apart: dict[str, str], server: GatedServer) -> None:
    own, job_id, closing = request_pull(apart)
    with closing:
        with started(apart) as worker:
            assert until(lambda: bool(server.asked))
            worker.send_signal(signal.SIGTERM)
            time.sleep(0.2)
            server.gate.set()
            _, told = worker.communicate(timeout=SOON)
        assert (worker.returncode, "Traceback" in told) == (0, False)
        assert state_of(own, job_id) in ("waiting", "complete")
