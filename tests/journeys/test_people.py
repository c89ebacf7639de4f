"""People come in by password and one-time code, do what their role says, and leave a line in the audit."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyotp
import pytest
import sqlalchemy as sa
from click.testing import CliRunner
from flask import Flask
from flask.testing import FlaskClient

from adapter import fsck, inbound
from adapter.cli import main
from adapter.parts import Parts
from adapter.store import audit, people
from adapter.store.people import SESSIONS
from tests.sample_bundles import as_bytes
from tests.sample_cases import make_case

PASSWORD = "correct horse battery"  # noqa: S105  # nobody's


@pytest.fixture
def run(tmp_path: Path) -> Any:
    def command(*arguments: str) -> Any:
        return CliRunner().invoke(main, ["--data", str(tmp_path / "data"), *arguments])

    return command


@pytest.fixture
def parts(guarded: Flask) -> Parts:
    found: Parts = guarded.extensions["parts"]
    return found


def add(run: Any, login: str, role: str, *more: str) -> Any:
    return run("people", "add", login, "--role", role, "--password", PASSWORD, "--json", *more)


def enter(guarded: Flask, login: str, password: str = PASSWORD, code: str = "") -> tuple[FlaskClient, int]:
    browser = guarded.test_client()
    answer = browser.post("/login", data={"login": login, "password": password, "code": code})
    return browser, answer.status_code


def test_a_person_comes_in_does_what_the_role_says_and_leaves(guarded: Flask, run: Any) -> None:
    assert add(run, "anne", "reader").exit_code == 0
    browser, status = enter(guarded, "anne")

    assert status == 303
    assert browser.get("/cases").status_code == 200
    assert browser.get("/audit").status_code == 403
    assert browser.post("/logout").status_code == 303
    assert browser.get("/cases").status_code == 401


def test_the_cookie_is_for_this_site_alone(guarded: Flask, run: Any) -> None:
    add(run, "anne", "reader")
    cookie = guarded.test_client().post("/login", data={"login": "anne", "password": PASSWORD}).headers["Set-Cookie"]

    assert {"HttpOnly", "Secure", "SameSite=Strict", "Path=/"} <= set(cookie.split("; "))


@pytest.mark.parametrize(("login", "password"), [("anne", "wrong"), ("nobody", PASSWORD), ("", ""), ("anne", "")])
def test_a_wrong_word_says_nothing_about_which_it_was(guarded: Flask, run: Any, login: str, password: str) -> None:
    add(run, "anne", "reader")
    browser = guarded.test_client()
    answer = browser.post("/login", data={"login": login, "password": password})

    assert answer.status_code == 401
    assert "Identifiant, mot de passe ou code incorrect." in answer.text
    assert "Set-Cookie" not in answer.headers


def test_a_one_time_code_is_good_once(guarded: Flask, run: Any) -> None:
    told = json.loads(add(run, "ben", "admin", "--one-time-code").stdout)["authenticator"]
    code = pyotp.parse_uri(told).now()

    assert enter(guarded, "ben")[1] == 401
    assert enter(guarded, "ben", code="000000")[1] == 401
    assert enter(guarded, "ben", code=code)[1] == 303
    assert enter(guarded, "ben", code=code)[1] == 401, "somebody looked over the shoulder"


def test_after_ten_wrong_words_one_has_to_wait_and_others_do_not(guarded: Flask, run: Any) -> None:
    add(run, "carl", "reader")
    add(run, "dora", "reader")

    assert [enter(guarded, "carl", "wrong")[1] for _ in range(11)][-1] == 429
    assert enter(guarded, "carl")[1] == 429
    assert enter(guarded, "dora")[1] == 303


@pytest.mark.parametrize(("idle", "open_for"), [(16, 16), (1, 13 * 60)])
def test_a_session_ends_by_itself(guarded: Flask, run: Any, parts: Parts, idle: int, open_for: int) -> None:
    add(run, "anne", "reader")
    browser, _ = enter(guarded, "anne")
    now = datetime.now(UTC)
    with parts.store.writing() as connection:
        times = {"seen_at": now - timedelta(minutes=idle), "opened_at": now - timedelta(minutes=open_for)}
        connection.execute(sa.update(SESSIONS).values(times))

    assert browser.get("/cases").status_code == 401


def test_whoever_is_disabled_is_out_at_once(guarded: Flask, run: Any) -> None:
    add(run, "anne", "reader")
    browser, _ = enter(guarded, "anne")

    assert run("people", "disable", "anne").exit_code == 0
    assert browser.get("/cases").status_code == 401
    assert enter(guarded, "anne")[1] == 401
    assert json.loads(run("people", "list", "--json").stdout)[0]["disabled"]


# What Chromium sends.
CHROMIUM = (
    "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,image/apng,*/*;q=0.8,"
    "application/signed-exchange;v=b3;q=0.7"
)


@pytest.mark.parametrize("accept", ["text/html", CHROMIUM])
def test_a_browser_is_shown_the_way_in(guarded: Flask, accept: str) -> None:
    answer = guarded.test_client().get("/", headers={"Accept": accept})

    assert (answer.status_code, answer.headers["Location"]) == (303, "/login")
    page = guarded.test_client().get("/login", headers={"Accept-Language": "fr"}).text
    assert 'lang="fr"' in page
    assert re.findall(r'<input id="(\w+)"', page) == ["login", "password", "code"]


def test_neither_password_nor_secret_lies_in_the_database(guarded: Flask, run: Any, parts: Parts) -> None:
    told = json.loads(add(run, "ben", "admin", "--one-time-code").stdout)["authenticator"]
    with parts.store.reading() as connection:
        row = repr(connection.execute(sa.select(people.PEOPLE)).one())

    assert PASSWORD not in row
    assert pyotp.parse_uri(told).secret not in row


@pytest.mark.parametrize(
    "arguments",
    [
        ("people", "add", "x y", "--role", "reader", "--password", PASSWORD),
        ("people", "add", "anne", "--role", "reader", "--password", "short"),
        ("people", "add", "anne", "--role", "owner", "--password", PASSWORD),
        ("clients", "add", "north", "--scope", "system/*.c"),
        ("clients", "add", "north", "--scope", "user/*.c", "--api-key"),
        ("clients", "add", "north", "--scope", "crmo/everything", "--api-key"),
        ("clients", "add", "nor th", "--scope", "system/*.c", "--api-key"),
    ],
)
def test_a_command_put_wrongly_lets_nobody_in(run: Any, arguments: tuple[str, ...]) -> None:
    assert run(*arguments).exit_code == 2


def test_an_api_key_is_told_once_and_opens_what_it_says(guarded: Flask, run: Any) -> None:
    told = json.loads(run("clients", "add", "small", "--scope", "system/*.rs", "--api-key", "--json").stdout)
    asked = {"headers": {"Authorization": f"Bearer {told['api_key']}"}}

    assert guarded.test_client().get("/cases", **asked).status_code == 200
    assert told["api_key"] not in run("clients", "list", "--json").stdout
    assert run("clients", "add", "small", "--scope", "system/*.rs", "--api-key").exit_code == 1, "the name is taken"
    assert run("clients", "revoke", "small").exit_code == 0
    assert guarded.test_client().get("/cases", **asked).status_code == 401


def test_every_access_stands_in_the_audit_also_the_refused(guarded: Flask, run: Any, parts: Parts) -> None:
    add(run, "anne", "reader")
    add(run, "olga", "auditor")
    reader, auditor = enter(guarded, "anne")[0], enter(guarded, "olga")[0]
    inbound.receive_case(parts, as_bytes(make_case(1)), "direct", expected=0)
    reader.get("/cases/SAMPLE-1")
    reader.delete("/cases/SAMPLE-1")
    reader.get("/cases/typed-by-somebody")
    guarded.test_client().get("/cases?name=Zqx")

    told = [
        (each["actor"], each["action"], each["route"], each["status"]) for each in auditor.get("/audit").json["events"]
    ]
    assert told[:4] == [
        ("nobody", "GET", "/cases", 401),
        ("person:anne", "GET", "/cases/<case_id>", 404),
        ("person:anne", "DELETE", "/cases/<case_id>", 403),
        ("person:anne", "GET", "/cases/<case_id>", 200),
    ]
    assert ("command", "do", "people add", 200) in told
    about = auditor.get("/audit?case_id=SAMPLE-1").json["events"]
    assert [each["status"] for each in about if each["actor"] == "person:anne"] == [403, 200]
    assert auditor.get("/audit?case_id=typed-by-somebody").json["events"] == []
    assert list(fsck.check_integrity(parts)) == []


@pytest.mark.parametrize("what", ["change", "delete", "reorder"])
def test_a_touched_audit_is_noticed(guarded: Flask, parts: Parts, what: str) -> None:
    for _ in range(6):
        guarded.test_client().get("/cases")
    third, table = audit.AUDIT.c.number == 3, audit.AUDIT
    with parts.store.writing() as connection:
        if what == "change":
            connection.execute(sa.update(table).where(third).values(status=200))
        elif what == "delete":
            connection.execute(sa.delete(table).where(third))
        else:
            connection.execute(sa.update(table).where(third).values(number=99))
            connection.execute(sa.update(table).where(table.c.number == 4).values(number=3))
            connection.execute(sa.update(table).where(table.c.number == 99).values(number=4))

    assert any(problem.startswith("I7") for problem in fsck.check_integrity(parts))
