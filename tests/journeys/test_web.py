"""The HTTP door, asked as hospitals, data managers and operators ask it."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from flask.testing import FlaskClient

from adapter.parts import Parts
from adapter.resource import dump_json
from adapter.synthetic.server import FhirServer, serve_resources
from adapter.web import create_app
from tests.sample_bundles import as_bytes, make_bundle, make_condition, make_finding, make_patient
from tests.sample_cases import make_case

FHIR = "application/fhir+json"


def post(client: FlaskClient, document: Any, **headers: str) -> Any:
    body = document if isinstance(document, bytes) else as_bytes(document)
    return client.post("/fhir", data=body, content_type=FHIR, headers=headers)


def keep(client: FlaskClient, case: dict[str, Any]) -> Any:
    return client.post("/cases", data=dump_json(case), content_type="application/json")


def test_a_transaction_is_answered_entry_by_entry(client: FlaskClient) -> None:
    answer = post(client, make_bundle())

    assert (answer.status_code, answer.mimetype, answer.json["type"]) == (200, FHIR, "transaction-response")
    assert [entry["response"]["status"] for entry in answer.json["entry"]] == ["201 Created", "201 Created"]
    case = client.get(answer.headers["Location"])
    assert case.json["diagnosis"]["code"] == "crmo"
    assert case.headers["ETag"] == answer.headers["ETag"] == 'W/"1"'


def test_a_batch_tells_which_entry_was_left_out_and_why(client: FlaskClient) -> None:
    stranger = make_finding(subject={"identifier": {"system": "urn:x", "value": "nobody"}})
    answer = post(client, make_bundle(make_patient(), make_condition(), stranger, kind="batch"))

    assert answer.json["type"] == "batch-response"
    responses = [entry["response"] for entry in answer.json["entry"]]
    assert [each["status"][:3] for each in responses] == ["201", "201", "422"]
    assert responses[2]["outcome"]["issue"][0]["expression"] == ["Bundle.entry[2].resource.subject"]


def test_the_answer_tells_the_decision_and_what_would_settle_it(client: FlaskClient) -> None:
    outcome = post(client, make_bundle()).json["entry"][0]["response"]["outcome"]

    assert outcome["issue"][0]["details"]["text"].startswith("Decision: undetermined. I1:")


def test_a_repetition_is_answered_as_done_before(client: FlaskClient) -> None:
    post(client, make_bundle())
    again = post(client, make_bundle())

    assert again.status_code == 200
    assert {entry["response"]["status"] for entry in again.json["entry"]} == {"200 OK"}


def test_the_sender_is_named_by_a_header_until_it_must_prove_itself(client: FlaskClient) -> None:
    north = post(client, make_bundle(), **{"X-CRMO-Source": "north"})
    south = post(client, make_bundle(), **{"X-CRMO-Source": "south"})

    assert north.headers["Location"] != south.headers["Location"]
    assert post(client, make_bundle(), **{"X-CRMO-Source": "no/good"}).status_code == 400


def test_outcomes_speak_french_to_those_who_ask(client: FlaskClient) -> None:
    answer = post(client, b"{", **{"Accept-Language": "fr"})

    assert answer.json["issue"][0]["details"]["text"].startswith("Ceci n'est pas du JSON")


@pytest.mark.parametrize(
    "content_type",
    [
        "application/fhir+xml",
        "text/plain",
        "application/fhir+json; charset=latin-1",
        "application/fhir+json; fhirVersion=5.0",
    ],
)
def test_refuses_what_is_not_r4_json_in_utf8(client: FlaskClient, content_type: str) -> None:
    answer = client.post("/fhir", data=as_bytes(make_bundle()), content_type=content_type)

    assert (answer.status_code, answer.json["resourceType"]) == (415, "OperationOutcome")


def test_refuses_compressed_bodies_and_xml_answers(client: FlaskClient) -> None:
    zipped = post(client, make_bundle(), **{"Content-Encoding": "gzip"})
    xml = client.get("/fhir/metadata", headers={"Accept": "application/fhir+xml"})

    assert (zipped.status_code, xml.status_code) == (415, 406)


def test_what_is_too_large_even_to_be_kept_is_refused_at_the_door(client: FlaskClient) -> None:
    answer = client.post("/fhir", data=b"x" * (33 * 1024 * 1024), content_type=FHIR)

    assert (answer.status_code, answer.json["issue"][0]["code"]) == (413, "too-long")


def test_the_capability_statement_promises_what_the_routes_keep(client: FlaskClient) -> None:
    rest = client.get("/fhir/metadata").json["rest"][0]

    assert rest["interaction"] == [{"code": "batch"}, {"code": "transaction"}]


def test_a_case_is_created_read_changed_and_erased(client: FlaskClient) -> None:
    case = make_case(1)
    created = keep(client, case)
    place = created.headers["Location"]
    changed = client.put(place, json={**case, "centre": "Lyon"}, headers={"If-Match": created.headers["ETag"]})
    history = client.get(f"{place}/history").json["versions"]
    erased = client.delete(place)

    assert (created.status_code, changed.status_code, erased.status_code) == (201, 200, 204)
    assert (changed.json["centre"], changed.headers["ETag"]) == ("Lyon", 'W/"2"')
    assert [(each["version"], each["status"]) for each in history] == [(1, "eligible"), (2, "eligible")]
    assert client.get(place).status_code == 410
    assert keep(client, case).status_code == 410


def test_a_change_made_on_an_older_version_is_refused(client: FlaskClient) -> None:
    case = make_case(1)
    place = keep(client, case).headers["Location"]
    client.put(place, json={**case, "centre": "Lyon"})

    late = client.put(place, json={**case, "centre": "Nice"}, headers={"If-Match": 'W/"1"'})

    assert late.status_code == 412
    assert client.get(place).json["centre"] == "Lyon"


def test_a_case_is_created_once(client: FlaskClient) -> None:
    case = make_case(1)
    first, again, other = keep(client, case), keep(client, case), keep(client, {**case, "centre": "Lyon"})

    assert (first.status_code, again.status_code, other.status_code) == (201, 200, 409)


def test_a_case_that_breaks_the_schema_is_told_the_pointer(client: FlaskClient) -> None:
    answer = keep(client, {**make_case(1), "clinical_lesions": [{"bone": "tibia", "side": "port"}]})

    assert answer.status_code == 422
    assert answer.json["issue"][0]["expression"] == ["/clinical_lesions/0/side"]


def test_a_case_is_not_put_under_another_name(client: FlaskClient) -> None:
    assert client.put("/cases/OTHER", json=make_case(1)).status_code == 422


@pytest.mark.parametrize("tag", ["1", "W/1", 'W/"one"', 'W/"1", W/"2"'])
def test_refuses_an_if_match_it_cannot_read(client: FlaskClient, tag: str) -> None:
    assert client.put("/cases/SAMPLE-1", json=make_case(1), headers={"If-Match": tag}).status_code == 400


def test_an_older_version_can_be_read(client: FlaskClient) -> None:
    case = make_case(1)
    place = keep(client, case).headers["Location"]
    client.put(place, json={**case, "centre": "Lyon"})

    assert client.get(place, query_string={"version": 1}).json["centre"] == case["centre"]
    assert client.get(place, query_string={"version": 3}).status_code == 404


def test_cases_are_listed_by_decision_and_page_by_page(client: FlaskClient) -> None:
    for number in range(3):
        keep(client, make_case(number))
    post(client, make_bundle())

    first = client.get("/cases", query_string={"status": "eligible", "limit": 2}).json
    rest = client.get("/cases", query_string={"status": "eligible", "limit": 2, "after": first["after"]}).json

    assert [each["case_id"] for each in first["cases"] + rest["cases"]] == ["SAMPLE-0", "SAMPLE-1", "SAMPLE-2"]
    assert "after" not in rest


@pytest.mark.parametrize("query", ["status=maybe", "limit=0", "limit=x", "limit=1001", "limit=٣"])
def test_refuses_a_list_it_cannot_make(client: FlaskClient, query: str) -> None:
    assert client.get(f"/cases?{query}").status_code == 400


def test_a_case_given_back_as_fhir_is_the_same_case_when_it_returns(client: FlaskClient) -> None:
    case = make_case(1)
    given = client.get(f"{keep(client, case).headers['Location']}/fhir")
    answer = post(client, given.data)

    assert (given.mimetype, answer.status_code) == (FHIR, 200)
    assert {entry["response"]["status"] for entry in answer.json["entry"]} == {"200 OK"}
    assert client.get(f"/cases/{case['case_id']}").json == case


def test_the_trace_tells_where_each_value_came_from(client: FlaskClient) -> None:
    told = client.get(f"{post(client, make_bundle()).headers['Location']}/trace").json

    found = next(each for each in told["trace"] if each["case"] == "/diagnosis/onset/date")
    assert found["source"] == "Bundle.entry[1].resource.onsetDateTime"
    assert told["decision"]["status"] == "undetermined"


def test_the_cohort_counts_eligible_cases_only(client: FlaskClient) -> None:
    keep(client, make_case(1))
    post(client, make_bundle())

    rows = {row["id"]: row for row in client.get("/cohort").json}

    assert (rows["A01"]["n"], rows["A01"]["published"]["n"]) == (1, 70)
    assert client.get("/cohort?like=SB").status_code == 200
    assert client.get("/cohort?like=XX").status_code == 400


def test_operators_see_counts_and_no_one(client: FlaskClient) -> None:
    post(client, make_bundle())
    post(client, b"{")

    text = client.get("/metrics").text

    assert 'crmo_inbox_entries{state="quarantined"} 1' in text
    assert 'crmo_cases{status="undetermined"} 1' in text
    assert 'crmo_source_entries{source="direct",state="stored"} 1' in text
    assert re.search(r'crmo_inbox_oldest_seconds\{state="quarantined"\} \d+\n', text)
    assert re.search(r"crmo_database_log_bytes \d+\n", text)
    assert 'crmo_issues{severity="fatal",rule="json-syntax"} 1' in text
    assert (client.get("/livez").status_code, client.get("/readyz").status_code) == (200, 200)


def test_not_ready_when_the_database_is_gone(client: FlaskClient) -> None:
    parts: Parts = client.application.extensions["parts"]
    with parts.store.writing() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '0000'")

    answer = client.get("/readyz")

    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")


def test_the_page_speaks_both_languages_and_asks_nothing_of_other_machines(client: FlaskClient) -> None:
    post(client, b"{")
    english, french = client.get("/", headers={"Accept-Language": "en"}).text, client.get("/").text

    assert "in quarantine" in english
    assert 'lang="fr"' in french
    assert "en quarantaine" in french
    assert "http://" not in english + french
    assert "https://" not in english + french
    with client.get("/static/registry.css") as style:
        assert style.status_code == 200


@pytest.mark.parametrize("path", ["/", "/cases", "/fhir/metadata", "/nothing", "/metrics", "/static/registry.css"])
def test_every_answer_is_protected(client: FlaskClient, path: str) -> None:
    with client.get(path) as answer:
        headers = answer.headers

    assert headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert (headers["X-Content-Type-Options"], headers["X-Frame-Options"]) == ("nosniff", "DENY")
    assert "no-store" in headers["Cache-Control"] or path.startswith("/static")


def test_another_sites_page_may_not_write(client: FlaskClient) -> None:
    assert post(client, make_bundle(), **{"Sec-Fetch-Site": "cross-site"}).status_code == 403


@pytest.fixture
def hospital() -> Iterator[str]:
    with serve_resources(FhirServer([make_patient(), make_condition()])) as base:
        yield base


def test_a_pull_is_started_watched_and_reported(client: FlaskClient, hospital: str) -> None:
    app = create_app(client.application.extensions["parts"], may_pull_any_address=True)
    watching = app.test_client()

    started = watching.post("/pulls", json={"source": hospital})
    pull = watching.get(started.headers["Location"]).json
    deadline = time.monotonic() + 90
    while pull["state"] in ("waiting", "running") and time.monotonic() < deadline:
        time.sleep(0.05)
        pull = watching.get(started.headers["Location"]).json
    app.extensions["background"].shutdown()

    assert (started.status_code, pull["state"], pull["report"]["screened"]) == (202, "complete", 1)
    assert [each["id"] for each in watching.get("/pulls").json["pulls"]] == [pull["id"]]


def test_a_pull_of_an_undeclared_address_must_be_allowed(client: FlaskClient, hospital: str) -> None:
    """Else anybody could make the service ask any machine that it can reach."""
    assert client.post("/pulls", json={"source": hospital}).status_code == 403


@pytest.mark.parametrize("body", ["{}", '{"source": 3}', "[]", "{", '{"source": ""}'])
def test_refuses_a_pull_of_nothing(client: FlaskClient, body: str) -> None:
    answer = client.post("/pulls", data=body, content_type="application/json")

    assert (answer.status_code, answer.json["resourceType"]) == (422, "OperationOutcome")


def test_an_unforeseen_failure_is_told_without_its_words(client: FlaskClient, caplog: pytest.LogCaptureFixture) -> None:
    def fail() -> str:
        raise RuntimeError("Zoé Canari")

    broken: Parts = replace(client.application.extensions["parts"], make_id=fail)
    answer = create_app(broken).test_client().post("/fhir", data=as_bytes(make_bundle()), content_type=FHIR)

    assert (answer.status_code, answer.json["issue"][0]["code"]) == (500, "exception")
    assert "RuntimeError" in caplog.text
    assert "Canari" not in caplog.text + answer.text
