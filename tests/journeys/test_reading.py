"""The registry read as FHIR: every resource of every case by id, every version, all of a patient; and what is gone."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from flask.testing import FlaskClient

from adapter import inbound
from adapter.parts import Knowledge, Parts
from adapter.registry import catch_up
from adapter.resource import dump_json
from adapter.search import load_parameters
from adapter.store import keeping
from adapter.store.resources import INDEX, PUBLISHED, RESOURCES
from adapter.validation import make_validator
from adapter.web import create_app
from tests.dozen_cases import CASES, found, pages, resources_of, serve
from tests.sample_bundles import as_bytes, make_bundle, make_condition, make_finding, make_patient
from tests.sample_cases import make_case


@pytest.fixture(scope="module")
def client(still_parts: Parts) -> Iterator[FlaskClient]:
    """The registry with a dozen cases; nobody changes it."""
    yield from serve(still_parts)


@pytest.fixture(scope="module")
def expected(knowledge: Knowledge) -> list[dict[str, Any]]:
    return resources_of(knowledge)


@pytest.fixture
def changing(parts: Parts) -> Iterator[FlaskClient]:
    """The same for whoever changes it."""
    yield from serve(parts)


def without_meta(resource: dict[str, Any]) -> dict[str, Any]:
    meta = {name: value for name, value in resource["meta"].items() if name not in ("versionId", "lastUpdated")}
    return {**resource, "meta": meta}


def test_every_resource_is_read_as_it_was_made(client: FlaskClient, expected: list[dict[str, Any]]) -> None:
    for resource in expected:
        answer = client.get(f"/fhir/{resource['resourceType']}/{resource['id']}")
        told = json.loads(dump_json(resource))

        assert (answer.status_code, answer.headers["ETag"]) == (200, 'W/"1"')
        assert without_meta(answer.json) == {**told, "meta": told.get("meta", {})}


def test_everything_is_everything(client: FlaskClient, expected: list[dict[str, Any]]) -> None:
    patient = next(each["id"] for each in expected if each["resourceType"] == "Patient")
    theirs = sorted(
        (each["resourceType"], each["id"])
        for each in expected
        if each.get("subject", {}).get("reference") == f"Patient/{patient}" or each["id"] == patient
    )

    entries = [
        (entry["resource"]["resourceType"], entry["resource"]["id"])
        for page in pages(client, f"/fhir/Patient/{patient}/$everything?_count=3")
        for entry in page["entry"]
    ]
    assert [each for each in entries if each[0] != "Provenance"] == theirs
    assert len(set(entries)) == len(entries)


def test_a_changed_case_makes_new_versions_of_what_changed_and_of_nothing_else(parts: Parts) -> None:
    case = make_case(1)
    inbound.receive_case(parts, dump_json(case), "registry")
    changed = {**case, "patient": {**case["patient"], "sex": "male"}, "sequelae": []}
    inbound.receive_case(parts, dump_json(changed), "registry")
    client = create_app(parts).test_client()

    patient = client.get(f"/fhir/Patient/{case['case_id']}")
    old = client.get(f"/fhir/Patient/{case['case_id']}/_history/1")
    assert (patient.headers["ETag"], patient.json["gender"], old.json["gender"]) == ('W/"2"', "male", "female")
    assert client.get(f"/fhir/Condition/{case['case_id']}-diagnosis").headers["ETag"] == 'W/"1"'
    gone = client.get(f"/fhir/Condition/{case['case_id']}-sequela-1")
    assert (gone.status_code, gone.json["issue"][0]["code"]) == (410, "deleted")
    told = client.get(f"/fhir/Condition/{case['case_id']}-sequela-1/_history").json["entry"]
    assert [each["request"]["method"] for each in told] == ["DELETE", "POST"]
    made = client.get("/fhir/Provenance?_sort=_lastUpdated").json["entry"]
    targets = [each["reference"] for each in made[-1]["resource"]["target"]]
    assert f"Patient/{case['case_id']}/_history/2" in targets
    assert f"Condition/{case['case_id']}-diagnosis/_history/1" not in targets


def test_a_history_is_told_page_by_page(parts: Parts) -> None:
    case = make_case(1)
    for number in range(7):
        sex = "male" if number % 2 else "female"
        inbound.receive_case(parts, dump_json({**case, "patient": {**case["patient"], "sex": sex}}), "registry")
    client = create_app(parts, public_url="https://registry.invalid").test_client()
    address = f"/fhir/Patient/{case['case_id']}/_history"

    for query in ("", "?_count=1", "?_count=3", "?_count=7"):
        told = [page for page in pages(client, address + query)]
        found = [entry["resource"]["meta"]["versionId"] for page in told for entry in page["entry"]]
        assert found == list("7654321"), query
        assert {page["total"] for page in told} == {7}
        assert {page["type"] for page in told} == {"history"}
    third = client.get(f"{address}/3").json["meta"]["lastUpdated"].replace("+", "%2B")
    assert client.get(f"{address}?_since={third}").json["total"] == 5
    assert {client.get(f"{address}?{each}").status_code for each in ("_at=2020", "_cursor=x", "_count=0")} == {400}


@pytest.mark.parametrize("version", [0, 2, 2**31, 2**63, 10**40])
def test_a_version_that_never_was_is_not_found(client: FlaskClient, version: int) -> None:
    assert client.get(f"/fhir/Patient/{CASES[0]['case_id']}/_history/{version}").status_code == 404


def test_what_is_answered_to_a_push_can_be_read(changing: FlaskClient) -> None:
    """A new version of a case need not change its Patient: the answer names the version that there is."""
    for bundle in (make_bundle(), make_bundle(make_patient(), make_condition(), make_finding())):
        told = changing.post("/fhir", data=as_bytes(bundle), content_type="application/fhir+json")
        response = told.json["entry"][0]["response"]
        read = changing.get(f"/fhir/{response['location']}")

        assert (read.status_code, read.headers["ETag"]) == (200, response["etag"])
    assert told.headers["ETag"] == 'W/"2"', "of the case, at its own address"


def test_an_erased_case_leaves_nothing_that_can_be_read(changing: FlaskClient, parts: Parts) -> None:
    client = changing
    case_id = CASES[0]["case_id"]
    addresses = [
        f"/fhir/{each['resourceType']}/{each['id']}" for each in parts.knowledge.mappings.to_resources(CASES[0])
    ]
    with parts.store.writing() as connection:
        keeping.erase(connection, case_id, parts.clock())

    assert {client.get(address).status_code for address in addresses} == {410}
    assert {client.get(f"{address}/_history/1").status_code for address in addresses} <= {404, 410}
    for type_ in load_parameters():
        assert not [each for each in found(client, f"/fhir/{type_}?_count=500") if each.startswith(case_id)]


def test_cases_that_were_kept_before_are_caught_up_with(changing: FlaskClient, parts: Parts) -> None:
    client = changing
    before = [client.get(f"/fhir/{type_}?_summary=count").json["total"] for type_ in load_parameters()]
    with parts.store.writing() as connection:
        for table in (RESOURCES, INDEX, PUBLISHED):
            connection.execute(table.delete())

    assert catch_up(parts) == len(CASES)
    assert catch_up(parts) == 0
    assert [client.get(f"/fhir/{type_}?_summary=count").json["total"] for type_ in load_parameters()] == before


def test_a_head_says_what_a_read_would(client: FlaskClient) -> None:
    for address in (f"/fhir/Patient/{CASES[0]['case_id']}", "/fhir/Patient?_count=3", "/fhir/metadata"):
        read, head = client.get(address), client.head(address)

        assert (head.status_code, head.data) == (200, b"")
        assert {name: head.headers.get(name) for name in ("Content-Type", "Content-Length", "ETag")} == {
            name: read.headers.get(name) for name in ("Content-Type", "Content-Length", "ETag")
        }
    assert client.head("/fhir/Patient/nobody").status_code == 404


def test_what_has_not_changed_is_not_sent_again(client: FlaskClient) -> None:
    address = f"/fhir/Patient/{CASES[0]['case_id']}"
    tag = client.get(address).headers["ETag"]

    assert client.get(address, headers={"If-None-Match": tag}).status_code == 304
    assert client.get(address, headers={"If-None-Match": 'W/"7"'}).status_code == 200


def test_what_is_answered_is_valid_fhir(client: FlaskClient, knowledge: Knowledge) -> None:
    validator = make_validator(knowledge.packages)
    patient = CASES[0]["case_id"]
    for address in (
        "/fhir/metadata",
        "/fhir/Observation?_count=30&_include=Observation:patient",
        f"/fhir/Patient/{patient}/_history",
        f"/fhir/Patient/{patient}/$everything",
        "/fhir/Provenance",
    ):
        issues = [issue for issue in validator.validate(client.get(address).json) if issue.blocks]
        # A case may call its diagnosis an error and still say how active it is; what is written says the same.
        assert [issue for issue in issues if issue.rule != "invariant:con-5"] == [], address


def test_the_capability_statement_names_every_parameter(client: FlaskClient) -> None:
    told = {each["type"]: each for each in client.get("/fhir/metadata").json["rest"][0]["resource"]}

    assert set(told) == {*load_parameters(), "Group", "AuditEvent"}
    for type_, named in load_parameters().items():
        assert set(named) <= {each["name"] for each in told[type_]["searchParam"]}
        assert {each["code"] for each in told[type_]["interaction"]} == {
            "read",
            "vread",
            "history-instance",
            "search-type",
        }
