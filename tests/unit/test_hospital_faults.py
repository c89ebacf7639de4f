"""Faults that pass, faults that stay, refusals: each is exact or loud, none is silent."""

from __future__ import annotations

import inspect
from dataclasses import replace

import pytest
from requests import exceptions

from adapter.errors import RemoteAuthError, RemoteError, UsageError
from adapter.hospital import Patience, Source
from adapter.hospital.client import Hospital, open_hospital
from adapter.hospital.retry import parse_retry_after
from adapter.hospital.session import TRANSLATIONS, translate_exception
from tests.scripted_hospital import (
    GOOD,
    NOW,
    Scripted,
    ScriptedHospital,
    answer,
    collect,
    condition,
    ids,
    outcome,
    searchset,
    zipped,
)

CUT = Scripted(200, b'{"resourceType": "Bundle", "type"', promised=4000)
LOGIN_PAGE = Scripted(200, b"<html><title>Connexion</title></html>", {"Content-Type": "text/html"})


@pytest.mark.parametrize(
    "fault",
    [
        answer(outcome("exception"), 500),
        answer(outcome("transient"), 502),
        Scripted(503, b"down"),
        answer(outcome("throttled"), 429),
        answer(outcome("timeout"), 200),
        LOGIN_PAGE,
        CUT,
        Scripted(200, b'{"resourceType": "Bundle", "type": "searchset", "entry": ['),
        Scripted(200, b""),
        Scripted(200, b"[]"),
        Scripted(drop=True),
        answer({"resourceType": "Patient", "id": "p1"}),
        answer({"resourceType": "Bundle", "type": "searchset", "entry": [{"fullUrl": "urn:uuid:1"}]}),
        answer({"resourceType": "Bundle", "type": "searchset", "entry": {"resource": {}}}),
        answer({"resourceType": "Bundle", "type": "history"}),
        Scripted(200, b"not gzip", {"Content-Encoding": "gzip"}),
    ],
    ids=lambda fault: f"{fault.status}-{fault.body[:30]!r}" if not fault.drop else "dropped",
)
def test_is_exact_after_a_fault_that_passes(server: ScriptedHospital, hospital: Hospital, fault: Scripted) -> None:
    server.says(fault, fault, answer(GOOD))
    unit = collect(hospital)
    assert (ids(unit), unit.complete) == (["a"], True)


def test_fault_on_a_later_page_asks_that_page_again(server: ScriptedHospital, hospital: Hospital) -> None:
    server.says(answer(searchset(condition("a"), total=2, next_link="?page=2")), CUT)
    server.says(answer(searchset(condition("b"), total=2)))
    assert collect(hospital).complete
    assert [request.partition("?")[2] for request in server.requests[1:]] == ["page=2", "page=2"]


def test_fault_that_stays_is_loud(server: ScriptedHospital, hospital: Hospital, pauses: list[float]) -> None:
    server.says(*[answer(outcome("exception"), 500)] * 9)
    unit = collect(hospital)
    assert (unit.complete, len(server.requests), pauses) == (False, 4, [0.5, 1.0, 2.0])
    assert "500" in unit.problem


def test_waits_as_long_as_the_server_asks(server: ScriptedHospital, hospital: Hospital, pauses: list[float]) -> None:
    server.says(
        answer(outcome("throttled"), 429, Retry_After="7"),
        answer(outcome("throttled"), 503, Retry_After="Mon, 05 Jan 2026 08:01:30 GMT"),
        answer(GOOD),
    )
    assert collect(hospital).complete
    assert pauses == [7.0, 90.0]


def test_gives_up_when_the_server_asks_for_hours(
    server: ScriptedHospital, hospital: Hospital, pauses: list[float]
) -> None:
    server.says(answer(outcome("throttled"), 429, Retry_After="7200"))
    assert (collect(hospital).complete, pauses, len(server.requests)) == (False, [], 1)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("120", 120.0),
        ("0", 0.0),
        ("Mon, 05 Jan 2026 08:00:30 GMT", 30.0),
        ("Mon, 05 Jan 2026 07:00:00 GMT", 0.0),
        ("soon", None),
        ("-3", None),
        (None, None),
    ],
)
def test_reads_both_forms_of_retry_after(text: str | None, seconds: float | None) -> None:
    assert parse_retry_after(text, NOW) == seconds


def test_backoff_draws_from_the_whole_interval_up_to_its_cap(server: ScriptedHospital, source: Source) -> None:
    drawn: list[tuple[float, float]] = []

    def chance(low: float, high: float) -> float:
        drawn.append((low, high))
        return 0.0

    server.says(*[Scripted(503)] * 9)
    hasty = Patience(attempts=6, backoff_cap_seconds=3.0, pause=lambda _: None, chance=chance)
    with open_hospital(source, {}.get, hasty) as hospital:
        collect(hospital)
    assert drawn == [(0.0, 0.5), (0.0, 1.0), (0.0, 2.0), (0.0, 3.0), (0.0, 3.0)]


def test_slow_server_ends_in_a_transient_error(server: ScriptedHospital, source: Source, patience: Patience) -> None:
    server.says(*[Scripted(200, b"{}", delay_seconds=5.0)] * 4)
    hasty = replace(source, timeouts=replace(source.timeouts, read_seconds=0.05))
    with open_hospital(hasty, {}.get, patience) as hospital:
        unit = collect(hospital)
    assert (unit.complete, unit.unreachable) == (False, True)
    assert "no answer in time" in unit.problem


def test_dripping_answer_is_bounded_as_a_whole(server: ScriptedHospital, source: Source) -> None:
    ticks = iter(range(0, 10_000, 100))
    server.says(*[answer(GOOD)] * 2)
    impatient = Patience(attempts=2, pause=lambda _: None, ticks=lambda: float(next(ticks)))
    hasty = replace(source, timeouts=replace(source.timeouts, answer_seconds=50.0))
    with open_hospital(hasty, {}.get, impatient) as hospital:
        assert "too slowly" in collect(hospital).problem


def test_server_that_is_not_there_is_unreachable(source: Source, patience: Patience) -> None:
    nowhere = replace(source, base="http://127.0.0.1:1/fhir")
    with open_hospital(nowhere, {}.get, patience) as hospital:
        assert collect(hospital).unreachable


def test_gzip_is_unpacked(server: ScriptedHospital, hospital: Hospital) -> None:
    server.says(zipped(GOOD))
    assert collect(hospital).complete


def test_too_large_answer_is_refused_even_when_it_is_small_on_the_wire(
    server: ScriptedHospital, source: Source, patience: Patience
) -> None:
    server.says(zipped({**GOOD, "id": "0" * 5_000_000}))
    small = replace(source, max_answer_bytes=100_000)
    with open_hospital(small, {}.get, patience) as hospital:
        unit = collect(hospital)
    assert (unit.complete, len(server.requests)) == (False, 1)
    assert "larger than 100000 bytes" in unit.problem


@pytest.mark.parametrize(
    ("scripted", "kind"),
    [
        (answer(outcome("login"), 401), RemoteAuthError),
        (answer(outcome("forbidden"), 403), RemoteAuthError),
        (answer(outcome("not-found"), 404), RemoteError),
        (answer(outcome("invalid"), 400), RemoteError),
        (answer(outcome("not-supported"), 200), RemoteError),
    ],
)
def test_refusal_is_not_asked_again(
    server: ScriptedHospital, hospital: Hospital, scripted: Scripted, kind: type[RemoteError]
) -> None:
    server.says(scripted)
    with pytest.raises(kind) as raised:
        hospital.read("Patient", "p1")
    assert (type(raised.value), len(server.requests)) == (kind, 1)


def test_messages_name_the_host_and_no_query_value(server: ScriptedHospital, hospital: Hospital) -> None:
    server.says(answer(outcome("invalid"), 400))
    unit = hospital.collect("Condition", {"patient": "martin-1750399"})
    assert "127.0.0.1" in unit.problem
    assert "martin" not in unit.problem


@pytest.mark.parametrize("id_", ["p1/../../admin", "..", "", "p1?_format=xml", "p1#x", "p 1"])
def test_id_that_would_change_the_address_is_refused(hospital: Hospital, id_: str) -> None:
    with pytest.raises(UsageError):
        hospital.read("Patient", id_)


def test_id_that_r4_does_not_allow_is_asked_for_all_the_same(server: ScriptedHospital, hospital: Hospital) -> None:
    server.says(answer({"resourceType": "Patient", "id": "p_1%"}))
    hospital.read("Patient", "p_1%")
    assert server.requests == ["GET /fhir/Patient/p_1%25"]


def test_reads_capabilities(server: ScriptedHospital, hospital: Hospital) -> None:
    server.says(answer({"resourceType": "CapabilityStatement", "fhirVersion": "4.0.1"}))
    assert hospital.capabilities()["fhirVersion"] == "4.0.1"


def _requests_exceptions() -> list[type[exceptions.RequestException]]:
    classes = (each for _, each in inspect.getmembers(exceptions, inspect.isclass))
    return [each for each in classes if issubclass(each, exceptions.RequestException)]


@pytest.mark.parametrize("kind", _requests_exceptions())
def test_every_exception_of_the_library_is_translated(kind: type[exceptions.RequestException]) -> None:
    """A new version of requests may bring a new exception; it must get its own line in the table."""
    assert kind in TRANSLATIONS


@pytest.mark.parametrize("kind", _requests_exceptions())
def test_translation_keeps_nothing_of_the_address(kind: type[exceptions.RequestException]) -> None:
    error = kind.__new__(kind)
    error.args = ("https://h.invalid/fhir/Condition?patient=martin",)
    translated = translate_exception(error, "h.invalid")
    assert "martin" not in str(translated)
    assert translated.host == "h.invalid"
