"""Keys by address: read from the registered address alone, rarely, within bounds, and only for what could be right."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from flask import Flask

from adapter.access.granting import ASSERTION_TYPE
from adapter.access.key_sets import FLOOR_SECONDS, MAX_SECONDS, KeySets, open_key_sets
from adapter.cli import main
from adapter.errors import RemoteError
from adapter.hospital.key_sets import MAX_BYTES, address_problem, fetch_key_set
from adapter.hospital.peers import is_public
from adapter.parts import Parts
from adapter.store import clients
from tests.contract.assertions import EC, OTHER, RSA, claims, signed
from tests.contract.test_token_endpoint import WRONG
from tests.contract.token_clients import bear_refusals

URL = "https://keys.north.invalid/jwks.json"
BOTH = {"keys": [RSA.public(), EC.public()]}


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Address:
    """An address that is read without a network: what it gives, and how often it was asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.key_set: dict[str, Any] = BOTH
        self.seconds = 300.0
        self.fails = False

    def __call__(self, url: str) -> tuple[dict[str, Any], float]:
        self.asked.append(url)
        if self.fails:
            raise RemoteError("is away", "keys.north.invalid")
        return self.key_set, self.seconds


@pytest.fixture
def address() -> Address:
    return Address()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def ask(
    guarded: Flask, address: Address, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> Callable[[str], tuple[int, Any]]:
    """Ask for a token with an assertion; `north` and `south` are registered by address, the one has no other."""
    bear_refusals(monkeypatch)
    parts: Parts = guarded.extensions["parts"]
    guarded.extensions["key_sets"] = KeySets(address, clock)
    with parts.store.writing() as connection:
        told = {"scopes": "system/*.c", "created_at": parts.clock(), "key_set_url": URL}
        clients.add(connection, id="north", source="north", **told)
        clients.add(connection, id="south", source="south", **told)
        clients.add(connection, id="gone", source="gone", revoked_at=parts.clock(), **told)
    client = guarded.test_client()

    def post(assertion: str) -> tuple[int, Any]:
        form = {"grant_type": "client_credentials", "scope": "system/*.c", "client_assertion_type": ASSERTION_TYPE}
        answer = client.post("/auth/token", data={**form, "client_assertion": assertion})
        return answer.status_code, answer.json

    return post


# What only the keys can tell: for these the registered address is asked, and no other.
KEYS_TELL = (
    *("alg ES384 of an RSA key", "alg RS384 of an EC key", "kid of another key", "kid a path", "kid of SQL"),
    *("a key nobody registered", "a stranger's key under a known kid"),
    *("signature cut", "signature of another text"),
)


def test_a_wrong_assertion_makes_no_call_that_its_sender_chose(
    ask: Callable[[str], tuple[int, Any]], guarded: Flask, address: Address, clock: Clock
) -> None:
    called = {}
    for name, make in WRONG.items():
        guarded.extensions["key_sets"], address.asked = KeySets(address, clock), []
        assert ask(make())[0] in (400, 401), name
        called[name] = address.asked

    assert {name: asked for name, asked in called.items() if asked} == {name: [URL] for name in KEYS_TELL}


def test_a_right_assertion_by_either_key_is_given_a_token(
    ask: Callable[[str], tuple[int, Any]], address: Address
) -> None:
    assert [ask(signed(claims(), key))[0] for key in (EC, RSA, EC)] == [200, 200, 200]
    assert ask(signed(claims(), jku=URL))[0] == 200
    assert address.asked == [URL]


def test_a_flood_of_strangers_keys_asks_the_address_once(
    ask: Callable[[str], tuple[int, Any]], address: Address
) -> None:
    told = [ask(signed(claims(), OTHER, kid=f"made-up-{number}"))[0] for number in range(30)]

    assert set(told) == {401}
    assert address.asked == [URL]


def test_a_new_key_is_good_as_soon_as_the_address_may_be_asked_again(
    ask: Callable[[str], tuple[int, Any]], address: Address, clock: Clock
) -> None:
    assert ask(signed(claims()))[0] == 200
    address.key_set = {"keys": [OTHER.public(), EC.public()]}
    at_once = ask(signed(claims(), OTHER))[0]
    clock.now += FLOOR_SECONDS

    assert (at_once, ask(signed(claims(), OTHER))[0], ask(signed(claims()))[0]) == (401, 200, 200)
    assert len(address.asked) == 2


@pytest.mark.parametrize("seconds", [0, 60, 300, 10**9])
def test_a_key_that_is_taken_away_is_refused_when_its_time_is_over(
    ask: Callable[[str], tuple[int, Any]], address: Address, clock: Clock, seconds: float
) -> None:
    address.seconds = seconds
    assert ask(signed(claims()))[0] == 200
    address.key_set = {"keys": [RSA.public()]}
    clock.now += min(max(seconds, FLOOR_SECONDS), MAX_SECONDS) - 1
    before = ask(signed(claims()))[0]
    clock.now += 1

    assert (before, ask(signed(claims()))[0]) == (200, 401)


def test_an_address_that_is_away_is_left_in_peace_for_a_while(
    ask: Callable[[str], tuple[int, Any]], address: Address, clock: Clock
) -> None:
    address.fails = True
    refused = [ask(signed(claims())) for _ in range(5)]
    address.fails = False
    clock.now += FLOOR_SECONDS

    assert [(status, told["error"]) for status, told in refused] == [(401, "invalid_client")] * 5
    assert len(address.asked) == 1
    assert ask(signed(claims()))[0] == 200


def test_many_at_once_ask_the_address_once(address: Address, clock: Clock) -> None:
    key_sets, found = KeySets(address, clock), []
    threads = [
        threading.Thread(target=lambda: found.append(key_sets.find(URL, EC.key_id)["keys"][1]["kid"]))
        for _ in range(16)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert found == [EC.key_id] * 16
    assert len(address.asked) == 1


class Server(ThreadingHTTPServer):
    """A hospital's web server on loopback: each path answers in its way."""

    daemon_threads = True
    answers: dict[str, tuple[int, dict[str, str], bytes]]
    asked: list[str]

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        self.server.answers["/credentials"] = (200, {}, str(self.headers.get("Authorization")).encode())
        status, headers, body = self.server.answers[self.path]
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        try:
            self.wfile.write(body)
        except OSError:
            self.close_connection = True

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def server() -> Iterator[Server]:
    text = json.dumps(BOTH).encode()
    with Server(("127.0.0.1", 0), Handler) as serving:
        serving.asked = []
        serving.answers = {
            "/jwks": (200, {"Cache-Control": "public, max-age=120"}, text),
            "/never-kept": (200, {"Cache-Control": "no-store"}, text),
            "/plain": (200, {}, text),
            "/moved": (302, {"Location": "/jwks"}, b""),
            "/moved-below": (307, {"Location": "/moved-below/jwks"}, b""),
            "/away": (404, {}, b""),
            "/broken": (500, {}, text),
            "/page": (200, {"Content-Type": "text/html"}, b"<html>log in</html>"),
            "/list": (200, {}, b"[]"),
            "/no-keys": (200, {}, b'{"keys": {}}'),
            "/twice": (200, {}, b'{"keys": [], "keys": []}'),
            "/huge": (200, {}, b'{"keys": ["' + b"k" * 10_000_000 + b'"]}'),
            "/short": (200, {"Content-Length": "100000"}, b'{"keys": ['),
        }
        thread = threading.Thread(target=serving.serve_forever)
        thread.start()
        yield serving
        serving.shutdown()
        thread.join()


@pytest.mark.parametrize(("path", "seconds"), [("/jwks", 120.0), ("/never-kept", 0.0), ("/plain", 300.0)])
def test_a_key_set_is_read_with_the_time_it_may_be_kept(server: Server, path: str, seconds: float) -> None:
    assert fetch_key_set(server.base + path) == (BOTH, seconds)


WRONG_ANSWERS = [
    *("/moved", "/moved-below", "/away", "/broken", "/page", "/list", "/no-keys", "/twice", "/huge"),
    "/short",
]


@pytest.mark.parametrize("path", WRONG_ANSWERS)
def test_whatever_else_is_answered_is_no_key_set(server: Server, path: str) -> None:
    """A redirect is not followed, a large answer not read to its end, and nothing is tried twice."""
    with pytest.raises(RemoteError) as refused:
        fetch_key_set(server.base + path)

    assert server.asked == [path]
    assert path not in str(refused.value)
    assert len(server.answers["/huge"][2]) > MAX_BYTES


def test_nothing_that_makes_us_known_goes_along(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    fetch_key_set(server.base + "/jwks")

    assert server.answers["/credentials"][2] == b"None"


def test_a_client_that_is_registered_by_address_is_given_a_token(guarded: Flask, server: Server) -> None:
    parts: Parts = guarded.extensions["parts"]
    guarded.extensions["key_sets"] = open_key_sets()
    with parts.store.writing() as connection:
        told = {"scopes": "system/*.c", "created_at": parts.clock(), "key_set_url": server.base + "/jwks"}
        clients.add(connection, id="north", source="north", **told)
    form = {"grant_type": "client_credentials", "scope": "system/*.c", "client_assertion_type": ASSERTION_TYPE}

    answer = guarded.test_client().post("/auth/token", data={**form, "client_assertion": signed(claims())})

    assert (answer.status_code, server.asked) == (200, ["/jwks"])


@pytest.mark.parametrize(("private", "sent"), [(False, False), (True, True)])
def test_a_name_that_leads_inside_is_sent_nothing_unless_the_operator_says_so(
    monkeypatch: pytest.MonkeyPatch, private: bool, sent: bool
) -> None:
    """DNS may say one thing when it is looked at and another when it is used: whom we reached is what counts."""
    ask_dns, got = socket.getaddrinfo, []
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        port = listening.getsockname()[1]
        monkeypatch.setattr(socket, "getaddrinfo", lambda host, *more, **named: ask_dns("127.0.0.1", *more, **named))

        def accept() -> None:
            met, _ = listening.accept()
            with met:
                got.append(met.recv(100))

        thread = threading.Thread(target=accept)
        thread.start()
        with pytest.raises(RemoteError):
            fetch_key_set(f"https://keys.north.invalid:{port}/jwks", private=private)
        thread.join()

    assert bool(got[0]) is sent


@pytest.mark.parametrize(
    ("address", "public"),
    [
        *((each, False) for each in ("127.0.0.1", "10.1.2.3", "192.168.0.1", "172.16.0.1", "169.254.169.254")),
        *((each, False) for each in ("0.0.0.0", "100.64.0.1", "224.0.0.1", "::1", "fe80::1", "fd00::1", "::")),  # noqa: S104
        *((each, False) for each in ("::ffff:127.0.0.1", "::ffff:10.0.0.1", "2002:7f00:1::", "2002:a00:1::")),
        *((each, True) for each in ("8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8")),
    ],
)
def test_addresses_are_public_or_not(address: str, public: bool) -> None:
    assert is_public(address) is public


@pytest.mark.parametrize(
    ("url", "sound"),
    [
        ("https://keys.north.example/jwks.json", True),
        ("https://keys.north.example:8443/jwks.json?for=us", True),
        ("http://127.0.0.1:9000/jwks", True),
        ("http://localhost/jwks", True),
        ("http://keys.north.example/jwks.json", False),
        ("http://10.0.0.1/jwks.json", False),
        ("https://user@keys.north.example/jwks.json", False),
        ("https:///jwks.json", False),
        ("https://keys.north.example/jwks.json#first", False),
        ("https://keys.north.example/" + "a" * 500, False),
        ("https://keys.north.example\\@127.0.0.1/", False),
        ("file:///etc/passwd", False),
        ("ftp://keys.north.example/jwks", False),
        ("keys.north.example", False),
        ("", False),
    ],
)
def test_an_address_is_one_that_keys_may_be_read_at(url: str, sound: bool) -> None:
    assert (address_problem(url) == "") is sound


def test_a_client_proves_itself_in_one_way_only(tmp_path: Path) -> None:
    settings = ["--data", str(tmp_path), "clients"]
    command = [*settings, "add", "north", "--scope", "system/*.c"]
    wrong = [[], ["--jwks-url", URL, "--api-key"], ["--jwks-url", ""], ["--jwks-url", "http://10.0.0.1/jwks"]]

    assert [CliRunner().invoke(main, [*command, *each]).exit_code for each in wrong] == [2] * len(wrong)
    assert CliRunner().invoke(main, [*command, "--jwks-url", URL]).exit_code == 0
    assert URL in CliRunner().invoke(main, [*settings, "list"]).output
