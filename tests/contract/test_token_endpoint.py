"""SMART Backend Services, asked rightly and wrongly: one token for a right assertion, none for any other."""

from __future__ import annotations

import base64
import hmac
import json
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from joserfc import jws
from joserfc.jwk import ECKey, RSAKey

from adapter.access.granting import ASSERTION_TYPE
from adapter.parts import Parts
from adapter.store import clients
from adapter.tokens import make_key
from adapter.web import tokens
from adapter.web.limits import Failures
from tests.sample_bundles import as_bytes, make_bundle, make_condition, make_finding, make_patient

AUDIENCE = "https://registry.invalid/auth/token"
RSA, EC = make_key("RS384", datetime(2026, 1, 1, tzinfo=UTC)), make_key("ES384", datetime(2026, 1, 1, tzinfo=UTC))
OTHER = make_key("ES384", datetime(2026, 1, 1, tzinfo=UTC))
FHIR = "application/fhir+json"


@pytest.fixture(autouse=True)
def _patient_door(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sixty refusals in a row are this test's work, not an attack."""
    monkeypatch.setattr(tokens, "_failures", Failures(10_000, window_seconds=60))


@pytest.fixture
def parts(guarded: Flask) -> Parts:
    found: Parts = guarded.extensions["parts"]
    register(found)
    return found


def register(parts: Parts) -> None:
    """Clients with keys: one that may ask, one of another hospital, one that was revoked, one with an API key only."""
    with parts.store.writing() as connection:
        both = {"keys": [RSA.public(), EC.public()]}
        at = parts.clock()
        told = {"source": "north", "scopes": "system/*.c system/Patient.rs", "created_at": at}
        clients.add(connection, id="north", key_set=both, **told)
        clients.add(connection, id="gone", key_set=both, revoked_at=at, **told)
        clients.add(connection, id="keyed", key_digest="0" * 64, **told)
        clients.add(connection, id="south", key_set=both, **told | {"source": "south"})


@pytest.fixture
def ask(guarded: Flask, parts: Parts) -> Callable[..., Any]:
    return partial(ask_for_token, guarded.test_client())


def ask_for_token(client: FlaskClient, **changed: str | None) -> Any:
    """Post a form to the token endpoint, right unless it is told otherwise; None leaves a parameter out."""
    form = {
        "grant_type": "client_credentials",
        "scope": "system/*.c",
        "client_assertion_type": ASSERTION_TYPE,
        "client_assertion": signed(claims()),
    }
    told = {name: value for name, value in {**form, **changed}.items() if value is not None}
    return client.post("/auth/token", data=told)


_number = iter(range(10**9))


def claims(**changed: Any) -> dict[str, Any]:
    """Right ones, but for what is changed; None leaves a claim out."""
    now = datetime.now(UTC)
    told = {
        "iss": "north",
        "sub": "north",
        "aud": AUDIENCE,
        "exp": int((now + timedelta(seconds=240)).timestamp()),
        "jti": f"jti-{next(_number)}",
    }
    return {name: value for name, value in {**told, **changed}.items() if value is not None}


def signed(body: Any, key: Any = EC, **header: Any) -> str:
    """By the room's own key; the header's members can be changed, None leaves one out."""
    head = {"alg": key.algorithm, "kid": key.key_id, "typ": "JWT", **header}
    return forged({name: value for name, value in head.items() if value is not None}, body, key)


def forged(head: dict[str, Any], body: Any, key: Any) -> str:
    """Whatever the header says, signed as the key signs: what an attacker with another library would send."""
    first, second = part(head), part(body)
    return f"{first}.{second}.{signature(f'{first}.{second}', key)}"


def signature(text: str, key: Any) -> str:
    imported = RSAKey.import_key(key.private()) if key.algorithm.startswith("RS") else ECKey.import_key(key.private())
    first, second = text.split(".")
    header = {"alg": key.algorithm}
    algorithm = jws.JWSRegistry(algorithms=[key.algorithm]).get_alg(header["alg"])
    return encode(algorithm.sign(f"{first}.{second}".encode(), imported))


def part(value: Any) -> str:
    return encode(json.dumps(value).encode())


def encode(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def hmac_with_public_key(algorithm: str) -> str:
    """The old trick: the public key, which everybody has, taken for a shared secret."""
    head, body = (
        encode(json.dumps({"alg": algorithm, "kid": RSA.key_id}).encode()),
        encode(json.dumps(claims()).encode()),
    )
    secret = RSAKey.import_key(RSA.public()).as_pem(private=False)
    return f"{head}.{body}.{encode(hmac.digest(secret, f'{head}.{body}'.encode(), f'sha{algorithm[2:]}'))}"


def unsigned(algorithm: str) -> str:
    head, body = (
        encode(json.dumps({"alg": algorithm, "kid": EC.key_id}).encode()),
        encode(json.dumps(claims()).encode()),
    )
    return f"{head}.{body}."


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


def token(ask: Callable[..., Any], scope: str = "system/*.c", client: str = "north") -> dict[str, str]:
    told = ask(scope=scope, client_assertion=signed(claims(iss=client, sub=client))).json["access_token"]
    return {"Authorization": f"Bearer {told}"}


def test_a_token_opens_what_its_scopes_say_until_its_time_is_over(
    ask: Callable[..., Any], guarded: Flask, parts: Parts
) -> None:
    client, headers = guarded.test_client(), token(ask)
    sent = client.post("/fhir", data=as_bytes(make_bundle()), content_type=FHIR, headers=headers)

    assert (sent.status_code, client.get("/cases", headers=headers).status_code) == (200, 403)
    with parts.store.writing() as connection:
        clients.forget_expired(connection, datetime.now(UTC) + timedelta(seconds=301))
    assert client.post("/fhir", data=b"{}", content_type=FHIR, headers=headers).status_code == 401


@pytest.mark.parametrize(
    "header",
    [
        "Bearer nobody-gave-this-token-to-anybody",
        "Bearer",
        "Basic bm9ydGg6cGFzc3dvcmQ=",
        "Bearer a b",
        "bearer north.",
        "Bearer " + "x" * 300,
        "",
    ],
)
def test_a_header_that_proves_nothing_is_refused_with_the_way_to_ask(guarded: Flask, header: str) -> None:
    answer = guarded.test_client().get("/cases", headers={"Authorization": header})

    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_a_token_in_the_address_is_not_looked_at(ask: Callable[..., Any], guarded: Flask) -> None:
    secret = token(ask, "system/Patient.rs")["Authorization"].removeprefix("Bearer ")

    assert guarded.test_client().get(f"/cases?access_token={secret}").status_code == 401


def test_a_revoked_client_is_nobody_at_once(ask: Callable[..., Any], guarded: Flask, parts: Parts) -> None:
    headers = token(ask, "system/Patient.rs")
    with parts.store.writing() as connection:
        clients.revoke(connection, "north", parts.clock())

    assert guarded.test_client().get("/cases", headers=headers).status_code == 401


LETTERS = {"POST": "c", "PUT": "u", "PATCH": "u", "DELETE": "d"}
TYPES = ("Patient", "Condition", "Observation")


@pytest.mark.parametrize("type_", TYPES)
@pytest.mark.parametrize("method", LETTERS)
@pytest.mark.parametrize("kind", ["transaction", "batch"])
def test_scopes_are_held_against_every_entry(
    ask: Callable[..., Any], guarded: Flask, parts: Parts, kind: str, method: str, type_: str
) -> None:
    """The client may create everything; one entry asks for another interaction."""
    bundle = make_bundle(make_patient(), make_condition(), make_finding(), kind=kind)
    for entry in bundle["entry"]:
        resource = entry["resource"]
        asked = method if resource["resourceType"] == type_ else "POST"
        entry["request"] = {"method": asked, "url": resource["resourceType"]}

    answer = guarded.test_client().post("/fhir", data=as_bytes(bundle), content_type=FHIR, headers=token(ask))

    if LETTERS[method] == "c":
        assert answer.status_code == 200
    elif kind == "transaction" or type_ in ("Patient", "Condition"):
        assert answer.status_code == 403
    else:
        place = next(n for n, entry in enumerate(bundle["entry"]) if entry["resource"]["resourceType"] == type_)
        told = [entry["response"]["status"] for entry in answer.json["entry"]]
        assert [n for n, status in enumerate(told) if status.startswith("403")] == [place]


def test_scopes_hold_when_an_entry_is_judged_later(ask: Callable[..., Any], guarded: Flask, parts: Parts) -> None:
    """The process died between keeping and judging: the next one must not forget who had sent it."""
    from adapter import inbound
    from adapter.store import inbox

    raw = as_bytes(make_bundle())
    with parts.store.writing() as connection:
        told = {"at": parts.clock(), "source": "north", "kind": "bundle", "raw": raw, "seals": parts.seals}
        inbox.keep(connection, entry_id="cut", scopes="system/Observation.c", **told)

    inbound.finish(parts)

    with parts.store.reading() as connection:
        assert (inbox.find(connection, "cut").state, inbox.find(connection, "cut").status) == ("quarantined", 403)


def test_a_site_sees_and_changes_only_what_it_sent(ask: Callable[..., Any], guarded: Flask, parts: Parts) -> None:
    client = guarded.test_client()
    both = "system/*.c system/Patient.rs"
    north, south = token(ask, both), token(ask, both, "south")
    sent = client.post("/fhir", data=as_bytes(make_bundle()), content_type=FHIR, headers=north)
    case_id = sent.headers["Location"].rpartition("/")[2]

    rooms = ("", "/fhir", "/trace", "/history")
    seen = [client.get(f"/cases/{case_id}{more}", headers=south).status_code for more in rooms]
    stolen = make_patient(
        identifier=[{"system": "https://crmo-registry.example/fhir/identifier/case", "value": case_id}]
    )
    changed = client.post(
        "/fhir", data=as_bytes(make_bundle(stolen, make_condition(), make_finding())), content_type=FHIR, headers=south
    )

    assert client.get(f"/cases/{case_id}", headers=north).status_code == 200
    assert seen == [404, 404, 404, 404]
    assert client.get("/cases", headers=south).json["cases"] == []
    assert changed.status_code == 403
    assert client.get(f"/cases/{case_id}", headers=north).headers["ETag"] == 'W/"1"'
    named = client.post("/fhir", data=b"{}", content_type=FHIR, headers={**south, "X-CRMO-Source": "north"})
    assert named.status_code == 403


def held(parts: Parts) -> int:
    return len(tokens_kept(parts))


def tokens_kept(parts: Parts) -> list[Any]:
    with parts.store.reading() as connection:
        return list(connection.execute(clients.TOKENS.select()))
