"""Every way in which a hospital may know us, against servers that check what they are sent."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from adapter.errors import ConfigError, RemoteAuthError, RemoteError
from adapter.hospital import Patience, load_sources
from adapter.hospital.client import Hospital, open_hospital
from adapter.tokens import ALGORITHMS, Algorithm, KeyRing, save_key_ring
from tests.authority import NOW, Authority, run_authority

MADE = datetime.fromtimestamp(NOW, UTC)
RINGS = {algorithm: KeyRing().with_new(algorithm, MADE) for algorithm in ALGORITHMS}
SMART = "{type: smart-backend-services, client_id: crmo}"


class Clock:
    """Seconds that pass when a test says so."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def ticks(self) -> float:
        return self.seconds


@pytest.fixture
def authority() -> Iterator[Authority]:
    with run_authority() as running:
        yield running


@pytest.fixture
def clock() -> Clock:
    return Clock()


Enter = Callable[..., Any]


@pytest.fixture
def enter(authority: Authority, tmp_path: Path, clock: Clock) -> Enter:
    """Open the hospital as a file declares it."""

    @contextmanager
    def opened(authentication: str = SMART, ring: KeyRing = RINGS["ES384"], more: str = "") -> Iterator[Hospital]:
        authority.key_set = ring.public()
        keys, text = tmp_path / "client.json", f"source: chu\nbase: {authority.base}\n{more}\n"
        save_key_ring(ring, keys)
        (tmp_path / "chu.yaml").write_text(f"{text}authentication: {authentication}\n", encoding="utf-8")
        patience = Patience(attempts=3, pause=lambda seconds: None, now=lambda: MADE, ticks=clock.ticks)
        source = load_sources(tmp_path, keys)["chu"]
        secrets = {"CHU": authority.secret, "CHU_TOKEN": "t0k"}
        with open_hospital(source, secrets.get, patience) as hospital:
            yield hospital

    return opened


def ask(hospital: Hospital) -> bool:
    return hospital.collect("Condition", {"patient": "p1"}).complete


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_smart_backend_services_signs_as_the_server_wants_it(
    authority: Authority, enter: Enter, algorithm: Algorithm
) -> None:
    authority.configuration = {"token_endpoint_auth_signing_alg_values_supported": [algorithm]}
    with enter(ring=RINGS[algorithm]) as hospital:
        assert ask(hospital)

    (head, claims) = authority.assertions[0]
    assert (head["alg"], head["typ"], set(claims)) == (algorithm, "JWT", {"iss", "sub", "aud", "exp", "jti"})
    assert authority.questions[0].headers["authorization"] == "Bearer token-1"


def test_a_server_that_takes_one_algorithm_gets_that_one(authority: Authority, enter: Enter) -> None:
    both = RINGS["RS384"].with_new("ES384", MADE)
    authority.configuration = {"token_endpoint_auth_signing_alg_values_supported": ["ES384"]}
    with enter(ring=both) as hospital:
        assert ask(hospital)
    assert authority.assertions[0][0]["alg"] == "ES384"


def test_while_keys_change_both_are_published_and_the_named_one_signs(authority: Authority, enter: Enter) -> None:
    first = RINGS["ES384"]
    both = first.with_new("ES384", MADE)
    assert len(both.public()["keys"]) == 2

    for ring in (both, both.rotated("ES384"), both.rotated("ES384").without(first.keys[0].key_id)):
        with enter(ring=ring) as hospital:
            assert ask(hospital)

    kids = [head["kid"] for head, _ in authority.assertions]
    assert kids == [both.keys[0].key_id, both.keys[1].key_id, both.keys[1].key_id]


def test_scopes_are_what_is_wanted_served_and_supported(authority: Authority, enter: Enter) -> None:
    authority.types = ("Patient", "Condition", "Observation", "Appointment")
    authority.configuration = {
        "scopes_supported": ["system/Patient.rs", "system/Condition.rs", "system/Procedure.rs"],
        "capabilities": ["permission-v2"],
    }
    with enter() as hospital:
        ask(hospital)
    assert authority.token_requests[0].form["scope"] == "system/Condition.rs system/Patient.rs"


def test_a_server_of_the_first_kind_is_asked_in_its_words(authority: Authority, enter: Enter) -> None:
    authority.types = ("Patient", "Condition")
    authority.configuration = {"scopes_supported": ["system/*.read"], "capabilities": ["permission-v1"]}
    with enter() as hospital:
        ask(hospital)
    assert authority.token_requests[0].form["scope"] == "system/Condition.read system/Patient.read"


def test_a_smaller_grant_is_told(authority: Authority, enter: Enter) -> None:
    authority.scope = "system/Patient.rs system/Condition.r system/Observation.rs?category=laboratory"
    with enter() as hospital:
        ask(hospital)
        report = hospital.access()
    assert set(report["types_missing"]) >= {"Condition", "Observation", "Procedure"}
    assert "Patient" not in report["types_missing"]


def test_what_the_server_does_not_have_is_told_apart_from_what_it_does_not_grant(
    authority: Authority, enter: Enter
) -> None:
    authority.types = ("Patient", "Condition", "Observation")
    authority.scope = "system/Patient.rs system/Condition.rs"
    with enter() as hospital:
        ask(hospital)
        report = hospital.access()
    assert report["types_missing"] == ["Observation"]
    assert set(report["types_not_offered"]) == {"ImagingStudy", "Medication", "MedicationStatement", "Procedure"}


def test_a_server_that_hides_its_capabilities_from_strangers_is_asked_for_everything(
    authority: Authority, enter: Enter
) -> None:
    plain = authority.answer
    authority.answer = lambda seen: (401, {}, {}) if seen.path.endswith("metadata") else plain(seen)  # type: ignore[method-assign]
    with enter() as hospital:
        assert ask(hospital)
    assert "system/Observation.rs" in authority.token_requests[0].form["scope"]


def together(hospital: Hospital, number: int) -> list[bool]:
    with ThreadPoolExecutor(number) as threads:
        return list(threads.map(lambda _: ask(hospital), range(number)))


def test_sixteen_threads_share_one_token(authority: Authority, enter: Enter) -> None:
    authority.gate = lambda: time.sleep(0.2)  # long enough for the others to come and wait
    with enter(more="politeness: {connections: 16}") as hospital:
        assert all(together(hospital, 16))
    assert len(authority.token_requests) == 1


def test_a_token_is_renewed_before_it_ends_once_for_all(authority: Authority, enter: Enter, clock: Clock) -> None:
    with enter(more="politeness: {connections: 16}") as hospital:
        ask(hospital)
        clock.seconds = 269
        ask(hospital)
        assert len(authority.token_requests) == 1
        clock.seconds = 271
        assert all(together(hospital, 16))
    assert len(authority.token_requests) == 2
    assert all(seen.headers["authorization"] != "Bearer token-1" for seen in authority.questions[2:])


def test_a_token_the_server_has_forgotten_is_renewed_once_for_all(authority: Authority, enter: Enter) -> None:
    with enter(more="politeness: {connections: 16}") as hospital:
        ask(hospital)
        authority.tokens.clear()
        assert all(together(hospital, 16))
    assert len(authority.token_requests) == 2


def test_a_server_that_refuses_every_token_is_asked_twice(authority: Authority, enter: Enter) -> None:
    with enter() as hospital:
        ask(hospital)
        authority.tokens = _Nothing()
        before = len(authority.questions)
        with pytest.raises(RemoteAuthError, match="401"):
            hospital.read("Condition", "c1")
    assert len(authority.questions) - before == 2


class _Nothing(set[str]):
    """A set nothing gets into."""

    def add(self, item: str) -> None:
        pass


def test_a_bare_refusal_is_met_with_another_assertion(authority: Authority, enter: Enter) -> None:
    authority.refusals = [(400, b""), (503, b"<html>")]
    with enter() as hospital:
        assert ask(hospital)
    assertions = [seen.form["client_assertion"] for seen in authority.token_requests]
    assert len(set(assertions)) == 3


def test_a_refusal_with_a_reason_is_final_and_told(authority: Authority, enter: Enter) -> None:
    authority.refusals = [(400, b'{"error": "invalid_scope", "error_description": "zq secret words"}')]
    with enter() as hospital, pytest.raises(RemoteAuthError, match="invalid_scope") as caught:
        hospital.read("Condition", "c1")
    assert "zq" not in str(caught.value)
    assert len(authority.token_requests) == 1


@pytest.mark.parametrize("way", ["in-header", "in-body"])
def test_a_client_secret_is_sent_as_declared(authority: Authority, enter: Enter, way: str) -> None:
    told = f"{{type: client-secret, client_id: crmo, client_secret: {{variable: CHU}}, send_secret: {way}}}"
    with enter(told) as hospital:
        assert ask(hospital)
    assert ("client_secret" in authority.token_requests[0].form) == (way == "in-body")


def test_basic(authority: Authority, enter: Enter) -> None:
    authority.tokens = {"Basic Y3JtbzpzM2NyK3Qvw7w="}
    with enter("{type: basic, user: crmo, password: {variable: CHU}}") as hospital:
        assert ask(hospital)


def test_a_bearer_token_is_read_again_from_its_file_when_it_is_refused(
    authority: Authority, enter: Enter, tmp_path: Path
) -> None:
    file = tmp_path / "token"
    file.write_text("old\n")
    file.chmod(0o600)
    authority.tokens = {"new"}
    with enter("{type: bearer, token: {file: token}}") as hospital:
        file.write_text("new\n")
        assert ask(hospital)
    assert [seen.headers["authorization"] for seen in authority.questions][:2] == ["Bearer old", "Bearer new"]


def test_a_secret_that_everybody_can_read_is_refused(enter: Enter, tmp_path: Path) -> None:
    (tmp_path / "token").write_text("t0k")
    (tmp_path / "token").chmod(0o644)
    with pytest.raises(ConfigError, match="read by everybody"), enter("{type: bearer, token: {file: token}}"):
        pass


def test_further_secret_headers_go_along(authority: Authority, enter: Enter) -> None:
    authority.tokens = {"t0k"}
    told = "{type: bearer, token: {variable: CHU_TOKEN}}"
    with enter(told, more="headers: {X-API-Key: {variable: CHU_TOKEN}}") as hospital:
        assert ask(hospital)
    assert authority.questions[0].headers["x-api-key"] == "t0k"


def test_a_gateway_gets_its_key_with_every_question_and_another_origin_does_not(
    authority: Authority, enter: Enter
) -> None:
    more = "headers: {X-API-Key: {variable: CHU_TOKEN}}"
    with enter(more=more) as hospital:
        assert ask(hospital)
    assert {seen.headers.get("x-api-key") for seen in authority.seen} == {"t0k"}

    with run_authority() as other:
        other.key_set = authority.key_set
        told = f"{{type: smart-backend-services, client_id: crmo, token_endpoint: '{other.base}/token'}}"
        with enter(told, more=more) as hospital:
            authority.tokens = other.tokens
            assert ask(hospital)
        assert {seen.headers.get("x-api-key") for seen in other.seen} == {None}


def test_smart_without_a_key_is_a_configuration_error(enter: Enter) -> None:
    with pytest.raises(ConfigError, match="keys new"), enter(ring=KeyRing()):
        pass


def test_a_token_endpoint_elsewhere_has_to_be_declared(authority: Authority, enter: Enter) -> None:
    with run_authority() as other:
        authority.configuration = {"token_endpoint": f"{other.base}/token"}
        with enter() as hospital, pytest.raises(RemoteError, match="another origin"):
            hospital.read("Condition", "c1")
        assert other.seen == []

        other.key_set = authority.key_set
        told = f"{{type: smart-backend-services, client_id: crmo, token_endpoint: '{other.base}/token'}}"
        with enter(told) as hospital:
            authority.tokens = other.tokens
            assert ask(hospital)
        assert authority.token_requests == []


def test_no_secret_is_in_what_is_told(authority: Authority, enter: Enter) -> None:
    told = "{type: client-secret, client_id: crmo, client_secret: {variable: CHU}}"
    with enter(told) as hospital:
        ask(hospital)
        shown = f"{hospital.access()} {hospital.source!r} {RINGS['ES384']!r}"
    assert authority.secret not in shown
    assert "token-1" not in shown
    assert RINGS["ES384"].keys[0].private()["d"] not in shown


def test_scopes_in_words_of_their_own_are_not_called_a_smaller_grant(authority: Authority, enter: Enter) -> None:
    authority.scope = "https://fhir.invalid/.default"
    kept = "client_secret: {variable: CHU}"
    told = f"{{type: client-secret, client_id: crmo, {kept}, scopes: ['https://fhir.invalid/.default']}}"
    with enter(told) as hospital:
        assert ask(hospital)
        report = hospital.access()
    assert authority.token_requests[0].form["scope"] == "https://fhir.invalid/.default"
    assert report["types_missing"] == []
