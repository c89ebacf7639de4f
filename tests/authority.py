"""A hospital with an authorisation server of its own, on loopback: it verifies what clients send and keeps what it saw.

Signatures are verified with `cryptography` on numbers taken from the JWK by hand: not a line of the product, nor of the
library the product signs with, has a part in the verdict.
"""

from __future__ import annotations

import base64
import json
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa, utils
from cryptography.hazmat.primitives.hashes import SHA384

Json = dict[str, Any]
NOW = 1_767_600_000  # 2026-01-05T08:00:00Z
EMPTY = {"resourceType": "Bundle", "type": "searchset", "total": 0}


@dataclass
class Seen:
    """One request."""

    method: str
    path: str
    headers: dict[str, str]
    body: str

    @property
    def form(self) -> dict[str, str]:
        return {name: values[0] for name, values in parse_qs(self.body).items()}


@dataclass
class Authority:
    """What it is set to, and what it saw.

    Shapes:  key_set   public keys of the client it knows, by hand or from its own published set
             scope     what it grants; None: what was asked
             tokens    those that are good
             refusals  answers to the next token requests: (status, body)
    """

    base: str = ""
    key_set: Json = field(default_factory=dict)
    client: str = "crmo"
    secret: str = "s3cr+t/ü"  # noqa: S105
    scope: str | None = None
    lives_seconds: int = 300
    configuration: Json = field(default_factory=dict)
    types: tuple[str, ...] = ()
    tokens: set[str] = field(default_factory=set)
    refusals: list[tuple[int, bytes]] = field(default_factory=list)
    answers: list[tuple[int, dict[str, str], Any]] = field(default_factory=list)
    seen: list[Seen] = field(default_factory=list)
    assertions: list[tuple[Json, Json]] = field(default_factory=list)
    gate: Callable[[], None] = lambda: None

    @property
    def token_requests(self) -> list[Seen]:
        return [each for each in self.seen if each.path == "/fhir/token"]

    @property
    def questions(self) -> list[Seen]:
        return [each for each in self.seen if each.path.startswith("/fhir/Condition")]

    def answer(self, seen: Seen) -> tuple[int, dict[str, str], Any]:
        if seen.path == "/fhir/.well-known/smart-configuration":
            return 200, {}, {"token_endpoint": f"{self.base}/token", **self.configuration}
        if seen.path == "/fhir/metadata":
            resources = [{"type": each} for each in self.types]
            return 200, {}, {"resourceType": "CapabilityStatement", "rest": [{"mode": "server", "resource": resources}]}
        if seen.path == "/fhir/token":
            return self.grant(seen)
        if seen.headers.get("authorization", "").removeprefix("Bearer ") not in self.tokens:
            return 401, {}, {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "login"}]}
        return self.answers.pop(0) if self.answers else (200, {}, EMPTY)

    def grant(self, seen: Seen) -> tuple[int, dict[str, str], Any]:
        self.gate()
        if self.refusals:
            status, body = self.refusals.pop(0)
            return status, {}, body
        problem = self.check(seen)
        if problem:
            return 400, {}, {"error": "invalid_client", "error_description": problem}
        token = f"token-{len(self.token_requests)}"
        self.tokens.add(token)
        scope = seen.form.get("scope", "") if self.scope is None else self.scope
        return (
            200,
            {},
            {
                "access_token": token,
                "token_type": "bearer",
                "expires_in": self.lives_seconds,
                **({"scope": scope} if scope else {}),
            },
        )

    def check(self, seen: Seen) -> str:
        form = seen.form
        if form.get("grant_type") != "client_credentials":
            return "grant_type"
        if "client_assertion" in form:
            return self.check_assertion(form)
        if "client_secret" in form:
            return "" if (form["client_id"], form["client_secret"]) == (self.client, self.secret) else "secret"
        told = base64.b64decode(seen.headers.get("authorization", "").removeprefix("Basic ")).decode()
        return "" if tuple(map(unquote, told.split(":"))) == (self.client, self.secret) else "secret"

    def check_assertion(self, form: dict[str, str]) -> str:
        if form["client_assertion_type"] != "urn:ietf:params:oauth:client-assertion-type:jwt-bearer":
            return "client_assertion_type"
        head, claims = verify(form["client_assertion"], self.key_set)
        known = {each["jti"] for _, each in self.assertions}
        self.assertions.append((head, claims))
        if claims["iss"] != self.client or claims["sub"] != self.client:
            return "iss, sub"
        if claims["aud"] != f"{self.base}/token":
            return "aud"
        if not NOW < claims["exp"] <= NOW + 300:
            return "exp"
        return "jti" if claims["jti"] in known else ""


def verify(assertion: str, key_set: Json) -> tuple[Json, Json]:
    """Header and claims of an assertion whose signature fits.  Errors:  AssertionError, InvalidSignature"""
    first, second, third = assertion.split(".")
    head, claims = json.loads(_decode(first)), json.loads(_decode(second))
    jwk = next(each for each in key_set["keys"] if each["kid"] == head["kid"])
    assert not {"d", "p", "q"} & set(jwk), "a private key was published"
    _verify(jwk, head["alg"], _decode(third), f"{first}.{second}".encode())
    return head, claims


def _verify(jwk: Json, algorithm: str, signature: bytes, message: bytes) -> None:
    if algorithm == "RS384":
        key = rsa.RSAPublicNumbers(_number(jwk["e"]), _number(jwk["n"])).public_key()
        key.verify(signature, message, padding.PKCS1v15(), SHA384())
    elif algorithm == "ES384":
        assert len(signature) == 96
        both = int.from_bytes(signature[:48]), int.from_bytes(signature[48:])
        point = ec.EllipticCurvePublicNumbers(_number(jwk["x"]), _number(jwk["y"]), ec.SECP384R1()).public_key()
        point.verify(utils.encode_dss_signature(*both), message, ec.ECDSA(SHA384()))
    else:
        raise InvalidSignature(algorithm)


def _decode(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def _number(text: str) -> int:
    return int.from_bytes(_decode(text))


class Quiet(ThreadingHTTPServer):
    """A server whose clients may hang up, or fail at TLS, without a word in the tests' output."""

    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        pass


@contextmanager
def run_authority(tls: ssl.SSLContext | None = None) -> Iterator[Authority]:
    """An authority on a free port, over TLS when a context is given."""
    authority = Authority()
    with serve_http(lambda seen: authority.answer(seen), authority.seen, tls) as address:
        authority.base = f"{address}/fhir"
        yield authority


@contextmanager
def serve_http(
    answer: Callable[[Seen], tuple[int, dict[str, str], Any]], seen: list[Seen], tls: ssl.SSLContext | None = None
) -> Iterator[str]:
    """Serve on a free port of 127.0.0.1; gives the origin. Every request is kept before it is answered."""
    with Quiet(("127.0.0.1", 0), _make_handler(answer, seen)) as server:
        if tls:
            server.socket = tls.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield f"{'https' if tls else 'http'}://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()


def _make_handler(
    answer: Callable[[Seen], tuple[int, dict[str, str], Any]], kept: list[Seen]
) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_GET(self) -> None:
            self._respond()

        def do_POST(self) -> None:
            self._respond()

        def _respond(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
            told = {name.lower(): value for name, value in self.headers.items()}
            seen = Seen(self.command, self.path, told, body)
            kept.append(seen)
            status, headers, content = answer(seen)
            raw = content if isinstance(content, bytes) else json.dumps(content).encode()
            self.send_response(status)
            for name, value in {"Content-Type": "application/json", **headers}.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(raw)))
            self.end_headers()
            self.wfile.write(raw)

        def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
            pass

    return Handler
