"""The doctor at servers with every habit a server was seen to have: what it says is what they do."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest

from adapter.errors import RemoteAuthError, RemoteError
from adapter.examining import explain_profile
from adapter.hospital import Patience, Search, Source, resolve_source
from adapter.hospital.client import open_hospital
from adapter.hospital.probing import ServerProfile, probe_server
from adapter.synthetic.server import Answer, FhirServer, serve_resources

Json = dict[str, Any]
Change = Callable[[str, Answer], Answer]


META = {"lastUpdated": "2026-01-01T00:00:00Z"}


def make_resources() -> list[Json]:
    made: list[Json] = []
    for number in range(6):
        subject = {"reference": f"Patient/p{number}"}
        made.append({"resourceType": "Patient", "id": f"p{number}", "meta": META})
        for place in range(4):
            code = {"coding": [{"system": "http://snomed.info/sct", "code": str(240151005 + place)}]}
            stamped = {"meta": {"lastUpdated": "2026-01-01T00:00:00Z"}}
            made.append(
                {"resourceType": "Condition", "id": f"c{number}-{place}", "code": code, "subject": subject, **stamped}
            )
    return made


class Habitual(FhirServer):
    """A server with one habit: it changes the question or the answer."""

    def __init__(self, ask: Callable[[str], str] = str, change: Change = lambda target, answer: answer) -> None:
        super().__init__(make_resources(), page_cap=10)
        self.ask, self.change = ask, change

    def answer(self, method: str, base: str, target: str, body: bytes = b"") -> Answer:
        return self.change(target, super().answer(method, base, self.ask(target), body))


def without(name: str) -> Callable[[str], str]:
    """A server that does not know a parameter, and says nothing about it."""

    def drop(target: str) -> str:
        path, _, query = target.partition("?")
        return f"{path}?{'&'.join(part for part in query.split('&') if not part.startswith(name))}"

    return drop


def bundle_change(edit: Callable[[str, Json], None]) -> Change:
    def change(target: str, answer: Answer) -> Answer:
        if answer[1].get("resourceType") == "Bundle":
            edit(target, answer[1])
        return answer

    return change


@contextmanager
def examined(server: FhirServer) -> Iterator[tuple[Source, ServerProfile]]:
    with serve_resources(server) as base:
        conditions = Search("Condition", {"code": ("http://snomed.info/sct|240151005",)})
        source = replace(resolve_source(base, {}), candidates=(conditions,), collect=(Search("Condition"),))
        with open_hospital(source, {}.get, Patience(attempts=2, pause=lambda seconds: None)) as hospital:
            yield source, probe_server(hospital)


def profile_of(server: FhirServer) -> ServerProfile:
    with examined(server) as (_, profile):
        return profile


def states(server: FhirServer) -> dict[str, str]:
    with examined(server) as (source, profile):
        return {what: state for what, state, _ in explain_profile(source, profile)}


def test_a_good_server_is_seen_as_it_is() -> None:
    profile = profile_of(Habitual())
    assert profile.filters["Condition.code"] == profile.filters["Condition.patient"] == "filters"
    assert (profile.page_cap, profile.next_form, profile.total) == (10, "absolute", "exact")
    assert (profile.count_summary, profile.offset, profile.patient_list, profile.unknown) == (
        True,
        True,
        True,
        "refused",
    )
    assert profile.held == {"Condition": 24, "Patient": 6}
    assert "code" in profile.types["Condition"]


def test_a_profile_survives_its_own_json() -> None:
    profile = profile_of(Habitual())
    assert ServerProfile.from_json({**profile.as_json(), "of a later release": 1}) == profile


def test_an_ignored_filter_is_seen() -> None:
    server = Habitual(ask=without("code"))
    assert profile_of(server).filters["Condition.code"] == "ignored"
    assert states(server)["filter Condition.code"] == "note"


def test_a_filter_that_finds_nothing_is_seen_and_is_wrong() -> None:
    def empty(target: str, bundle: Json) -> None:
        if "code=" in target:
            bundle.update(total=0, entry=[], link=[])

    server = Habitual(change=bundle_change(empty))
    assert profile_of(server).filters["Condition.code"] == "zero"
    assert states(server)["filter Condition.code"] == "wrong"


def test_a_refused_filter_is_seen() -> None:
    refused = (400, {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "not-supported"}]})
    server = Habitual(change=lambda target, answer: refused if "patient=" in target else answer)
    assert profile_of(server).filters["Condition.patient"] == "refused"


def test_a_filter_without_a_resource_to_try_it_on_is_not_called_good() -> None:
    assert profile_of(FhirServer()).filters["Condition.code"] == "unproven"


def relink(write: Callable[[str], str]) -> Change:
    def edit(target: str, bundle: Json) -> None:
        for link in bundle.get("link", []):
            if link["relation"] == "next":
                link["url"] = write(link["url"])

    return bundle_change(edit)


FORMS: dict[str, Callable[[str], str]] = {
    "absolute": str,
    "host": lambda url: "/fhir/" + url.partition("/fhir/")[2],
    "base": lambda url: url.partition("/fhir/")[2],
    "query": lambda url: "?" + url.partition("?")[2],
    "elsewhere": lambda url: url.replace("127.0.0.1", "localhost"),
}


@pytest.mark.parametrize("form", FORMS)
def test_the_form_of_next_links_is_seen(form: str) -> None:
    assert profile_of(Habitual(change=relink(FORMS[form]))).next_form == form


def test_a_server_without_next_links_is_seen() -> None:
    server = Habitual(change=bundle_change(lambda target, bundle: bundle.pop("link", None)))
    assert profile_of(server).next_form == "none"
    assert profile_of(server).page_cap == 10


def test_a_total_that_is_wrong_is_seen() -> None:
    def lie(target: str, bundle: Json) -> None:
        bundle["total"] = bundle.get("total", 0) + 1

    assert profile_of(Habitual(change=bundle_change(lie))).total == "wrong"


def test_a_server_that_does_not_count_is_seen() -> None:
    profile = profile_of(Habitual(change=bundle_change(lambda target, bundle: bundle.pop("total", None))))
    assert (profile.total, profile.count_summary) == ("none", False)


def test_a_list_of_patients_that_is_not_understood_is_seen() -> None:
    def cut(target: str) -> str:
        path, _, query = target.partition("patient=")
        return f"{path}patient={query.partition('%2C')[0].partition(',')[0]}" if query else target

    assert profile_of(Habitual(ask=cut)).patient_list is False


def test_an_offset_that_is_not_understood_is_seen() -> None:
    assert profile_of(Habitual(ask=without("_offset"))).offset is False


def test_unknown_parameters_that_are_ignored_are_seen() -> None:
    assert profile_of(Habitual(ask=without("crmo"))).unknown == "ignored"


def test_a_server_without_capabilities_is_known_by_what_it_does() -> None:
    lost = (404, {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "not-found"}]})
    profile = profile_of(Habitual(change=lambda target, answer: lost if target == "metadata" else answer))
    assert (profile.types, profile.digest, profile.filters["Condition.code"]) == ({}, "", "filters")


def test_the_digest_tells_another_server_and_not_another_day() -> None:
    def date(text: str) -> Change:
        return lambda target, answer: (answer[0], {**answer[1], "date": text}) if target == "metadata" else answer

    first, second = (profile_of(Habitual(change=date(day))).digest for day in ("2026-01-01", "2026-02-02"))
    assert first == second
    assert first != profile_of(FhirServer()).digest


def test_a_server_that_throttles_is_seen() -> None:
    server, asked = Habitual(), []
    with serve_resources(server) as base:
        source = resolve_source(base, {})
        with open_hospital(source, {}.get, Patience(attempts=2, pause=lambda seconds: None)) as hospital:
            server.change = lambda target, answer: (429, {}) if not asked and not asked.append(target) else answer  # type: ignore[func-returns-value]
            assert probe_server(hospital).throttling == "bare"


def look(base: str) -> ServerProfile:
    with open_hospital(resolve_source(base, {}), {}.get, Patience(attempts=1)) as hospital:
        return probe_server(hospital)


def test_a_server_that_is_not_there_cannot_be_examined() -> None:
    with pytest.raises(RemoteError):
        look("http://127.0.0.1:9/fhir")


def test_a_server_that_does_not_know_us_cannot_be_examined() -> None:
    login = (401, {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "login"}]})
    with serve_resources(Habitual(change=lambda target, answer: login)) as base, pytest.raises(RemoteAuthError):
        look(base)
