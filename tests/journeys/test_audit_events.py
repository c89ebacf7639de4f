"""The audit read as FHIR: every row is one valid AuditEvent, found by its own words, by auditors and nobody else."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest
from flask import Flask
from flask.testing import FlaskClient

from adapter import inbound
from adapter.access.commands import write_down
from adapter.bootstrap import open_parts
from adapter.config import load_settings
from adapter.credentials import digest, hash_password
from adapter.parts import Knowledge, Parts
from adapter.store import audit, clients, people
from adapter.validation import make_validator
from adapter.web import create_app
from tests.dozen_cases import pages
from tests.sample_bundles import as_bytes, make_bundle

PASSWORD = "a long password for a test"  # noqa: S105  # nobody's
KEY = f"north.{'k' * 43}"
NORTH = {"Authorization": f"Bearer {KEY}"}


@pytest.fixture(scope="module")
def guarded(knowledge: Knowledge, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    settings = load_settings({"CRMO_DATA": str(tmp_path_factory.mktemp("data"))})
    with open_parts(settings, knowledge) as opened:
        app = create_app(opened, ask_who=True, public_url="https://registry.invalid")
        yield app
        app.extensions["background"].shutdown()


@pytest.fixture(scope="module")
def patient(guarded: Flask) -> str:
    """A service where this and that was done: by a site, by people, by a command, by nobody, rightly and wrongly."""
    parts: Parts = guarded.extensions["parts"]
    case_id = inbound.receive(parts, as_bytes(make_bundle()), "north").entry.case_id
    assert case_id
    with parts.store.writing() as connection:
        row = {"id": "north", "source": "north", "scopes": "system/*.rs", "created_at": parts.clock()}
        clients.add(connection, **row, key_digest=digest(KEY))
        for role in ("auditor", "reader"):
            person = people.Person(role, role, hash_password(PASSWORD), None, None, 0, parts.clock(), None)
            people.add(connection, person)
        write_down(parts, connection, "case erase", "case of a name that is no FHIR id")
    site = guarded.test_client()
    for address in (f"Patient/{case_id}", "Patient", "Patient/none", f"Patient/{case_id}/_history", "$export"):
        site.get(f"/fhir/{address}", headers=NORTH)
    site.get(f"/cases/{case_id}", headers=NORTH)
    site.delete(f"/cases/{case_id}", headers=NORTH)
    site.post("/fhir/Patient/_search", data={"gender": "female"}, headers=NORTH)
    site.get("/fhir/Patient")
    return case_id


@pytest.fixture(scope="module")
def auditor(guarded: Flask, patient: str) -> FlaskClient:
    return come_in(guarded, "auditor")


def come_in(app: Flask, login: str) -> FlaskClient:
    browser = app.test_client()
    assert browser.post("/login", data={"login": login, "password": PASSWORD}).status_code == 303
    return browser


def found(browser: FlaskClient, query: str = "") -> list[dict[str, Any]]:
    """What a search finds, of what was done before the first look at the audit."""
    told = [
        entry["resource"] for page in pages(browser, f"/fhir/AuditEvent?{query}") for entry in page.get("entry", [])
    ]
    return [each for each in told if "AuditEvent" not in each["outcomeDesc"]]


def test_every_row_is_an_audit_event_that_r4_takes(guarded: Flask, auditor: FlaskClient) -> None:
    parts: Parts = guarded.extensions["parts"]
    told = found(auditor, "_count=500")
    with parts.store.reading() as connection:
        rows = dict(audit.events(connection, limit=1000))

    validator = make_validator()
    for each in told:
        assert [issue for issue in validator.validate(each) if issue.blocks] == []
        row = rows[int(each["id"])]
        assert each["outcomeDesc"] == f"{row.action} {row.route}: {row.status}"
        assert each["agent"][0]["altId"] == row.actor
    assert {int(each["id"]) for each in told} == {n for n, row in rows.items() if "AuditEvent" not in row.route}


@pytest.mark.parametrize("query", ["_count=3", "_count=3&_sort=date", "_count=1&_sort=-date"])
def test_page_after_page_each_is_told_once(auditor: FlaskClient, query: str) -> None:
    numbers = [int(each["id"]) for each in found(auditor, query)]

    assert sorted(numbers, reverse="_sort=date" not in query) == numbers
    assert sorted(numbers) == sorted(int(each["id"]) for each in found(auditor, "_count=500"))


def codes(each: dict[str, Any]) -> list[str]:
    return [coding["code"] for coding in each.get("subtype", [])]


def test_it_is_found_by_what_it_says(auditor: FlaskClient, patient: str) -> None:
    there = found(auditor, "_count=500")

    def named(each: dict[str, Any]) -> bool:
        return any(entity["what"].get("reference") == f"Patient/{patient}" for entity in each["entity"])

    searches = {
        "altid=client:north": [each for each in there if each["agent"][0]["altId"] == "client:north"],
        "altid=command,nobody": [each for each in there if each["agent"][0]["altId"] in ("command", "nobody")],
        f"patient=Patient/{patient}": [each for each in there if named(each)],
        f"entity={patient}": [each for each in there if named(each)],
        "outcome=4": [each for each in there if each["outcome"] == "4"],
        "outcome=0,8": [each for each in there if each["outcome"] in "08"],
        "action=R": [each for each in there if each["action"] == "R"],
        "action=E,D": [each for each in there if each["action"] in "ED"],
        "subtype=read": [each for each in there if "read" in codes(each)],
        "subtype=http://hl7.org/fhir/restful-interaction|search-type": [
            each for each in there if "search-type" in codes(each)
        ],
        f"_id={there[0]['id']},{there[1]['id']}": there[:2],
        f"date=le{quote(there[2]['recorded'])}": [each for each in there if each["recorded"] <= there[2]["recorded"]],
        "date=gt2999": [],
        "altid=client:north&outcome=0": [
            each for each in there if each["agent"][0]["altId"] == "client:north" and each["outcome"] == "0"
        ],
    }

    for query, expected in searches.items():
        assert [each["id"] for each in found(auditor, f"{query}&_count=500")] == [each["id"] for each in expected], (
            query
        )
        assert expected or "2999" in query, query


def test_a_read_says_which_patient_it_was_of(auditor: FlaskClient, patient: str) -> None:
    told = found(auditor, f"patient={patient}&subtype=read&_count=500")

    assert [(each["action"], each["outcome"]) for each in told] == [("R", "0")]
    assert told[0]["type"]["code"] == "rest"


def test_one_is_read_by_its_number(auditor: FlaskClient) -> None:
    answer = auditor.get("/fhir/AuditEvent/1")

    assert (answer.status_code, answer.json["id"], answer.headers["ETag"]) == (200, "1", 'W/"1"')
    assert auditor.get("/fhir/AuditEvent/1", headers={"If-None-Match": 'W/"1"'}).status_code == 304
    assert {auditor.get(f"/fhir/AuditEvent/{id_}").status_code for id_ in ("0", "01", "999999", "x", "9" * 30)} == {404}


@pytest.mark.parametrize(
    "query",
    ["agent-name=x", "date=soon", "_count=many", "action=X", "outcome=7", "_cursor=x", "_sort=agent", "altid=%00"],
)
def test_what_is_not_understood_is_refused(auditor: FlaskClient, query: str) -> None:
    assert auditor.get(f"/fhir/AuditEvent?{query}").status_code == 400


def test_the_words_of_a_search_may_stay_out_of_the_address(auditor: FlaskClient) -> None:
    answer = auditor.post("/fhir/AuditEvent/_search", data={"outcome": "4", "_count": "500"})

    told = [entry["resource"] for entry in answer.json["entry"]]
    mine = [each["id"] for each in told if "AuditEvent" not in each["outcomeDesc"]]
    assert mine == [each["id"] for each in found(auditor, "outcome=4&_count=500")]


def test_only_auditors_read_it(guarded: Flask, auditor: FlaskClient) -> None:
    reader = come_in(guarded, "reader")
    for address in ("/fhir/AuditEvent", "/fhir/AuditEvent/1"):
        assert reader.get(address).status_code == 403
        assert guarded.test_client().get(address, headers=NORTH).status_code == 403
        assert guarded.test_client().get(address, headers={"Accept": "application/json"}).status_code == 401


def test_it_holds_nothing_of_the_patient_but_his_pseudonym(auditor: FlaskClient) -> None:
    text = auditor.get("/fhir/AuditEvent?_count=500").text

    bundle = make_bundle()["entry"][0]["resource"]
    for word in (bundle["birthDate"], bundle["identifier"][0]["value"], "female"):
        assert word not in text


def test_the_capability_statement_tells_of_it(auditor: FlaskClient) -> None:
    told = auditor.get("/fhir/metadata").json["rest"][0]["resource"]
    mine = next(each for each in told if each["type"] == "AuditEvent")

    assert [each["code"] for each in mine["interaction"]] == ["read", "search-type"]
    for each in mine["searchParam"]:
        value = {"date": "2026", "reference": "Patient/x"}.get(each["type"], "0" if each["name"] == "outcome" else "R")
        assert auditor.get(f"/fhir/AuditEvent?{each['name']}={value}").status_code == 200
