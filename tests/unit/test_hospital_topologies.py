"""Wherever a hospital's server sends us, our secrets stay with it: sinks wait at other addresses and keep each byte.

The server hands out a cookie with its first answer; the source has a token, a gateway's key and a client assertion.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from adapter.crawl import SearchTaking
from adapter.errors import RemoteError
from adapter.hospital import Patience, Search, load_sources
from adapter.hospital.client import Hospital
from adapter.hospital.session import open_session
from adapter.tokens import KeyRing, save_key_ring
from tests.authority import NOW, Authority, run_authority
from tests.faults.ours import open_parts
from tests.scripted_hospital import condition, searchset

MADE = datetime.fromtimestamp(NOW, UTC)
RING = KeyRing().with_new("ES384", MADE)
COOKIE, KEY = "c00kie-of-the-server", "k3y-of-the-gateway"
ANSWER = b'{"resourceType":"Bundle","type":"searchset","total":1}'


@dataclass
class Sink:
    """Somebody else's server, who would be glad of a secret."""

    port: int = 0
    heard: list[bytes] = field(default_factory=list)

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@contextmanager
def run_sink() -> Iterator[Sink]:
    """Takes every connection, keeps what is said, and answers as a FHIR server would."""
    sink, listener = Sink(), socket.create_server(("127.0.0.1", 0))
    sink.port = listener.getsockname()[1]

    def listen() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                sink.heard.append(connection.recv(65536))
                head = f"HTTP/1.1 200 OK\r\nContent-Type: application/fhir+json\r\nContent-Length: {len(ANSWER)}\r\n"
                connection.sendall(f"{head}Connection: close\r\n\r\n".encode() + ANSWER)

    thread = threading.Thread(target=listen, daemon=True)
    thread.start()
    try:
        yield sink
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join()


@pytest.fixture
def sink() -> Iterator[Sink]:
    with run_sink() as running:
        yield running


@pytest.fixture
def authority() -> Iterator[Authority]:
    with run_authority() as running:
        running.key_set = RING.public()
        yield running


Declare = Callable[..., Any]


@pytest.fixture
def enter(authority: Authority, tmp_path: Path) -> Declare:
    """A hospital with every kind of secret at once, which has been talked to already."""

    @contextmanager
    def opened(more: str = "", warm: bool = True) -> Iterator[tuple[Hospital, Any]]:
        keys = tmp_path / "client.json"
        save_key_ring(RING, keys)
        text = f"source: chu\nbase: {authority.base}\nheaders: {{X-API-Key: {{variable: KEY}}}}\n{more}\n"
        told = "authentication: {type: smart-backend-services, client_id: crmo}\n"
        (tmp_path / "chu.yaml").write_text(text + told, encoding="utf-8")
        patience = Patience(attempts=2, pause=lambda seconds: None, now=lambda: MADE)
        source = load_sources(tmp_path, keys)["chu"]
        with open_session(source, {"KEY": KEY}.get, patience) as session:
            hospital = Hospital(source, session, patience)
            if warm:
                authority.answers.append((200, {"Set-Cookie": f"affinity={COOKIE}; Path=/"}, searchset(total=0)))
                hospital.collect("Condition", {"patient": "p0"})
            yield hospital, session

    return opened


def secrets_of(authority: Authority) -> list[str]:
    assertions = [seen.form["client_assertion"] for seen in authority.token_requests if "client_assertion" in seen.form]
    tokens = [f"token-{number}" for number in range(1, len(authority.token_requests) + 2)]
    return [COOKIE, KEY, "uthorization", "client_assertion", "ookie:", *tokens, *assertions]


def assert_learns_nothing(sink: Sink, authority: Authority) -> None:
    for heard in sink.heard:
        text = heard.decode("latin-1")
        assert [secret for secret in secrets_of(authority) if secret in text] == []


def first_page(link: str) -> tuple[int, dict[str, str], Any]:
    return 200, {}, searchset(condition("a"), total=2, next_link=link)


# How a server may name the sink in a next link: {sink} is its origin, {port} its port, {own} the server's own origin.
LINKS = {
    "another port": "{sink}/fhir/Condition?page=2",
    "another name of this machine": "http://localhost:{port}/fhir/Condition?page=2",
    "another scheme": "https://127.0.0.1:{port}/fhir/Condition?page=2",
    "no scheme": "//127.0.0.1:{port}/fhir/Condition?page=2",
    "the server as user name": "http://{host}@127.0.0.1:{port}/fhir/Condition?page=2",
    "a backslash": "http://{host}\\@127.0.0.1:{port}/fhir/Condition?page=2",
    "a tab": "\thttp://127.0.0.1:\t{port}/fhir/Condition?page=2",
    "the machine as a number": "http://2130706433:{port}/fhir/Condition?page=2",
    "a token in the query": "{sink}/fhir/Condition?access_token=x",
}


@pytest.mark.parametrize("name", LINKS)
def test_a_next_link_elsewhere_is_not_followed(authority: Authority, sink: Sink, enter: Declare, name: str) -> None:
    host = authority.base.removeprefix("http://").removesuffix("/fhir")
    with enter() as (hospital, _):
        authority.answers.append(first_page(LINKS[name].format(sink=sink.origin, port=sink.port, host=host)))
        unit = hospital.collect("Condition", {"patient": "p1"})
    assert not unit.complete
    assert sink.heard == []


PATHS = [
    "/fhirevil/Condition",
    "/fhir/../admin/Condition",
    "/fhir/%2e%2e/admin/Condition",
    "/fhir/..%2fadmin",
    "/admin",
]


@pytest.mark.parametrize("path", PATHS)
def test_another_application_of_the_same_server_gets_nothing(authority: Authority, enter: Declare, path: str) -> None:
    with enter() as (hospital, _):
        authority.answers.append(first_page(f"{authority.base.removesuffix('/fhir')}{path}?page=2"))
        unit = hospital.collect("Condition", {"patient": "p1"})
    assert not unit.complete
    assert all(
        seen.path.startswith(("/fhir/Condition?", "/fhir/token", "/fhir/.well", "/fhir/meta"))
        for seen in authority.seen
    )


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_elsewhere_is_not_followed(authority: Authority, sink: Sink, enter: Declare, status: int) -> None:
    with enter() as (hospital, _):
        authority.answers.append((status, {"Location": f"{sink.origin}/fhir/Condition/c1"}, b""))
        with pytest.raises(RemoteError, match="another origin"):
            hospital.read("Condition", "c1")
    assert sink.heard == []


def test_a_redirect_at_home_that_leads_away_later_is_not_followed(
    authority: Authority, sink: Sink, enter: Declare
) -> None:
    with enter() as (hospital, _):
        authority.answers += [
            (302, {"Location": f"{authority.base}/Condition/moved"}, b""),
            (302, {"Location": f"//127.0.0.1:{sink.port}/fhir/Condition/c1"}, b""),
        ]
        with pytest.raises(RemoteError, match="another origin"):
            hospital.read("Condition", "c1")
    assert sink.heard == []


def test_a_posted_transaction_is_not_sent_on(authority: Authority, sink: Sink, enter: Declare) -> None:
    with enter() as (hospital, _):
        authority.answers.append((307, {"Location": f"{sink.origin}/fhir"}, b""))
        with pytest.raises(RemoteError, match="not followed"):
            hospital.transaction({"resourceType": "Bundle", "type": "transaction", "entry": []})
    assert sink.heard == []


def test_an_assertion_is_not_sent_on(authority: Authority, sink: Sink, enter: Declare) -> None:
    authority.refusals = [(307, b"")] * 9
    forward = authority.answer

    def redirecting(seen: Any) -> Any:
        status, headers, body = forward(seen)
        return status, {**headers, **({"Location": f"{sink.origin}/token"} if status == 307 else {})}, body

    authority.answer = redirecting  # type: ignore[method-assign]
    with enter(warm=False) as (hospital, _), pytest.raises(RemoteError, match="redirects the token request"):
        hospital.read("Condition", "c1")
    assert sink.heard == []


def test_an_assertion_does_not_go_where_a_configuration_points(
    authority: Authority, sink: Sink, enter: Declare
) -> None:
    authority.configuration = {"token_endpoint": f"{sink.origin}/token"}
    with enter(warm=False) as (hospital, _), pytest.raises(RemoteError, match="token endpoint at another origin"):
        hospital.read("Condition", "c1")
    assert sink.heard == []


def answering(authority: Authority, served: dict[str, Any]) -> Callable[[Any], Any]:
    """Resources by the beginning of what is asked for; tokens as before."""
    plain = authority.answer

    def answer(seen: Any) -> Any:
        asked = seen.path.removeprefix("/fhir/")
        found = next((body for start, body in served.items() if asked.startswith(start)), None)
        return plain(seen) if found is None else (200, {}, found)

    return answer


def test_a_reference_elsewhere_is_not_read(authority: Authority, sink: Sink, enter: Declare, tmp_path: Path) -> None:
    statement = {
        "resourceType": "MedicationStatement",
        "id": "m1",
        "subject": {"reference": "Patient/p1"},
        "medicationReference": {"reference": f"{sink.origin}/fhir/Medication/d1"},
    }
    patient = {"resourceType": "Patient", "id": "p1"}
    with enter() as (hospital, _), open_parts(tmp_path) as parts:
        searches = {"candidates": (Search("Patient"),), "collect": (Search("MedicationStatement"),)}
        hospital.source = replace(hospital.source, **searches)
        found, held = searchset(patient, total=1), searchset(statement, total=1)
        served = {"Patient?": found, "Patient/p1": patient, "MedicationStatement?": held}
        authority.answer = answering(authority, served)  # type: ignore[method-assign]
        taking = SearchTaking(parts, hospital, "pull")
        assert taking.take(lambda stage: True)
        assert set(taking.of("p1").resources) == {"Patient/p1", "MedicationStatement/m1"}
    assert sink.heard == []


def fetch(session: Any, url: str) -> bytes:
    with session.download(url) as stream:
        return b"".join(stream.chunks())


def test_a_bulk_file_elsewhere_is_not_fetched(authority: Authority, sink: Sink, enter: Declare) -> None:
    with enter() as (_, session), pytest.raises(RemoteError, match="another origin"):
        fetch(session, f"{sink.origin}/files/1.ndjson")
    assert sink.heard == []


def test_a_bulk_file_at_a_declared_place_is_fetched_without_any_secret(
    authority: Authority, sink: Sink, enter: Declare
) -> None:
    with enter(f"addresses: {{without_credentials: ['{sink.origin}/files']}}") as (_, session):
        assert fetch(session, f"{sink.origin}/files/1.ndjson") == ANSWER
        with pytest.raises(RemoteError):
            fetch(session, f"{sink.origin}/elsewhere/1.ndjson")
    assert len(sink.heard) == 1
    assert_learns_nothing(sink, authority)


def test_a_bulk_file_that_is_redirected_to_a_declared_place_arrives_without_any_secret(
    authority: Authority, sink: Sink, enter: Declare
) -> None:
    with enter(f"addresses: {{without_credentials: ['{sink.origin}/files']}}") as (_, session):
        authority.answers.append((307, {"Location": f"{sink.origin}/files/1.ndjson"}, b""))
        assert fetch(session, f"{authority.base}/Condition/file") == ANSWER
    assert len(sink.heard) == 1
    assert_learns_nothing(sink, authority)


def test_a_declared_place_of_the_same_hospital_gets_the_credentials(authority: Authority, enter: Declare) -> None:
    """Else the tests above would hold for a client that never sends any."""
    with run_authority() as annex:
        annex.tokens = authority.tokens
        with enter(f"addresses: {{with_credentials: ['{annex.base}']}}") as (_, session):
            fetch(session, f"{annex.base}/Condition/file")
    seen = annex.seen[0].headers
    assert (seen["authorization"], seen["x-api-key"]) == ("Bearer token-1", KEY)


def test_the_server_itself_gets_its_cookie_back(authority: Authority, enter: Declare) -> None:
    with enter() as (hospital, _):
        hospital.collect("Condition", {"patient": "p1"})
    assert COOKIE in authority.questions[-1].headers["cookie"]
