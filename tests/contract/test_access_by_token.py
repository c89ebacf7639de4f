"""What a token opens: what its scopes say, entry by entry, of what its own site sent, until its time is over."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask

from adapter import inbound
from adapter.parts import Parts
from adapter.store import clients, inbox
from tests.contract.assertions import claims, signed
from tests.contract.token_clients import ask_for_token, bear_refusals, register
from tests.sample_bundles import as_bytes, make_bundle, make_condition, make_finding, make_patient

FHIR = "application/fhir+json"


@pytest.fixture
def token(guarded: Flask, monkeypatch: pytest.MonkeyPatch) -> Callable[..., dict[str, str]]:
    """Asks for a token of some scope as some client, and gives the header that shows it."""
    bear_refusals(monkeypatch)
    register(guarded.extensions["parts"])

    def ask(scope: str = "system/*.c", client: str = "north") -> dict[str, str]:
        assertion = signed(claims(iss=client, sub=client))
        told = ask_for_token(guarded.test_client(), scope=scope, client_assertion=assertion).json["access_token"]
        return {"Authorization": f"Bearer {told}"}

    return ask


def test_a_token_opens_what_its_scopes_say_until_its_time_is_over(
    token: Callable[..., dict[str, str]], guarded: Flask
) -> None:
    parts: Parts = guarded.extensions["parts"]
    client, headers = guarded.test_client(), token()
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


def test_a_token_in_the_address_is_not_looked_at(token: Callable[..., dict[str, str]], guarded: Flask) -> None:
    secret = token("system/Patient.rs")["Authorization"].removeprefix("Bearer ")

    assert guarded.test_client().get(f"/cases?access_token={secret}").status_code == 401


def test_a_revoked_client_is_nobody_at_once(token: Callable[..., dict[str, str]], guarded: Flask) -> None:
    parts: Parts = guarded.extensions["parts"]
    headers = token("system/Patient.rs")
    with parts.store.writing() as connection:
        clients.revoke(connection, "north", parts.clock())

    assert guarded.test_client().get("/cases", headers=headers).status_code == 401


LETTERS = {"POST": "c", "PUT": "u", "PATCH": "u", "DELETE": "d"}
TYPES = ("Patient", "Condition", "Observation")


@pytest.mark.parametrize("type_", TYPES)
@pytest.mark.parametrize("method", LETTERS)
@pytest.mark.parametrize("kind", ["transaction", "batch"])
def test_scopes_are_held_against_every_entry(
    token: Callable[..., dict[str, str]], guarded: Flask, kind: str, method: str, type_: str
) -> None:
    """The client may create everything; one entry asks for another interaction."""
    bundle = make_bundle(make_patient(), make_condition(), make_finding(), kind=kind)
    for entry in bundle["entry"]:
        resource = entry["resource"]
        asked = method if resource["resourceType"] == type_ else "POST"
        entry["request"] = {"method": asked, "url": resource["resourceType"]}

    answer = guarded.test_client().post("/fhir", data=as_bytes(bundle), content_type=FHIR, headers=token())

    if LETTERS[method] == "c":
        assert answer.status_code == 200
    elif kind == "transaction" or type_ in ("Patient", "Condition"):
        assert answer.status_code == 403
    else:
        place = next(n for n, entry in enumerate(bundle["entry"]) if entry["resource"]["resourceType"] == type_)
        told = [entry["response"]["status"] for entry in answer.json["entry"]]
        assert [n for n, status in enumerate(told) if status.startswith("403")] == [place]


def test_scopes_hold_when_an_entry_is_judged_later(guarded: Flask) -> None:
    """The process died between keeping and judging: the next one must not forget who had sent it."""
    parts: Parts = guarded.extensions["parts"]
    raw = as_bytes(make_bundle())
    with parts.store.writing() as connection:
        told = {"at": parts.clock(), "source": "north", "kind": "bundle", "raw": raw, "seals": parts.seals}
        inbox.keep(connection, entry_id="cut", scopes="system/Observation.c", **told)

    inbound.finish(parts)

    with parts.store.reading() as connection:
        assert (inbox.find(connection, "cut").state, inbox.find(connection, "cut").status) == ("quarantined", 403)


def test_a_site_sees_and_changes_only_what_it_sent(token: Callable[..., dict[str, str]], guarded: Flask) -> None:
    client = guarded.test_client()
    both = "system/*.c system/Patient.rs"
    north, south = token(both), token(both, "south")
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
