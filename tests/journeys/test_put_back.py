"""A pull that cannot go on now, goes on later: quiet hours that begin, a server that falls silent on the way."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from adapter.bootstrap import make_id, open_parts
from adapter.config import load_settings
from adapter.errors import Json, RemoteTransientError, VersionConflictError
from adapter.hospital import Patience, resolve_source
from adapter.hospital.bulk.request import Bulk
from adapter.hospital.politeness import Politeness, QuietHours
from adapter.parts import Knowledge, Parts
from adapter.pull import run_pull, start_pull
from adapter.store import jobs
from adapter.synthetic.hospital import Population, make_population
from adapter.synthetic.server import Answer, FhirServer, serve_resources
from adapter.tracing import read_ledger
from tests.bulk_hospital import BulkHospital, run_bulk_hospital
from tests.sample_cases import make_case

NIGHT = datetime(2026, 3, 17, 5, 59, tzinfo=UTC)
WORKING_HOURS = QuietHours(time(6), time(20), ZoneInfo("UTC"))
COUNTED = ("state", "screened", "eligible", "undetermined", "ineligible", "quarantined", "failed", "resources", "units")
RETRIES = 5


class Clock:
    """Stands still until it is moved on."""

    def __init__(self) -> None:
        self.at = NIGHT

    def __call__(self) -> datetime:
        return self.at


class MovingServer(FhirServer):
    """Does something when it is asked for the nth time."""

    def __init__(self, resources: list[Json]) -> None:
        super().__init__(resources)
        self.asked = 0
        self.then: Callable[[int], None] = lambda number: None
        self._turn = threading.Lock()

    def answer(self, method: str, base: str, target: str, body: bytes = b"") -> Answer:
        with self._turn:
            self.asked += 1
            self.then(self.asked)
        return super().answer(method, base, target, body)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def plain_parts(tmp_path: Path, knowledge: Knowledge, clock: Clock) -> Iterator[Parts]:
    with open_parts(load_settings({"CRMO_DATA": str(tmp_path)}), knowledge) as opened:
        yield replace(opened, clock=clock, make_id=make_id)


@pytest.fixture
def population(knowledge: Knowledge) -> Population:
    return make_population([make_case(number) for number in range(2)], knowledge.mappings, seed=3)


@pytest.fixture
def server(population: Population) -> MovingServer:
    return MovingServer(population.resources)


@pytest.fixture
def parts(plain_parts: Parts, server: MovingServer) -> Iterator[Parts]:
    """One hospital under two names, so that one pull can be held against the other."""
    with serve_resources(server) as base:
        politeness = Politeness(connections=1, quiet=WORKING_HOURS)
        source = replace(resolve_source(base, {}), page_size=5, politeness=politeness)
        yield replace(plain_parts, sources={name: replace(source, name=name) for name in ("calm", "disturbed")})


def patience(clock: Clock) -> Patience:
    return Patience(attempts=2, pause=lambda seconds: None, now=clock)


def pull(parts: Parts, clock: Clock, name: str, retries: int = 0) -> Json:
    return run_pull(parts, start_pull(parts, name), patience=patience(clock), retries=retries)


def counted(report: Json) -> Json:
    return {name: report[name] for name in COUNTED}


def job_of(parts: Parts, name: str) -> jobs.Job:
    with parts.store.reading() as connection:
        return jobs.recent(connection, 1, name)[0]


@pytest.mark.parametrize("number", [4, 12])
def test_pull_that_runs_into_a_quiet_hour_waits_for_its_end_and_loses_nothing(
    parts: Parts, clock: Clock, server: MovingServer, number: int
) -> None:
    calm = pull(parts, clock, "calm")
    asked, server.asked = server.asked, 0

    def grow_light(so_many: int) -> None:
        if so_many == number:
            clock.at = NIGHT + timedelta(minutes=2)

    server.then = grow_light
    with pytest.raises(RemoteTransientError, match="quiet hour"):
        pull(parts, clock, "disturbed")
    waiting = job_of(parts, "disturbed")
    assert (waiting.state, waiting.due_at) == ("waiting", datetime(2026, 3, 17, 20, tzinfo=UTC))
    with pytest.raises(VersionConflictError, match="not due"):
        pull(parts, clock, "disturbed")
    clock.at = waiting.due_at
    assert counted(pull(parts, clock, "disturbed")) == counted(calm)
    assert server.asked == asked
    assert len(read_ledger(parts, waiting.id)) == asked


def fail(number: int) -> None:
    raise ConnectionAbortedError


@pytest.mark.parametrize("number", [4, 12])
def test_server_that_falls_silent_on_the_way_is_asked_for_the_rest_later(
    parts: Parts, clock: Clock, server: MovingServer, number: int
) -> None:
    calm = pull(parts, clock, "calm")
    server.asked = 0
    server.then = lambda so_many: fail(so_many) if so_many >= number else None
    with pytest.raises(RemoteTransientError, match="times in a row"):
        pull(parts, clock, "disturbed", RETRIES)
    waiting = job_of(parts, "disturbed")
    assert (waiting.state, waiting.due_at - NIGHT) == ("waiting", timedelta(minutes=1))
    server.then, server.asked = lambda so_many: None, 0
    clock.at = datetime(2026, 3, 17, 21, tzinfo=UTC)
    assert counted(pull(parts, clock, "disturbed", RETRIES)) == counted(calm)


def test_server_that_stays_silent_ends_the_pull_in_part(parts: Parts, clock: Clock, server: MovingServer) -> None:
    server.then = lambda so_many: fail(so_many) if so_many >= 10 else None
    for _ in range(RETRIES):
        with pytest.raises(RemoteTransientError):
            pull(parts, clock, "disturbed", RETRIES)
        clock.at = max(job_of(parts, "disturbed").due_at, datetime(2026, 3, 17, 21, tzinfo=UTC))
    report = pull(parts, clock, "disturbed", RETRIES)
    assert (report["state"], job_of(parts, "disturbed").attempts) == ("partial", RETRIES + 1)
    assert report["failed"] == report["screened"] > 0


def test_export_whose_file_cannot_be_read_is_read_later(
    plain_parts: Parts, clock: Clock, population: Population
) -> None:
    hospital = BulkHospital(population.resources, "file-html")
    with run_bulk_hospital(hospital) as base:
        source = replace(resolve_source(base, {}), name="exporting", bulk=Bulk("group", "crmo"))
        parts = replace(plain_parts, sources={"exporting": source})
        with pytest.raises(RemoteTransientError):
            pull(parts, clock, "exporting", RETRIES)
        assert job_of(parts, "exporting").state == "waiting"
        hospital.fault = "clean"
        clock.at += timedelta(minutes=1)
        report = pull(parts, clock, "exporting", RETRIES)
    assert (report["state"], report["failed"], hospital.told.seen["jobs"]) == ("complete", 0, 1)
