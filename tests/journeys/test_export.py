"""The registry exported by SMART Bulk Data: all that stands there, once each, or what was wished for and no more."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any
from urllib.parse import quote

import pytest
from flask.testing import FlaskClient

from adapter.parts import Parts
from adapter.registry.exporting import preparing
from tests.journeys.bulk_client import BASE, LATER, begin, end, everything, export, local, names, read, serve
from tests.sample_cases import make_case


@pytest.fixture(scope="module")
def still(still_parts: Parts) -> Iterator[FlaskClient]:
    """The registry with some cases; nobody changes it."""
    yield from serve(still_parts)


@pytest.mark.parametrize("address", ["/fhir/$export", "/fhir/Patient/$export"])
def test_an_export_holds_every_resource_once_and_as_it_is_read(still: FlaskClient, address: str) -> None:
    told, there = export(still, address), everything(still)

    def by_name(resource: dict[str, Any]) -> tuple[str, str]:
        return resource["resourceType"], resource["id"]

    assert len(there) > 30
    assert sorted(told, key=by_name) == sorted(there, key=by_name)


def test_the_manifest_says_what_was_asked_and_as_of_when(still: FlaskClient) -> None:
    where = begin(still, "/fhir/$export?_type=Patient,Condition")
    manifest = end(still, where)

    assert set(manifest) == {"transactionTime", "request", "requiresAccessToken", "output", "deleted", "error"}
    assert manifest["request"] == f"{BASE}/fhir/$export?_type=Patient,Condition"
    assert datetime.fromisoformat(manifest["transactionTime"]).tzinfo
    assert manifest["requiresAccessToken"] is False
    assert [each["type"] for each in manifest["output"]] == ["Patient", "Condition"]
    assert (manifest["deleted"], manifest["error"]) == ([], [])
    assert still.get(where).headers["Expires"].endswith("GMT")


def test_a_large_type_falls_into_files_that_together_are_whole(
    still: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(preparing, "FILE_LINES", 7)
    manifest = end(still, begin(still, "/fhir/$export?_type=Condition"))

    assert [each["count"] for each in manifest["output"]][:-1] == [7] * (len(manifest["output"]) - 1)
    assert len(manifest["output"]) > 1
    assert names(read(still, manifest)) == names(everything(still, "Condition"))


def test_files_are_compressed_for_whoever_reads_that(still: FlaskClient) -> None:
    url = local(end(still, begin(still, "/fhir/$export?_type=Condition"))["output"][0]["url"])
    plain = still.get(url)
    packed = still.get(url, headers={"Accept": "application/fhir+ndjson", "Accept-Encoding": "gzip"})

    assert packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.data) == plain.data
    assert "Content-Encoding" not in plain.headers


FILTERS = [
    ("Observation?category=laboratory", "/fhir/Observation?category=laboratory"),
    ("Patient?gender=female", "/fhir/Patient?gender=female"),
    ("Condition?onset-date=ge2012", "/fhir/Condition?onset-date=ge2012"),
    ("Observation?code:missing=true", "/fhir/Observation?code:missing=true"),
]


@pytest.mark.parametrize(("filter_", "address"), FILTERS)
def test_a_type_filter_lets_through_what_its_search_finds(still: FlaskClient, filter_: str, address: str) -> None:
    type_ = filter_.partition("?")[0]
    told = export(still, f"/fhir/$export?_type={type_}&_typeFilter={quote(filter_)}")
    found = still.get(f"{address}&_count=500").json.get("entry", [])

    assert names(told) == names([each["resource"] for each in found])


def test_of_several_filters_any_will_do(still: FlaskClient) -> None:
    filters = "Patient?gender=female,Patient?gender=male"

    told = export(still, f"/fhir/$export?_type=Patient&_typeFilter={quote(filters)}")

    assert names(told) == names(everything(still, "Patient"))


def test_a_body_may_say_which_patients(still: FlaskClient) -> None:
    patient = make_case(3)["case_id"]
    wish = [
        {"name": "patient", "valueReference": {"reference": f"Patient/{patient}"}},
        {"name": "_type", "valueString": "Patient,Condition"},
    ]
    body = json.dumps({"resourceType": "Parameters", "parameter": wish})

    answer = still.post("/fhir/$export", data=body, content_type="application/fhir+json", headers=LATER)
    told = read(still, end(still, local(answer.headers["Content-Location"])))

    there = everything(still, "Patient", "Condition")
    assert names(told) == names([each for each in there if each["id"].startswith(patient)])


WRONG = [
    "_type=Encounter",
    "_type=Patient&_typeFilter=Condition%3Fcode=x",
    "_typeFilter=Patient%3Fgender=male%26_sort=_lastUpdated",
    "_typeFilter=Observation%3Fpatient=x",
    "_typeFilter=Patient%3Fcolour=red",
    "_outputFormat=text/csv",
    "_since=yesterday",
    "_since=2026-03-01",
    "_elements=id",
    "includeAssociatedData=LatestProvenanceResources",
    "patient=Patient/1",
]


@pytest.mark.parametrize("wish", WRONG)
def test_what_is_not_understood_is_refused(still: FlaskClient, wish: str) -> None:
    answer = still.get(f"/fhir/$export?{wish}", headers=LATER)

    assert (answer.status_code, answer.json["resourceType"]) == (400, "OperationOutcome")


def test_leniently_what_is_not_known_is_left_out(still: FlaskClient) -> None:
    lenient = {"Prefer": "respond-async, handling=lenient"}

    where = begin(still, "/fhir/$export?_type=Patient,Encounter&_elements=id", **lenient)

    assert names(read(still, end(still, where))) == names(everything(still, "Patient"))


def test_an_export_is_asked_for_asynchronously_or_not_at_all(still: FlaskClient) -> None:
    assert still.get("/fhir/$export").status_code == 400
    assert still.get("/fhir/$export", headers={"Prefer": "handling=strict"}).status_code == 400
    wrong = still.post("/fhir/$export", data=b"[]", content_type="application/fhir+json", headers=LATER)
    assert wrong.status_code == 400
    group = still.get("/fhir/Group/all/$export", headers=LATER)
    assert (group.status_code, group.json["issue"][0]["code"]) == (404, "not-found")


def test_the_capability_statement_promises_it(still: FlaskClient) -> None:
    told = still.get("/fhir/metadata").json

    assert told["instantiates"] == ["http://hl7.org/fhir/uv/bulkdata/CapabilityStatement/bulk-data"]
    assert [each["name"] for each in told["rest"][0]["operation"]] == ["export"]
    assert "/fhir/$export" in still.get("/openapi.json").json["paths"]
