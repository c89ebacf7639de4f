"""SMART Backend Services, asked rightly and wrongly: one token for a right assertion, none for any other."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import Any

import pytest
from flask import Flask

from adapter.access.granting import ASSERTION_TYPE
from adapter.parts import Parts
from adapter.store import clients
from tests.contract.assertions import (
    AUDIENCE,
    EC,
    OTHER,
    RSA,
    claims,
    encode,
    forged,
    hmac_with_public_key,
    part,
    signed,
    unsigned,
)
from tests.contract.token_clients import ask_for_token, bear_refusals, register


@pytest.fixture
def parts(guarded: Flask, monkeypatch: pytest.MonkeyPatch) -> Parts:
    bear_refusals(monkeypatch)
    found: Parts = guarded.extensions["parts"]
    register(found)
    return found


@pytest.fixture
def ask(guarded: Flask, parts: Parts) -> Callable[..., Any]:
    return partial(ask_for_token, guarded.test_client())


def held(parts: Parts) -> int:
    return len(tokens_kept(parts))


def tokens_kept(parts: Parts) -> list[Any]:
    with parts.store.reading() as connection:
        return list(connection.execute(clients.TOKENS.select()))


TWICE = b'{"alg":"none","alg":"ES384"}'
NOW = int(datetime.now(UTC).timestamp())
# Each is made when it is needed, so that none is refused for its age instead of its fault.
WRONG: dict[str, Callable[[], str]] = {
    **{f"alg {name}": lambda name=name: unsigned(name) for name in ("none", "None", "nOnE", "NONE", "")},
    **{f"alg {name}": lambda name=name: hmac_with_public_key(name) for name in ("HS256", "HS384", "HS512")},
    **{
        f"alg {name} of an RSA key": lambda name=name: signed(claims(), RSA, alg=name)
        for name in ("RS256", "RS512", "PS256", "PS384", "ES384", "EdDSA", "rs384")
    },
    **{
        f"alg {name} of an EC key": lambda name=name: signed(claims(), EC, alg=name)
        for name in ("ES256", "ES512", "RS384", "ES256K")
    },
    "alg missing": lambda: signed(claims(), alg=None),
    "alg a list": lambda: signed(claims(), alg=["ES384"]),
    "embedded jwk": lambda: signed(claims(), OTHER, jwk=OTHER.public()),
    "foreign jku": lambda: signed(claims(), jku="https://evil.invalid/jwks.json"),
    "jku without registration": lambda: signed(claims(), jku="https://registry.invalid/.well-known/jwks.json"),
    "x5u": lambda: signed(claims(), x5u="https://evil.invalid/chain.pem"),
    "x5c": lambda: signed(claims(), x5c=["MIIB"]),
    "unknown crit": lambda: signed(claims(), crit=["exp"]),
    "empty crit": lambda: signed(claims(), crit=[]),
    "b64 false": lambda: signed(claims(), b64=False),
    "zip": lambda: signed(claims(), zip="DEF"),
    "kid missing": lambda: signed(claims(), kid=None),
    "kid of another key": lambda: signed(claims(), kid=RSA.key_id),
    "kid a path": lambda: signed(claims(), kid="../../../etc/passwd"),
    "kid of SQL": lambda: signed(claims(), kid="' OR 1=1 --"),
    "kid an object": lambda: signed(claims(), kid={"a": 1}),
    "kid too long": lambda: signed(claims(), kid="k" * 5000),
    "a key nobody registered": lambda: signed(claims(), OTHER),
    "a stranger's key under a known kid": lambda: signed(claims(), OTHER, kid=EC.key_id),
    "a header of a megabyte": lambda: signed(claims(), typ="J" * 1_000_000),
    "a header nested deep": lambda: f"{encode(b'[' * 100_000)}.{encode(b'{}')}.AAAA",
    "a header that is a list": lambda: f"{encode(b'[]')}.{part(claims())}.AAAA",
    "alg twice": lambda: f"{encode(TWICE)}.{part(claims())}.AAAA",
    "exp missing": lambda: signed(claims(exp=None)),
    "exp past": lambda: signed(claims(exp=NOW - 3600)),
    "exp far": lambda: signed(claims(exp=NOW + 3600)),
    "exp a text": lambda: signed(claims(exp=str(NOW + 200))),
    "exp a huge float": lambda: signed(claims(exp=1e308)),
    "exp a float": lambda: signed(claims(exp=NOW + 200.5)),
    "exp not a number": lambda: forged({"alg": "ES384", "kid": EC.key_id}, {**claims(), "exp": float("nan")}, EC),
    "exp negative": lambda: signed(claims(exp=-1)),
    "exp true": lambda: signed(claims(exp=True)),
    "exp a list": lambda: signed(claims(exp=[NOW + 200])),
    "nbf in the future": lambda: signed(claims(nbf=NOW + 3600)),
    "iat in the future": lambda: signed(claims(iat=NOW + 3600)),
    "iat a text": lambda: signed(claims(iat="yesterday")),
    "iss of somebody else": lambda: signed(claims(iss="south")),
    "sub of somebody else": lambda: signed(claims(sub="south")),
    "iss unknown": lambda: signed(claims(iss="nobody", sub="nobody")),
    "iss missing": lambda: signed(claims(iss=None)),
    "iss a list": lambda: signed(claims(iss=["north"], sub=["north"])),
    "a revoked client": lambda: signed(claims(iss="gone", sub="gone")),
    "a client with an API key only": lambda: signed(claims(iss="keyed", sub="keyed")),
    "aud a list": lambda: signed(claims(aud=[AUDIENCE])),
    "aud a prefix": lambda: signed(claims(aud=AUDIENCE[:-1])),
    "aud with a slash": lambda: signed(claims(aud=AUDIENCE + "/")),
    "aud the FHIR base": lambda: signed(claims(aud="https://registry.invalid/fhir")),
    "aud in capitals": lambda: signed(claims(aud=AUDIENCE.upper())),
    "aud missing": lambda: signed(claims(aud=None)),
    "jti missing": lambda: signed(claims(jti=None)),
    "jti empty": lambda: signed(claims(jti="")),
    "jti an object": lambda: signed(claims(jti={"a": 1})),
    "jti too long": lambda: signed(claims(jti="j" * 5000)),
    "signature missing": lambda: signed(claims()).rpartition(".")[0] + ".",
    "signature cut": lambda: signed(claims())[:-4],
    "signature of another text": lambda: f"{signed(claims()).rpartition('.')[0]}.{signed(claims()).rpartition('.')[2]}",
    "four parts": lambda: signed(claims()) + ".AAAA",
    "two parts": lambda: signed(claims()).rpartition(".")[0],
    "no assertion": lambda: "",
    "white space": lambda: f" {signed(claims())} ",
    "not base64": lambda: "!.?.*",
    "a NUL": lambda: signed(claims()) + "\0",
}
# Not even looked at.
TOO_LARGE = ("a header of a megabyte", "a header nested deep")


@pytest.mark.parametrize("name", WRONG)
def test_no_token_for_a_wrong_assertion(ask: Callable[..., Any], parts: Parts, name: str) -> None:
    answer = ask(client_assertion=WRONG[name]())

    expected = (400, "invalid_request") if name in TOO_LARGE else (401, "invalid_client")
    assert (answer.status_code, answer.json["error"]) == expected
    assert answer.headers["Cache-Control"] == "no-store"
    assert held(parts) == 0


def test_the_battery_is_as_large_as_it_says() -> None:
    assert len(WRONG) >= 60


@pytest.mark.parametrize("key", [RSA, EC])
def test_a_right_assertion_is_given_a_short_token(ask: Callable[..., Any], parts: Parts, key: Any) -> None:
    answer = ask(client_assertion=signed(claims(), key))

    assert answer.status_code == 200
    assert (answer.json["token_type"], answer.json["expires_in"], answer.json["scope"]) == ("bearer", 300, "system/*.c")
    assert answer.json["access_token"] not in str(tokens_kept(parts)), "only its digest is kept"


def test_an_assertion_is_good_for_one_token_however_many_ask_at_once(ask: Callable[..., Any], guarded: Flask) -> None:
    told = {"grant_type": "client_credentials", "scope": "system/*.c", "client_assertion_type": ASSERTION_TYPE}
    form, answers = {**told, "client_assertion": signed(claims(jti="once"))}, []

    def post() -> None:
        answers.append(guarded.test_client().post("/auth/token", data=form).status_code)

    threads = [threading.Thread(target=post) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(answers) == [200] + [401] * 15
    assert ask(client_assertion=signed(claims(jti="once", iss="south", sub="south"))).status_code == 200, "another's"


FORMS: dict[str, tuple[dict[str, str | None], str]] = {
    "another grant": ({"grant_type": "password"}, "unsupported_grant_type"),
    "no grant": ({"grant_type": None}, "unsupported_grant_type"),
    "another assertion type": ({"client_assertion_type": "urn:x"}, "invalid_request"),
    "no assertion type": ({"client_assertion_type": None}, "invalid_request"),
    "a client secret": ({"client_secret": "s"}, "invalid_request"),
    "a client id beside it": ({"client_id": "south"}, "invalid_request"),
    "no scope": ({"scope": None}, "invalid_scope"),
    "an empty scope": ({"scope": ""}, "invalid_scope"),
    "more than registered": ({"scope": "system/Condition.d"}, "invalid_scope"),
    "a user's": ({"scope": "user/*.c"}, "invalid_scope"),
    "a patient's": ({"scope": "patient/*.c"}, "invalid_scope"),
    "mixed contexts": ({"scope": "system/*.c user/*.c"}, "invalid_scope"),
    "a query": ({"scope": "system/*.cruds?x=y"}, "invalid_scope"),
    "letters in disorder": ({"scope": "system/Patient.sr"}, "invalid_scope"),
    "a permission of ours": ({"scope": "crmo/audit"}, "invalid_scope"),
}


@pytest.mark.parametrize("name", FORMS)
def test_no_token_for_a_wrong_form(ask: Callable[..., Any], parts: Parts, name: str) -> None:
    form, error = FORMS[name]
    answer = ask(**form)

    assert (answer.status_code, answer.json["error"]) == (400, error)
    assert held(parts) == 0


def test_a_parameter_twice_is_refused_and_so_is_one_in_the_address(guarded: Flask, parts: Parts) -> None:
    form = [("grant_type", "client_credentials"), ("scope", "system/*.c"), ("scope", "system/*.d")]
    body = "&".join(f"{name}={value}" for name, value in form)
    client = guarded.test_client()

    assert client.post("/auth/token", data=body, content_type="application/x-www-form-urlencoded").status_code == 400
    assert client.post("/auth/token?scope=system/*.c", data={"grant_type": "client_credentials"}).status_code == 400
    assert client.post("/auth/token", json={"grant_type": "client_credentials"}).status_code == 400


def test_what_is_asked_beyond_the_registration_is_left_out(ask: Callable[..., Any]) -> None:
    answer = ask(scope="system/Patient.cruds system/Condition.read")

    assert answer.json["scope"] == "system/Patient.c system/Patient.rs"
