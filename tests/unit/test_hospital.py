"""The client against a server that answers by script, over real sockets on loopback."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from requests import exceptions
from scripted_hospital import (
    Scripted,
    ScriptedHospital,
    answer,
    condition,
    outcome,
    run_scripted_hospital,
    searchset,
    zipped,
)

from adapter.errors import (
    ConfigError,
    DeclarationError,
    NotSupportedError,
    RemoteAuthError,
    RemoteError,
    RemoteTransientError,
    UsageError,
)
from adapter.hospital import Hospital, Patience, Source, Unit, load_sources, open_hospital, resolve_source
from adapter.hospital.origin import resolve_link
from adapter.hospital.retry import parse_retry_after
from adapter.hospital.session import TRANSLATIONS, translate_exception

NOW = datetime(2026, 1, 5, 8, 0, tzinfo=UTC)


@pytest.fixture
def server() -> Iterator[ScriptedHospital]:
    with run_scripted_hospital() as scripted:
        yield scripted


@pytest.fixture
def pauses() -> list[float]:
    return []


@pytest.fixture
def patience(pauses: list[float]) -> Patience:
    return Patience(attempts=4, pause=pauses.append, chance=lambda low, high: high, now=lambda: NOW)


@pytest.fixture
def source(server: ScriptedHospital) -> Source:
    return resolve_source(server.base, {})


@pytest.fixture
def hospital(source: Source, patience: Patience) -> Iterator[Hospital]:
    with open_hospital(source, {}.get, patience) as opened:
        yield opened


def collect(hospital: Hospital) -> Unit:
    return hospital.collect("Condition", {"patient": "p1"})


def ids(unit: Unit) -> list[str]:
    return [resource["id"] for resource in unit.of_type("Condition")]


# --- paging -----------------------------------------------------------------------------------------------------


def test_follows_next_links_to_the_last_page(server: ScriptedHospital, hospital: Hospital) -> None:
    server.says(
        answer(searchset(condition("a"), total=3, next_link="?page=2")),
        answer(searchset(condition("b"), total=3, next_link=f"{server.base}/Condition?page=3")),
        answer(searchset(condition("c"), total=3)),
    )
    unit = collect(hospital)
    assert (ids(unit), unit.complete, unit.proof, unit.pages) == (["a", "b", "c"], True, "total", 3)


@pytest.mark.parametrize(
    ("link", "expected"),
    [
        ("?page=2", "https://h.invalid/fhir/Condition?page=2"),
        ("Condition?page=2", "https://h.invalid/fhir/Condition?page=2"),
        ("/Condition?page=2", "https://h.invalid/fhir/Condition?page=2"),
        ("/fhir/Condition?page=2", "https://h.invalid/fhir/Condition?page=2"),
        ("/fhir?_getpages=x", "https://h.invalid/fhir?_getpages=x"),
        ("https://h.invalid/fhir?_getpages=x", "https://h.invalid/fhir?_getpages=x"),
        ("https://H.invalid:443/fhir?_getpages=x", "https://H.invalid:443/fhir?_getpages=x"),
        ("//h.invalid/fhir?_getpages=x#top", "https://h.invalid/fhir?_getpages=x"),
    ],
)
def test_reads_every_form_of_link_that_servers_write(link: str, expected: str) -> None:
    assert resolve_link(link, "https://h.invalid/fhir", "https://h.invalid/fhir/Condition?patient=p1") == expected


@pytest.mark.parametrize(
    "link",
    [
        "https://elsewhere.invalid/fhir?page=2",
        "http://h.invalid/fhir?page=2",
        "https://h.invalid:8443/fhir?page=2",
        "//elsewhere.invalid/fhir?page=2",
        "https://h.invalid@elsewhere.invalid/fhir",
        "https://user:secret@h.invalid/fhir",
        "https://h.invalid.elsewhere.invalid/fhir",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "https://h.invalid:port/fhir",
    ],
)
def test_refuses_links_to_another_origin(link: str) -> None:
    with pytest.raises(RemoteError):
        resolve_link(link, "https://h.invalid/fhir", "https://h.invalid/fhir/Condition")


def test_page_elsewhere_makes_the_unit_incomplete_and_is_never_asked(
    server: ScriptedHospital, hospital: Hospital
) -> None:
    with run_scripted_hospital() as other:
        server.says(answer(searchset(condition("a"), total=2, next_link=f"{other.base}/Condition?page=2")))
        unit = collect(hospital)
        assert (unit.complete, other.requests) == (False, [])
    assert "another origin" in unit.problem


def test_redirect_to_another_origin_is_refused(server: ScriptedHospital, hospital: Hospital) -> None:
    with run_scripted_hospital() as other:
        server.says(Scripted(307, headers={"Location": f"{other.base}/Condition"}))
        unit = collect(hospital)
        assert (unit.complete, other.requests) == (False, [])


def test_redirect_within_the_origin_is_followed(server: ScriptedHospital, hospital: Hospital) -> None:
    server.says(Scripted(302, headers={"Location": "/fhir/v2/Condition"}), answer(searchset(condition("a"), total=1)))
    assert collect(hospital).complete


def test_next_links_in_a_circle_end_incomplete(server: ScriptedHospital, hospital: Hospital) -> None:
    server.says(
        answer(searchset(condition("a"), total=9, next_link="?page=2")),
        answer(searchset(condition("b"), total=9, next_link="?page=3")),
        answer(searchset(condition("c"), total=9, next_link="?page=2")),
    )
    unit = collect(hospital)
    assert (unit.complete, ids(unit)) == (False, ["a", "b", "c"])
    assert "circle" in unit.problem


def test_ever_new_links_without_anything_new_end_incomplete(server: ScriptedHospital, hospital: Hospital) -> None:
    for number in range(30):
        server.says(answer(searchset(condition("a"), total=9, next_link=f"?page={number}")))
    unit = collect(hospital)
    assert "nothing new" in unit.problem


def test_empty_page_with_next_is_passed_over(server: ScriptedHospital, hospital: Hospital) -> None:
    server.says(
        answer(searchset(condition("a"), total=2, next_link="?page=2")),
        answer(searchset(total=2, next_link="?page=3")),
        answer(searchset(condition("b"), total=2)),
    )
    assert (ids(unit := collect(hospital)), unit.complete) == (["a", "b"], True)


def test_entry_sent_twice_counts_once(server: ScriptedHospital, hospital: Hospital) -> None:
    server.says(
        answer(searchset(condition("a"), condition("b"), total=3, next_link="?page=2")),
        answer(searchset(condition("b"), condition("c"), total=3)),
    )
    unit = collect(hospital)
    assert (ids(unit), unit.received, unit.complete) == (["a", "b", "c"], 3, True)


def test_newest_version_of_a_resource_wins(server: ScriptedHospital, hospital: Hospital) -> None:
    newer, older = condition("a", meta={"versionId": "10"}), condition("a", meta={"versionId": "9"})
    server.says(answer(searchset(newer, total=1, next_link="?page=2")), answer(searchset(older, total=1)))
    assert next(iter(collect(hospital).resources.values()))["meta"]["versionId"] == "10"


def test_expired_page_starts_the_search_again(server: ScriptedHospital, hospital: Hospital) -> None:
    first = answer(searchset(condition("a"), total=2, next_link="?page=2"))
    server.says(first, answer(outcome("expired"), 410), first, answer(searchset(condition("b"), total=2)))
    assert collect(hospital).complete


def test_page_that_stays_expired_makes_the_unit_incomplete(server: ScriptedHospital, hospital: Hospital) -> None:
    first = answer(searchset(condition("a"), total=2, next_link="?page=2"))
    gone = answer(outcome("expired"), 410)
    server.says(first, gone, first, gone, first, gone)
    unit = collect(hospital)
    assert (unit.complete, len(server.requests)) == (False, 6)


# --- completeness -----------------------------------------------------------------------------------------------


def test_server_that_stops_early_is_found_out(server: ScriptedHospital, hospital: Hospital) -> None:
    """HAPI is known to stop sending next links before the total is reached; every peer loses the rest in silence."""
    server.says(answer(searchset(condition("a"), total=24)))
    unit = collect(hospital)
    assert (unit.complete, unit.expected, unit.received) == (False, 24, 1)
    assert unit.problem == "the server counts 24, 1 came"


def test_counts_when_the_server_gives_no_total(server: ScriptedHospital, hospital: Hospital) -> None:
    server.says(answer(searchset(condition("a"))), answer(searchset(total=1)))
    unit = collect(hospital)
    assert (unit.complete, unit.proof) == (True, "count")
    assert "_summary=count" in server.requests[1]


def test_same_answer_twice_proves_a_single_page(server: ScriptedHospital, hospital: Hospital) -> None:
    page = answer(searchset(condition("a")))
    server.says(page, page)
    assert collect(hospital).proof == "repeat"


def test_empty_answer_that_fills_on_asking_again_is_not_complete(server: ScriptedHospital, hospital: Hospital) -> None:
    server.says(answer(searchset()), answer(searchset(condition("a"))))
    assert not collect(hospital).complete


def test_several_pages_without_any_count_are_not_called_complete(server: ScriptedHospital, hospital: Hospital) -> None:
    pages = [answer(searchset(condition("a"), next_link="?page=2")), answer(searchset(condition("b")))]
    server.says(*pages, answer(searchset(condition("a"), next_link="?page=2")))
    unit = collect(hospital)
    assert (unit.complete, unit.proof, ids(unit)) == (False, "", ["a", "b"])


def test_included_resources_do_not_count_as_matches(server: ScriptedHospital, hospital: Hospital) -> None:
    page = searchset(condition("a"), total=1)
    page["entry"].append({"resource": {"resourceType": "Medication", "id": "m"}, "search": {"mode": "include"}})
    server.says(answer(page))
    unit = collect(hospital)
    assert (unit.received, len(unit.resources), unit.complete) == (1, 2, True)


def test_informative_outcome_entry_is_ignored(server: ScriptedHospital, hospital: Hospital) -> None:
    page = searchset(condition("a"), total=1)
    page["entry"].append({"resource": outcome("informational", "warning"), "search": {"mode": "outcome"}})
    server.says(answer(page))
    unit = collect(hospital)
    assert (len(unit.resources), unit.complete) == (1, True)


def test_error_outcome_entry_makes_the_unit_incomplete(server: ScriptedHospital, hospital: Hospital) -> None:
    page = searchset(condition("a"), total=1)
    page["entry"].append({"resource": outcome("processing", "fatal"), "search": {"mode": "outcome"}})
    server.says(answer(page))
    assert collect(hospital).problem == "the server reports an error: processing"


# --- faults that pass -------------------------------------------------------------------------------------------

GOOD = searchset(condition("a"), total=1)
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
    assert "fell silent" in unit.problem


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


# --- refusals ---------------------------------------------------------------------------------------------------


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


def test_id_that_would_change_the_address_is_refused(hospital: Hospital) -> None:
    with pytest.raises(UsageError):
        hospital.read("Patient", "p1/../../admin")


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


# --- sending ----------------------------------------------------------------------------------------------------


def _transaction(method: str) -> dict[str, object]:
    entry = {"resource": condition("a"), "request": {"method": method, "url": "Condition/a"}}
    return {"resourceType": "Bundle", "type": "transaction", "entry": [entry]}


_DONE = answer({"resourceType": "Bundle", "type": "transaction-response", "entry": [{"response": {"status": "201"}}]})


def test_transaction_of_puts_is_sent_again_after_a_fault(server: ScriptedHospital, hospital: Hospital) -> None:
    server.says(Scripted(drop=True), _DONE)
    assert hospital.transaction(_transaction("PUT"))["type"] == "transaction-response"
    assert len(server.requests) == 2


def test_transaction_that_creates_is_sent_once(server: ScriptedHospital, hospital: Hospital) -> None:
    """A lost answer does not say whether the resource was created; sending again could create a second one."""
    server.says(Scripted(drop=True), _DONE)
    with pytest.raises(RemoteTransientError):
        hospital.transaction(_transaction("POST"))
    assert len(server.requests) == 1


def test_transaction_must_be_answered_entry_by_entry(server: ScriptedHospital, hospital: Hospital) -> None:
    server.says(answer({"resourceType": "Bundle", "type": "transaction-response"}))
    with pytest.raises(RemoteError, match="every entry"):
        hospital.transaction(_transaction("PUT"))


# --- sources ----------------------------------------------------------------------------------------------------

SOURCE = """
source: chu-exemple
base: {base}
centre: CHU Exemple
{more}
"""


@pytest.fixture
def declare(tmp_path: Path) -> Callable[..., dict[str, Source]]:
    def declare_source(base: str = "https://h.invalid/fhir/", more: str = "") -> dict[str, Source]:
        (tmp_path / "chu.yaml").write_text(SOURCE.format(base=base, more=more), encoding="utf-8")
        return load_sources(tmp_path)

    return declare_source


def test_declared_source_takes_our_defaults(declare: Callable[..., dict[str, Source]]) -> None:
    source = resolve_source("chu-exemple", declare())
    assert (source.base, source.centre, source.page_size) == ("https://h.invalid/fhir", "CHU Exemple", 100)
    assert "M86.3" in source.candidates[0].parameters["code"]
    assert [search.type for search in source.collect][:2] == ["Condition", "Procedure"]


def test_declared_source_may_ask_otherwise(declare: Callable[..., dict[str, Source]]) -> None:
    source = declare(more="page_size: 20\nuse_medication_requests: true\ntimeouts: {read_seconds: 5}")["chu-exemple"]
    assert (source.page_size, source.timeouts.read_seconds, source.timeouts.connect_seconds) == (20, 5, 5)
    assert source.collect[-1].type == "MedicationRequest"


def test_source_errors_carry_their_place(declare: Callable[..., dict[str, Source]]) -> None:
    with pytest.raises(DeclarationError, match=r"chu\.yaml:5:1 S001"):
        declare(more="page_size: many")


def test_same_name_twice_is_refused(declare: Callable[..., dict[str, Source]], tmp_path: Path) -> None:
    (tmp_path / "other.yaml").write_text(SOURCE.format(base="https://o.invalid/fhir", more=""), encoding="utf-8")
    with pytest.raises(DeclarationError, match="declared twice"):
        declare()


def test_authentication_that_comes_later_is_refused(declare: Callable[..., dict[str, Source]]) -> None:
    with pytest.raises(NotSupportedError, match="smart-backend-services"):
        declare(more="authentication: {type: smart-backend-services}")


def test_token_is_not_sent_over_plain_http(declare: Callable[..., dict[str, Source]]) -> None:
    with pytest.raises(DeclarationError, match="https"):
        declare(base="http://h.invalid/fhir", more="authentication: {type: bearer, token_variable: CHU_TOKEN}")


def test_missing_token_is_a_configuration_error(declare: Callable[..., dict[str, Source]]) -> None:
    source = declare(more="authentication: {type: bearer, token_variable: CHU_TOKEN}")["chu-exemple"]
    with pytest.raises(ConfigError, match="CHU_TOKEN"), open_hospital(source, {}.get):
        pass


def test_token_travels_to_the_server(server: ScriptedHospital, source: Source, patience: Patience) -> None:
    server.says(answer(GOOD))
    with open_hospital(replace(source, token_variable="CHU_TOKEN"), {"CHU_TOKEN": "t0k"}.get, patience) as hospital:  # noqa: S106
        collect(hospital)
    assert server.tokens == ["Bearer t0k"]


def test_netrc_is_never_used(
    server: ScriptedHospital, hospital: Hospital, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login x password y", encoding="utf-8")
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    server.says(answer(GOOD))
    collect(hospital)
    assert server.tokens == [None]


@pytest.mark.parametrize("name", ["chu-inconnu", "ftp://h.invalid/fhir", "https://h.invalid/fhir?x=1", "https://"])
def test_name_that_is_no_source_is_a_usage_error(name: str) -> None:
    with pytest.raises(UsageError):
        resolve_source(name, {})
