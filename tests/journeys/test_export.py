"""The registry exported by SMART Bulk Data: all that stood at one moment, once each, to whoever may have it."""

from __future__ import annotations

import gzip
import json
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote, urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient

from adapter import inbound
from adapter.bootstrap import open_parts
from adapter.config import load_settings
from adapter.credentials import digest
from adapter.errors import IntegrityError
from adapter.parts import Knowledge, Parts
from adapter.registry import exporting
from adapter.registry.exporting import giving, preparing
from adapter.resource import dump_json
from adapter.search import load_parameters
from adapter.store import audit, clients, keeping, registry_exports
from adapter.web import create_app
from tests.sample_bundles import as_bytes, make_bundle, make_condition, make_finding, make_patient
from tests.sample_cases import make_case

BASE = "https://registry.invalid"
LATER = {"Prefer": "respond-async", "Accept": "application/fhir+json"}
NUMBERS = range(1, 4)


@pytest.fixture
def service(parts: Parts) -> Iterator[FlaskClient]:
    """The registry with some cases, on either database, for whoever changes it."""
    yield from serve(parts)


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def still(
    request: pytest.FixtureRequest, knowledge: Knowledge, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[FlaskClient]:
    """The same for whoever only reads."""
    own = {"CRMO_DATA": str(tmp_path_factory.mktemp("data"))}
    if request.param == "postgresql":
        own["CRMO_DATABASE_URL"] = request.getfixturevalue("postgresql").make_database()
    with open_parts(load_settings(own), knowledge) as parts:
        yield from serve(parts)


def serve(parts: Parts) -> Iterator[FlaskClient]:
    for number in NUMBERS:
        keep(parts, make_case(number))
    app = create_app(parts, public_url=BASE)
    yield app.test_client()
    app.extensions["background"].shutdown()


def keep(parts: Parts, case: dict[str, Any]) -> None:
    assert inbound.receive_case(parts, dump_json(case), "registry").accepted


def local(address: str) -> str:
    parts = urlsplit(address)
    assert f"{parts.scheme}://{parts.netloc}" == BASE
    return f"{parts.path}?{parts.query}" if parts.query else parts.path


def begin(client: FlaskClient, address: str = "/fhir/$export", **headers: str) -> str:
    """Ask; where to look."""
    answer = client.get(address, headers=LATER | headers)
    assert answer.status_code == 202, answer.text
    return local(answer.headers["Content-Location"])


def end(client: FlaskClient, where: str, **headers: str) -> dict[str, Any]:
    """Look until it is there."""
    for _ in range(9000):
        answer = client.get(where, headers=headers)
        if answer.status_code != 202:
            break
        assert int(answer.headers["Retry-After"]) > 0
        assert answer.headers["X-Progress"]
        time.sleep(0.01)
    assert answer.status_code == 200, answer.text
    assert answer.mimetype == "application/json"
    told: dict[str, Any] = answer.json
    return told


def read(client: FlaskClient, manifest: dict[str, Any], part: str = "output", **headers: str) -> list[dict[str, Any]]:
    """Every line of every file, each file as long as it was told to be."""
    found = []
    for each in manifest[part]:
        answer = client.get(local(each["url"]), headers=headers)
        assert (answer.status_code, answer.mimetype) == (200, "application/fhir+ndjson"), answer.text
        told = [json.loads(line) for line in answer.text.splitlines()]
        assert len(told) == each["count"]
        assert {resource["resourceType"] for resource in told} == {each["type"]}
        found += told
    return found


def export(client: FlaskClient, address: str = "/fhir/$export") -> list[dict[str, Any]]:
    return read(client, end(client, begin(client, address)))


def names(resources: list[dict[str, Any]]) -> list[tuple[str, str]]:
    return sorted((each["resourceType"], each["id"]) for each in resources)


def everything(client: FlaskClient, *types: str) -> list[dict[str, Any]]:
    """What there is, by searches."""
    pages = [client.get(f"/fhir/{type_}?_count=500").json for type_ in types or load_parameters()]
    assert not any(link["relation"] == "next" for page in pages for link in page["link"])
    return [entry["resource"] for page in pages for entry in page.get("entry", [])]


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


def test_what_changes_after_the_export_began_is_not_in_it(service: FlaskClient, parts: Parts) -> None:
    before = everything(service)
    where = begin(service)
    case = make_case(1)
    keep(parts, {**case, "patient": {**case["patient"], "sex": "male"}, "sequelae": []})
    keep(parts, make_case(9))

    told = read(service, end(service, where))

    assert names(told) == names(before)
    patient = next(each for each in told if each["id"] == case["case_id"])
    assert (patient["meta"]["versionId"], patient["gender"]) == ("1", "female")


def test_the_next_export_brings_what_changed_since_and_what_is_no_more(service: FlaskClient, parts: Parts) -> None:
    first = end(service, begin(service))
    case = make_case(1)
    keep(parts, {**case, "patient": {**case["patient"], "sex": "male"}, "sequelae": []})
    with parts.store.writing() as connection:
        keeping.erase(connection, make_case(2)["case_id"], parts.clock())

    since = quote(first["transactionTime"])
    second = end(service, begin(service, f"/fhir/$export?_since={since}"))
    third = end(service, begin(service, f"/fhir/$export?_since={quote(second['transactionTime'])}"))

    changed = {each["resourceType"]: each for each in read(service, second)}
    assert set(changed) == {"Patient", "Provenance"}
    assert changed["Patient"]["gender"] == "male"
    gone = [line["entry"][0]["request"] for line in read(service, second, "deleted")]
    assert {each["method"] for each in gone} == {"DELETE"}
    assert f"Condition/{case['case_id']}-sequela-1" in {each["url"] for each in gone}
    assert f"Patient/{make_case(2)['case_id']}" in {each["url"] for each in gone}
    assert (third["output"], third["deleted"]) == ([], [])


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


def test_files_are_compressed_for_whoever_reads_that(still: FlaskClient) -> None:
    url = local(end(still, begin(still, "/fhir/$export?_type=Condition"))["output"][0]["url"])
    plain = still.get(url)
    packed = still.get(url, headers={"Accept": "application/fhir+ndjson", "Accept-Encoding": "gzip"})

    assert packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.data) == plain.data
    assert "Content-Encoding" not in plain.headers


def test_a_large_type_falls_into_files_that_together_are_whole(
    still: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(preparing, "FILE_LINES", 7)
    manifest = end(still, begin(still, "/fhir/$export?_type=Condition"))

    assert [each["count"] for each in manifest["output"]][:-1] == [7] * (len(manifest["output"]) - 1)
    assert len(manifest["output"]) > 1
    assert names(read(still, manifest)) == names(everything(still, "Condition"))


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
    assert (group.status_code, group.json["issue"][0]["code"]) == (501, "not-supported")


def test_another_process_goes_on_with_what_one_left_unprepared(service: FlaskClient, parts: Parts) -> None:
    """Whoever was to prepare it is dead; the client comes back to a service that was started anew."""
    wish = exporting.parse_wish([("_type", "Patient")], strict=True)
    begun = exporting.begin(parts, "open", None, wish, f"{BASE}/fhir/$export?_type=Patient")
    assert begun

    told = read(service, end(service, f"/fhir/$export/{begun.id}"))

    assert names(told) == names(everything(service, "Patient"))


def test_too_many_at_once_are_asked_to_wait(service: FlaskClient, parts: Parts) -> None:
    wish = exporting.parse_wish([("_type", "Patient")], strict=True)
    begun = [exporting.begin(parts, "open", None, wish, "") for _ in range(preparing.MOST_RUNNING)]
    refused = service.get("/fhir/$export", headers=LATER)

    assert (refused.status_code, refused.json["issue"][0]["code"]) == (429, "throttled")
    assert int(refused.headers["Retry-After"]) > 0
    assert begun[0]
    assert service.delete(f"/fhir/$export/{begun[0].id}").status_code == 202
    assert service.get("/fhir/$export", headers=LATER).status_code == 202


def test_what_is_deleted_or_out_of_time_is_not_there(service: FlaskClient, parts: Parts) -> None:
    deleted, expired = begin(service), begin(service)
    url = local(end(service, deleted)["output"][0]["url"])
    end(service, expired)
    assert service.delete(deleted).status_code == 202

    later = replace(parts, clock=lambda: parts.clock() + timedelta(days=2))
    tomorrow = create_app(later, public_url=BASE).test_client()

    assert {service.get(each).status_code for each in (deleted, url)} == {404}
    assert service.delete(deleted).status_code == 404
    assert tomorrow.get(expired).status_code == 404
    assert exporting.begin(later, "open", None, exporting.parse_wish([], strict=True), "")
    with parts.store.reading() as connection:
        assert registry_exports.count_of(connection, "open") == (1, 1)


def test_an_erased_case_does_not_leave_by_an_export_begun_before(service: FlaskClient, parts: Parts) -> None:
    where = begin(service)
    url = local(end(service, where)["output"][0]["url"])
    with parts.store.writing() as connection:
        keeping.erase(connection, make_case(1)["case_id"], parts.clock())

    assert {service.get(each).status_code for each in (where, url)} == {410}
    assert service.delete(where).status_code == 202
    assert not [each for each in export(service) if each["id"].startswith(make_case(1)["case_id"])]


def test_a_file_breaks_off_when_a_case_is_erased_while_it_is_read(
    service: FlaskClient, parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A short file must not pass for a whole one."""
    monkeypatch.setattr(giving, "_PAGE", 2)
    manifest = end(service, where := begin(service, "/fhir/$export?_type=Patient"))
    with parts.store.reading() as connection:
        found = registry_exports.find(connection, where.rpartition("/")[2], parts.clock())
        file = registry_exports.files_of(connection, found.id)[0]
    told = exporting.lines(parts, found, file)
    next(told)
    with parts.store.writing() as connection:
        keeping.erase(connection, sorted(make_case(n)["case_id"] for n in NUMBERS)[-1], parts.clock())

    with pytest.raises(IntegrityError):
        list(told)
    assert manifest["output"][0]["count"] == len(NUMBERS)


def test_an_export_waits_for_those_who_began_to_write_before_it(service: FlaskClient, parts: Parts) -> None:
    """On PostgreSQL a case may be on its way with an earlier time: it has to be in, or it would never be."""
    if parts.store.is_sqlite:
        return  # whoever begins an export there waits until nobody writes
    begun, goes_on = threading.Event(), threading.Event()

    def write_slowly() -> None:
        with parts.store.writing() as connection:
            at = parts.clock()
            begun.set()
            assert goes_on.wait(90)
            keeping.erase(connection, make_case(1)["case_id"], at)

    writer = threading.Thread(target=write_slowly)
    writer.start()
    assert begun.wait(90)
    where = begin(service, "/fhir/$export?_type=Patient")
    looked = [service.get(where).status_code for _ in range(5)]
    goes_on.set()
    writer.join()

    assert looked == [202] * 5
    told = read(service, end(service, where))
    assert make_case(1)["case_id"] not in [each["id"] for each in told]


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


def test_the_capability_statement_promises_it(still: FlaskClient) -> None:
    told = still.get("/fhir/metadata").json

    assert told["instantiates"] == ["http://hl7.org/fhir/uv/bulkdata/CapabilityStatement/bulk-data"]
    assert [each["name"] for each in told["rest"][0]["operation"]] == ["export"]
    assert "/fhir/$export" in still.get("/openapi.json").json["paths"]
