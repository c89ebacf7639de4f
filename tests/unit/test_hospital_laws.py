"""The law of the client: whatever a server does, what is called complete is exactly what the server has."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adapter.hospital import Patience, resolve_source
from adapter.hospital.client import Hospital, open_hospital
from tests.scripted_hospital import (
    Scripted,
    ScriptedHospital,
    answer,
    collect,
    condition,
    ids,
    outcome,
    run_scripted_hospital,
    searchset,
)

ATTEMPTS = 4
PASSING = [
    answer(outcome("exception"), 500),
    answer(outcome("throttled"), 429, Retry_After="1"),
    answer(outcome("transient"), 200),
    Scripted(200, b"<html>connexion</html>"),
    Scripted(200, b'{"resourceType": "Bun', promised=9000),
    Scripted(200, b'{"resourceType": "Bundle", "entry": ['),
    Scripted(drop=True),
]
faults = st.lists(st.sampled_from(PASSING), max_size=ATTEMPTS - 1)
pages = st.lists(st.lists(st.integers(0, 9), max_size=4), min_size=1, max_size=5)


@pytest.fixture(scope="module")
def lawful_server() -> Iterator[ScriptedHospital]:
    with run_scripted_hospital() as scripted:
        yield scripted


@pytest.fixture(scope="module")
def lawful(lawful_server: ScriptedHospital) -> Iterator[Hospital]:
    calm = Patience(attempts=ATTEMPTS, pause=lambda seconds: None)
    with open_hospital(resolve_source(lawful_server.base, {}), {}.get, calm) as opened:
        yield opened


def play(server: ScriptedHospital, numbers: list[list[int]], before: list[list[Scripted]], total: int | None) -> None:
    """Pages in order, each after its faults; entries may repeat on several pages."""
    server.script.clear()
    for place, page in enumerate(numbers):
        last = place == len(numbers) - 1
        link = None if last else f"?page={place + 2}"
        entries = [condition(f"c{number}") for number in page]
        server.says(*before[place], answer(searchset(*entries, total=total, next_link=link)))


PLENTY = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@PLENTY
@given(numbers=pages, before=st.lists(faults, min_size=5, max_size=5))
def test_faults_that_pass_leave_the_set_exact(
    lawful_server: ScriptedHospital, lawful: Hospital, numbers: list[list[int]], before: list[list[Scripted]]
) -> None:
    has = {f"c{number}" for page in numbers for number in page}
    play(lawful_server, numbers, before, total=len(has))
    unit = collect(lawful)
    assert (unit.complete, set(ids(unit)), unit.received) == (True, has, len(has))


@PLENTY
@given(numbers=pages, kept=st.integers(0, 4))
def test_server_that_stops_early_is_never_called_complete(
    lawful_server: ScriptedHospital, lawful: Hospital, numbers: list[list[int]], kept: int
) -> None:
    has = {number for page in numbers for number in page}
    shown = numbers[: kept + 1]
    seen = {number for page in shown for number in page}
    play(lawful_server, shown, [[]] * 5, total=len(has))
    unit = collect(lawful)
    assert unit.complete == (seen == has)


@PLENTY
@given(numbers=pages, place=st.integers(0, 4), fault=st.sampled_from(PASSING))
def test_fault_that_stays_is_never_called_complete(
    lawful_server: ScriptedHospital, lawful: Hospital, numbers: list[list[int]], place: int, fault: Scripted
) -> None:
    before = [[fault] * ATTEMPTS if place % len(numbers) == at else [] for at in range(5)]
    play(lawful_server, numbers, before, total=len({number for page in numbers for number in page}))
    assert not collect(lawful).complete
