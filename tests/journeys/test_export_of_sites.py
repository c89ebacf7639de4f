"""A bulk export asked for with a key: each site has what it sent and its scopes reach, and nobody has another's."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from flask import Flask
from flask.testing import FlaskClient

from adapter import inbound
from adapter.credentials import digest
from adapter.parts import Parts
from adapter.search import load_parameters
from adapter.store import audit, clients
from tests.journeys.bulk_client import LATER, begin, end, local, names, read
from tests.sample_bundles import as_bytes, make_bundle, make_condition, make_finding, make_patient


@pytest.fixture
def sites(guarded: Flask) -> FlaskClient:
    """Two hospitals have sent a child each, and one that both know."""
    parts = guarded.extensions["parts"]
    for source, number in (("north", 1), ("south", 2), ("north", 3), ("south", 3)):
        bundle = make_bundle(make_patient(number), make_condition(number), make_finding(number))
        assert inbound.receive(parts, as_bytes(bundle), source).accepted
    with parts.store.writing() as connection:
        for name, source, scopes in (
            ("north", "north", "system/*.rs"),
            ("south", "south", "system/Patient.rs system/Condition.r"),
            ("writer", "north", "system/*.c"),
        ):
            row = {"id": name, "source": source, "scopes": scopes, "created_at": parts.clock()}
            clients.add(connection, **row, key_digest=digest(key_of(name)))
    return guarded.test_client()


def key_of(name: str) -> str:
    return f"{name}.{'k' * 43}"


def held(name: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key_of(name)}"}


def test_a_site_exports_what_it_sent_and_what_its_scopes_reach(sites: FlaskClient) -> None:
    manifest = end(sites, begin(sites, **held("north")), **held("north"))
    mine = [sites.get(f"/fhir/{type_}?_count=500", headers=held("north")).json for type_ in load_parameters()]

    assert manifest["requiresAccessToken"] is True
    told = names(read(sites, manifest, **held("north")))
    assert told == names([entry["resource"] for page in mine for entry in page.get("entry", [])])
    assert len([type_ for type_, _ in told if type_ == "Patient"]) == 2
    less = end(sites, begin(sites, **held("south")), **held("south"))
    assert [each["type"] for each in less["output"]] == ["Patient"]


def test_a_site_does_not_export_beyond_its_scopes(sites: FlaskClient) -> None:
    asked = sites.get("/fhir/$export?_type=Condition", headers=LATER | held("south"))

    assert asked.status_code == 403
    assert sites.get("/fhir/$export", headers=LATER | held("writer")).status_code == 403
    assert sites.get("/fhir/$export", headers=LATER).status_code == 401


def test_an_export_is_for_nobody_but_who_asked_for_it(sites: FlaskClient) -> None:
    where = begin(sites, **held("north"))
    url = local(end(sites, where, **held("north"))["output"][0]["url"])

    for address in (where, url):
        assert sites.get(address, headers=held("south")).status_code == 404
        assert sites.get(address).status_code == 401
    assert sites.delete(where, headers=held("south")).status_code == 404


def test_a_case_that_comes_into_sight_is_in_the_next_export_though_it_did_not_change(
    guarded: Flask, sites: FlaskClient
) -> None:
    parts = guarded.extensions["parts"]
    first = end(sites, begin(sites, **held("south")), **held("south"))
    bundle = make_bundle(make_patient(1), make_condition(1), make_finding(1))
    assert inbound.receive(parts, as_bytes(bundle), "south").accepted

    since = quote(first["transactionTime"])
    second = end(sites, begin(sites, f"/fhir/$export?_since={since}", **held("south")), **held("south"))

    assert len(read(sites, second, **held("south"))) == 1


def test_every_step_of_an_export_is_written_down(guarded: Flask, sites: FlaskClient) -> None:
    manifest = end(sites, where := begin(sites, **held("north")), **held("north"))
    read(sites, manifest, **held("north"))
    sites.delete(where, headers=held("north"))
    parts: Parts = guarded.extensions["parts"]
    with parts.store.reading() as connection:
        told = [event for _, event in audit.events(connection, actor="client:north")]

    assert {event.route for event in told} == {
        "/fhir/$export",
        "/fhir/$export/<export_id>",
        "/fhir/$export/<export_id>/<name>",
    }
    assert len([event for event in told if event.route.endswith("<name>")]) == len(manifest["output"])
