"""Every route × everybody who may ask: each cell is declared, and the service keeps to it."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient

from adapter.access import load_permissions
from adapter.credentials import digest, hash_password
from adapter.store import clients, people

TABLE = load_permissions()
PASSWORD = "a long password for a test"  # noqa: S105  # nobody's
# Who asks -> the permissions he has, as the table says it.
ASKERS = {
    "nobody": frozenset({"public"}),
    **{role: TABLE.of_role(role) | {"public"} for role in TABLE.roles},
    "site north": frozenset({"public", "submit", "validate"}),
    "site south": frozenset({"public", "read", "validate"}),
    "monitor": frozenset({"public", "validate", "watch"}),
}
SCOPES = {"site north": "system/*.c", "site south": "system/*.rs", "monitor": "crmo/watch"}


@pytest.fixture
def askers(guarded: Flask) -> dict[str, tuple[FlaskClient, dict[str, str]]]:
    """A browser or a program for each, with what it proves itself by."""
    app, parts = guarded, guarded.extensions["parts"]
    with parts.store.writing() as connection:
        for name, scopes in SCOPES.items():
            key = f"{name.split()[-1]}.{'k' * 43}"
            row = {"id": name.split()[-1], "source": name.split()[-1], "scopes": scopes, "created_at": parts.clock()}
            clients.add(connection, **row, key_digest=digest(key))
        for role in TABLE.roles:
            person = people.Person(role, role, hash_password(PASSWORD), None, None, 0, parts.clock(), None)
            people.add(connection, person)
    made: dict[str, tuple[FlaskClient, dict[str, str]]] = {"nobody": (app.test_client(), {})}
    for role in TABLE.roles:
        browser = app.test_client()
        assert browser.post("/login", data={"login": role, "password": PASSWORD}).status_code == 303
        made[role] = browser, {}
    for name in SCOPES:
        made[name] = app.test_client(), {"Authorization": f"Bearer {name.split()[-1]}.{'k' * 43}"}
    return made


def routes(app: Flask) -> Iterator[tuple[str, str]]:
    for rule in app.url_map.iter_rules():
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            yield method, rule.rule


def test_every_route_is_declared_and_every_declared_route_is_there(guarded: Flask) -> None:
    assert {f"{method} {pattern}" for method, pattern in routes(guarded)} == set(TABLE.routes)


def test_a_route_that_nobody_declared_is_nobodys(guarded: Flask) -> None:
    guarded.add_url_rule("/forgotten", view_func=lambda: "secret")

    assert guarded.test_client().get("/forgotten").status_code == 401


def test_every_cell_of_the_matrix_holds(guarded: Flask, askers: dict[str, tuple[FlaskClient, dict[str, str]]]) -> None:
    """A refusal is 401 to nobody and 403 to somebody; whatever else is answered, it is not one of those."""
    wrong = []
    for method, pattern in routes(guarded):
        if pattern == "/logout":
            continue  # it would end the sessions that the next cells need
        address = re.sub(r"<[^>]*any\((\w+)[^>]*>", r"\1", pattern)
        address = re.sub(r"<[^>]*>", "no-such-thing", re.sub(r"<int:[^>]*>", "1", address))
        for name, (browser, headers) in askers.items():
            answer = browser.open(address, method=method, headers={"Accept": "application/json", **headers})
            refused = answer.status_code in (401, 403)
            expected = TABLE.routes[f"{method} {pattern}"] not in ASKERS[name]
            if refused != expected and pattern not in ("/auth/token", "/login"):
                wrong.append((name, method, pattern, answer.status_code))
    assert wrong == []


def test_roles_and_scopes_bring_what_the_table_says() -> None:
    assert {"read", "submit", "operate"} <= TABLE.of_role("data-manager")
    assert not {"erase", "audit", "submit"} & TABLE.of_role("reader")
    assert TABLE.of_role("nobody-knows-this-role") == frozenset()
