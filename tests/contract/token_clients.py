"""Clients of the token endpoint: four that are registered, and how a client asks."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient

from adapter.access.granting import ASSERTION_TYPE
from adapter.parts import Parts
from adapter.store import clients
from adapter.web import tokens
from adapter.web.limits import Failures
from tests.contract.assertions import EC, RSA, claims, signed


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


def bear_refusals(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sixty refusals in a row are a test's work, not an attack."""
    monkeypatch.setattr(tokens, "_failures", Failures(10_000, window_seconds=60))
