"""The load program in short: what is counted is outcomes, never time."""

from __future__ import annotations

import json
import signal
from collections import Counter
from http.client import HTTPConnection
from pathlib import Path

from click.testing import CliRunner

from adapter.cli import main
from tests.conftest import PostgreSQL
from tests.load.bundles import BYTES, ENTRIES, Bundles
from tests.load.sending import Caller, Health, Sample, send, statuses, waits
from tests.load.service import serving


def test_bundles_are_as_large_as_is_said_and_each_is_of_another_child() -> None:
    bundles = Bundles("ab")

    first, second = bundles.make(1), bundles.make(2)

    assert len(json.loads(first)["entry"]) == ENTRIES
    assert abs(len(first) - BYTES) < BYTES // 20
    assert first != second
    assert bundles.make(1) == first


def test_too_many_are_told_to_come_later_nothing_is_lost_and_a_stop_answers_what_is_under_way(tmp_path: Path) -> None:
    bundles = Bundles("ab")
    with serving(tmp_path, CRMO_THREADS="1") as service:
        with Health(service.address) as health:
            crowd = send(service.address, bundles.make, range(24), 0, 24)
        after = send(service.address, bundles.make, range(24, 26), 0, 1)
        under_way = HTTPConnection(*service.address, timeout=90)
        begin(under_way, last := bundles.make(26))
        service.process.send_signal(signal.SIGTERM)
        under_way.send(last[100:])
        answered = under_way.getresponse().status
        under_way.close()
        code = service.end()
        listed = json.loads(service.run("case", "list", "--json").stdout)

    outcomes = Counter((each.status, each.retry_after is not None) for each in crowd)
    assert set(outcomes) <= {(200, False), (503, True)}
    assert set(health.statuses) == {200}
    assert [each.status for each in after] == [200, 200]
    assert answered == 200
    assert len(listed) == outcomes[200, False] + 3
    assert code == 0


def begin(connection: HTTPConnection, body: bytes) -> None:
    """Send the beginning of a push; whoever asked later and was answered shows that the service has it in its hands."""
    connection.putrequest("POST", "/fhir")
    connection.putheader("Content-Type", "application/fhir+json")
    connection.putheader("Content-Length", str(len(body)))
    connection.endheaders(body[:100])
    caller = Caller((connection.host, connection.port))
    assert caller.ask("GET", "/livez")[0] == 200
    caller.close()


def test_the_wait_counts_from_when_a_request_was_due() -> None:
    late = Sample(due=1.0, sent=3.0, answered=3.5, status=200, retry_after=None)

    assert waits([late])["max_ms"] == 2500
    assert statuses([late]) == {"200": 1}


def test_several_processes_serve_one_postgresql(postgresql: PostgreSQL, tmp_path: Path) -> None:
    url = postgresql.make_database()
    with serving(tmp_path, CRMO_PROCESSES="2", CRMO_DATABASE_URL=url) as service:
        samples = send(service.address, Bundles("pg").make, range(6), 0, 4)
        again = send(service.address, Bundles("pg").make, range(6), 0, 4)
        code = service.end()
        listed = json.loads(service.run("--database-url", url, "case", "list", "--json").stdout)

    assert statuses([*samples, *again]) == {"200": 12}
    assert len(listed) == 6
    assert code == 0


def test_several_processes_are_refused_on_sqlite(tmp_path: Path) -> None:
    told = CliRunner().invoke(main, ["--data", str(tmp_path), "serve", "--processes", "2"])

    assert told.exit_code == 2
    assert "SQLite has one writer" in told.stderr
