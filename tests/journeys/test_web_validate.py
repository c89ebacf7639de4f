"""The operation $validate, through the web."""

from __future__ import annotations

import json
from typing import Any

import pytest
from flask.testing import FlaskClient

FHIR = "application/fhir+json"
PATIENT = {"resourceType": "Patient", "gender": "female", "birthDate": "2008-06-15"}
FINDING = "https://crmo-registry.example/fhir/StructureDefinition/crmo-finding"


def ask(client: FlaskClient, address: str, document: Any) -> tuple[int, list[dict[str, Any]]]:
    answer = client.post(address, data=json.dumps(document, indent=1), content_type=FHIR)
    return answer.status_code, answer.get_json()["issue"]


@pytest.mark.parametrize("address", ["/fhir/$validate", "/fhir/Patient/$validate"])
def test_a_good_resource_is_all_ok(client: FlaskClient, address: str) -> None:
    status, issues = ask(client, address, PATIENT)

    assert (status, [each["severity"] for each in issues]) == (200, ["information"])


def test_a_flaw_is_told_with_rule_place_and_line(client: FlaskClient) -> None:
    status, [issue] = ask(client, "/fhir/$validate", {**PATIENT, "gender": "banana"})

    assert (status, issue["severity"], issue["expression"]) == (200, "error", ["Patient.gender"])
    assert "line 3" in issue["diagnostics"]


def test_the_answer_is_in_the_readers_language(client: FlaskClient) -> None:
    flaw = json.dumps({**PATIENT, "birthDate": "2011-02-30"})
    answer = client.post("/fhir/$validate", data=flaw, content_type=FHIR, headers={"Accept-Language": "fr"})

    assert "jour" in answer.get_json()["issue"][0]["details"]["text"]


def test_parameters_name_the_profile_and_places_are_those_of_what_was_sent(client: FlaskClient) -> None:
    parameters = {
        "resourceType": "Parameters",
        "parameter": [
            {"name": "profile", "valueUri": FINDING},
            {"name": "resource", "resource": {"resourceType": "Observation", "status": "final", "code": {"text": "x"}}},
        ],
    }

    status, issues = ask(client, "/fhir/Observation/$validate", parameters)

    assert status == 200
    assert {each["severity"] for each in issues} >= {"error"}
    assert all(each["expression"][0].startswith("Parameters.parameter[1].resource") for each in issues)


def test_a_resource_of_another_type_than_the_address_is_told(client: FlaskClient) -> None:
    _, issues = ask(client, "/fhir/Encounter/$validate", PATIENT)

    assert "type-of-address" in json.dumps(issues)


def test_a_type_that_r4_has_not_is_not_found(client: FlaskClient) -> None:
    status, _ = ask(client, "/fhir/Banana/$validate", PATIENT)

    assert status == 404


def test_nothing_is_kept(client: FlaskClient) -> None:
    ask(client, "/fhir/$validate", PATIENT)

    assert b'crmo_inbox_entries{state="stored"} 0' in client.get("/metrics").data
