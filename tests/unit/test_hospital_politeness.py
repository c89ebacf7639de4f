"""How a hospital's server is spared: connections, rate, quiet hours; and what a declaration may say about it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapter.errors import DeclarationError, RemoteTransientError
from adapter.hospital import Patience, Source, load_sources
from adapter.hospital.client import open_hospital
from adapter.hospital.politeness import DAYS, Politeness, QuietHours, Turns, quiet_until
from tests.scripted_hospital import GOOD, ScriptedHospital, answer, collect

PARIS = ZoneInfo("Europe/Paris")
WORK = QuietHours(time(7, 30), time(19, 0), PARIS, ("mon", "tue", "wed", "thu", "fri"))
NIGHT = QuietHours(time(22, 0), time(6, 0), PARIS)
# A Monday; Paris is an hour ahead of UTC.
MONDAY = datetime(2026, 1, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("quiet", "hour", "ends"),
    [
        (WORK, 6.0, None),
        (WORK, 6.5, 18.0),
        (WORK, 12.0, 18.0),
        (WORK, 18.0, None),
        (WORK, 24 * 5 + 12.0, None),
        (NIGHT, 20.5, None),
        (NIGHT, 21.0, 24 + 5.0),
        (NIGHT, 1.0, 5.0),
        (NIGHT, 5.0, None),
    ],
)
def test_quiet_hours_are_those_of_the_hospital(quiet: QuietHours, hour: float, ends: float | None) -> None:
    found = quiet.until(MONDAY + timedelta(hours=hour))
    assert found == (None if ends is None else MONDAY + timedelta(hours=ends))


def test_quiet_hours_follow_the_clock_on_the_wall() -> None:
    """In summer Paris is two hours ahead."""
    assert WORK.until(datetime(2026, 7, 6, 5, 30, tzinfo=UTC)) == datetime(2026, 7, 6, 17, 0, tzinfo=UTC)


MOMENTS = st.integers(0, 10 * 366 * 24 * 60).map(lambda minutes: MONDAY + timedelta(minutes=minutes))


@given(st.times(), st.times(), MOMENTS)
def test_a_quiet_time_ends_in_time_and_is_over_then(start: time, end: time, now: datetime) -> None:
    start, end = start.replace(second=0, microsecond=0), end.replace(second=0, microsecond=0)
    ends = QuietHours(start, end, ZoneInfo("UTC"), DAYS).until(now) if start != end else None
    if ends is not None:
        assert now < ends <= now + timedelta(days=1)


def test_in_quiet_hours_nothing_is_asked_and_nobody_waits(
    server: ScriptedHospital, source: Source, patience: Patience, pauses: list[float]
) -> None:
    quiet = replace(source, politeness=Politeness(quiet=QuietHours(time(0), time(23, 59), ZoneInfo("UTC"))))
    server.says(answer(GOOD))
    with open_hospital(quiet, {}.get, patience) as hospital:
        unit = collect(hospital)
    assert (unit.complete, server.requests, pauses) == (False, [], [])
    assert "quiet hour" in unit.problem
    assert quiet_until(quiet.politeness, patience.now()) == datetime(2026, 1, 5, 23, 59, tzinfo=UTC)


def test_never_more_connections_than_declared() -> None:
    turns, lock = Turns(Politeness(connections=3), Patience()), threading.Lock()
    under_way, most, gate = 0, 0, threading.Barrier(3)

    def speak() -> None:
        nonlocal under_way, most
        with turns.turn():
            with lock:
                under_way += 1
                most = max(most, under_way)
            gate.wait(10)
            with lock:
                under_way -= 1

    with ThreadPoolExecutor(12) as threads:
        for done in [threads.submit(speak) for _ in range(12)]:
            done.result()
    assert most == 3


def test_requests_keep_the_distance_that_was_declared() -> None:
    pauses: list[float] = []
    patience = Patience(pause=pauses.append, ticks=lambda: 100.0)
    turns = Turns(Politeness(requests_per_second=4), patience)
    for _ in range(4):
        with turns.turn():
            pass
    assert pauses == [0.25, 0.5, 0.75]


def test_a_quiet_hour_says_how_long_it_lasts() -> None:
    noon = Patience(now=lambda: MONDAY + timedelta(hours=12))
    with pytest.raises(RemoteTransientError) as caught, Turns(Politeness(quiet=WORK), noon).turn():
        pass
    assert caught.value.retry_after_seconds == 6 * 3600


Declare = Callable[[str], Source]


@pytest.fixture
def declare(tmp_path: Path) -> Declare:
    def declared(more: str) -> Source:
        (tmp_path / "chu.yaml").write_text(f"source: chu\nbase: https://h.invalid/fhir\n{more}\n", encoding="utf-8")
        return load_sources(tmp_path)["chu"]

    return declared


def test_a_declaration_says_it_all(declare: Declare, tmp_path: Path) -> None:
    source = declare(
        "politeness: {connections: 2, requests_per_second: 5,"
        ' quiet_hours: {from: "22:00", to: "06:00", zone: Europe/Paris}}\n'
        "authentication: {type: smart-backend-services, client_id: crmo, keys: chu.jwks}\n"
        "opposition: {labels: ['urn:x|NO'], list: /etc/objections, consents: {required: true}}\n"
        "addresses: {with_credentials: [https://h.invalid/bulk], without_credentials: [https://files.invalid/x]}"
    )
    assert source.politeness == Politeness(2, 5, NIGHT)
    assert source.authentication.keys == tmp_path / "chu.jwks"
    assert source.opposition is not None
    assert source.opposition.listed == Path("/etc/objections")
    assert "Consent" in source.types
    assert source.addresses.open == ("https://files.invalid/x",)


CLIENT = "type: client-secret, client_id: a, client_secret: {variable: X}"
WRONG = {
    "politeness: {connections: 0}": r"chu\.yaml:3:\d+ S001",
    "politeness: {quiet_hours: {from: '7:30', to: '19:00', zone: Europe/Paris}}": r"chu\.yaml:3:\d+ S001",
    "politeness: {quiet_hours: {from: '07:30', to: '19:00', zone: Europe/Utopia}}": r"chu\.yaml:3:\d+ R105",
    "politeness: {quiet_hours: {from: '07:30', to: '07:30', zone: Europe/Paris}}": r"chu\.yaml:3:\d+ R105",
    "authentication: {type: basic, user: me}": r"chu\.yaml:3:\d+ S001 the key 'password'",
    "authentication: {type: basic, user: me, password: hunter2}": r"chu\.yaml:3:\d+ S001",
    "authentication: {type: none, token: {variable: X}}": r"chu\.yaml:3:\d+ S001",
    "authentication: {type: bearer, token: {variable: X, file: y}}": r"chu\.yaml:3:\d+ S001",
    "authentication: {type: mutual-tls}": r"chu\.yaml:3:\d+ R106",
    f"authentication: {{{CLIENT}, token_endpoint: 'http://t.invalid'}}": r"chu\.yaml:3:\d+ R104",
    "headers: {Authorization: {variable: X}}": r"chu\.yaml:3:\d+ S001",
    "tls: {certificate: a.pem}": r"chu\.yaml:3:\d+ S001",
    "addresses: {with_credentials: ['https://u@h.invalid/']}": r"chu\.yaml:3:\d+ R102",
    "addresses: {without_credentials: ['http://files.invalid/']}": r"chu\.yaml:3:\d+ R104",
    "opposition: {labels: [NO]}": r"chu\.yaml:3:\d+ S001",
    "opposition: {}": r"chu\.yaml:3:\d+ S001",
}


@pytest.mark.parametrize("more", WRONG)
def test_a_wrong_declaration_is_told_with_its_line(declare: Declare, more: str) -> None:
    with pytest.raises(DeclarationError, match=WRONG[more]) as caught:
        declare(more)
    assert "hunter2" not in str(caught.value)


def test_http_on_this_machine_is_allowed_and_beyond_it_when_declared(declare: Declare) -> None:
    told = (
        "authentication: {type: bearer, token: {variable: X}}\naddresses: {with_credentials: ['http://127.0.0.1:1/x']}"
    )
    assert declare(told).addresses.trusted
    assert declare("addresses: {with_credentials: ['http://h.invalid/x']}\nallow_plain_http: true").addresses.trusted
