"""The registry's Groups: whom the criteria take, and whom not; read, searched, and exported for themselves."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from adapter import inbound
from adapter.credentials import digest
from adapter.parts import Parts
from adapter.store import clients
from adapter.validation import validate
from tests.journeys.bulk_client import LATER, begin, end, everything, export, keep, names, read, serve
from tests.sample_bundles import as_bytes, make_bundle, make_condition, make_patient
from tests.sample_cases import make_case

# Without a result of imaging nobody can decide.
OPEN = {"case_id": "OPEN-1", "patient": {"sex": "male"}, "diagnosis": {"code": "crmo"}}


@pytest.fixture
def client(parts: Parts) -> Iterator[FlaskClient]:
    keep(parts, OPEN)
    yield from serve(parts)


def of(group: dict[str, Any]) -> list[str]:
    return [each["entity"]["reference"].removeprefix("Patient/") for each in group.get("member", [])]


def test_every_child_is_in_the_group_of_her_decision(client: FlaskClient) -> None:
    for id_ in ("eligible", "undetermined", "ineligible"):
        group = client.get(f"/fhir/Group/{id_}").json
        cases = client.get(f"/cases?status={id_}").json["cases"]

        assert of(group) == [each["case_id"] for each in cases]
        assert (group["id"], group["quantity"]) == (id_, len(cases))
        assert validate(group) == []
    assert "OPEN-1" in of(client.get("/fhir/Group/undetermined").json)


def test_groups_are_found_by_a_search(client: FlaskClient) -> None:
    told = client.get("/fhir/Group").json
    one = client.get("/fhir/Group?_id=eligible,none").json

    assert [each["resource"]["id"] for each in told["entry"]] == ["eligible", "undetermined", "ineligible"]
    assert (one["total"], one["entry"][0]["resource"]["id"]) == (1, "eligible")
    assert one["link"][0]["url"].endswith("/fhir/Group?_id=eligible%2Cnone")
    assert client.get("/fhir/Group?member=x").status_code == 400
    assert client.get("/fhir/Group/all").status_code == 404


def test_a_group_is_exported_with_all_that_is_about_its_members(client: FlaskClient) -> None:
    told = export(client, "/fhir/Group/undetermined/$export")

    there = [each for each in everything(client) if each["id"].startswith("OPEN-1")]
    assert len(there) > 2
    assert names(told) == names(there)
    assert names(export(client, "/fhir/Group/ineligible/$export")) == []


def test_an_export_holds_who_was_in_the_group_when_it_was_asked_for(client: FlaskClient, parts: Parts) -> None:
    where = begin(client, "/fhir/Group/undetermined/$export?_type=Patient")
    keep(parts, make_case(4) | {"case_id": "OPEN-1"})

    assert of(client.get("/fhir/Group/undetermined").json) == []
    assert names(read(client, end(client, where))) == [("Patient", "OPEN-1")]
    assert client.delete(where).status_code == 202


def test_a_body_narrows_a_group(client: FlaskClient) -> None:
    wish = [{"name": "patient", "valueReference": {"reference": "Patient/OPEN-1"}}]
    body = {"resourceType": "Parameters", "parameter": wish}

    asked = client.post("/fhir/Group/eligible/$export", json=body, headers=LATER)

    assert asked.status_code == 202
    assert end(client, asked.headers["Content-Location"].removeprefix("https://registry.invalid"))["output"] == []


@pytest.fixture
def sites(guarded: Flask) -> FlaskClient:
    """Two hospitals have sent a child each; one of them may not ask for Groups."""
    parts = guarded.extensions["parts"]
    for number, source in enumerate(("north", "south"), 1):
        assert inbound.receive(parts, as_bytes(make_bundle(make_patient(number), make_condition(number))), source)
    with parts.store.writing() as connection:
        for name, scopes in (("north", "system/*.rs"), ("south", "system/Patient.rs system/Group.s")):
            row = {"id": name, "source": name, "scopes": scopes, "created_at": parts.clock()}
            clients.add(connection, **row, key_digest=digest(held(name)["Authorization"].removeprefix("Bearer ")))
    return guarded.test_client()


def held(name: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {name}.{'k' * 43}"}


def test_a_site_finds_its_own_children_in_a_group(sites: FlaskClient) -> None:
    groups = sites.get("/fhir/Group", headers=held("north")).json["entry"]
    mine = sites.get("/fhir/Patient", headers=held("north")).json["entry"]
    status = next(each["resource"]["id"] for each in groups if each["resource"]["quantity"])

    told = end(sites, begin(sites, f"/fhir/Group/{status}/$export?_type=Patient", **held("north")), **held("north"))

    assert [each for group in groups for each in of(group["resource"])] == [each["resource"]["id"] for each in mine]
    assert len(mine) == 1
    assert names(read(sites, told, **held("north"))) == names([each["resource"] for each in mine])


def test_scopes_hold_for_groups(sites: FlaskClient) -> None:
    assert sites.get("/fhir/Group", headers=held("south")).status_code == 200
    assert sites.get("/fhir/Group/eligible", headers=held("south")).status_code == 403
    for type_, status in (("Patient", 202), ("Condition", 403)):
        asked = sites.get(f"/fhir/Group/eligible/$export?_type={type_}", headers=LATER | held("south"))
        assert asked.status_code == status
    assert sites.get("/fhir/Group").status_code == 401
