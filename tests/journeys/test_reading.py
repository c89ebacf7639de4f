"""The registry read as FHIR: every resource of every case, by id, by version, by search, and nothing else."""

from __future__ import annotations

import gzip
import itertools
import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from flask.testing import FlaskClient

from adapter import inbound
from adapter.bootstrap import open_parts
from adapter.config import load_settings
from adapter.dates import parse_date
from adapter.parts import Knowledge, Parts
from adapter.registry import catch_up
from adapter.resource import dump_json
from adapter.search import load_parameters
from adapter.store import keeping
from adapter.synthetic import synthesize
from adapter.validation import make_validator
from adapter.web import create_app
from tests.sample_bundles import as_bytes, make_bundle, make_condition, make_finding, make_patient
from tests.sample_cases import make_case

CASES = [case for case in synthesize(14, seed=4) if case.get("opposition") != "opposed"][:12]


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def client(
    request: pytest.FixtureRequest, knowledge: Knowledge, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[FlaskClient]:
    """The registry with a dozen cases, on either database; nobody changes it."""
    data = tmp_path_factory.mktemp("data")
    own = {"CRMO_DATA": str(data)}
    if request.param == "postgresql":
        own["CRMO_DATABASE_URL"] = request.getfixturevalue("postgresql").make_database()
    with open_parts(load_settings(own), knowledge) as parts:
        yield from serve(parts)


@pytest.fixture
def changing(parts: Parts) -> Iterator[FlaskClient]:
    """The same for whoever changes it."""
    yield from serve(parts)


def serve(parts: Parts) -> Iterator[FlaskClient]:
    for case in CASES:
        receipt = inbound.receive_case(parts, dump_json(case), "registry")
        assert receipt.accepted, receipt.issues
    app = create_app(parts, public_url="https://registry.invalid")
    yield app.test_client()
    app.extensions["background"].shutdown()


@pytest.fixture(scope="module")
def expected(knowledge: Knowledge) -> list[dict[str, Any]]:
    """Every resource there should be."""
    return [resource for case in CASES for resource in knowledge.mappings.to_resources(case)]


def pages(client: FlaskClient, address: str) -> Iterator[dict[str, Any]]:
    """A search followed by its own links, as any client would."""
    while address:
        answer = client.get(address)
        assert answer.status_code == 200, answer.text
        yield answer.json
        following = [link["url"] for link in answer.json["link"] if link["relation"] == "next"]
        parts = urlsplit(following[0]) if following else None
        address = f"{parts.path}?{parts.query}" if parts else ""


def found(client: FlaskClient, address: str) -> list[str]:
    """Ids of the matches, page after page."""
    entries = [entry for page in pages(client, address) for entry in page.get("entry", [])]
    return [entry["resource"]["id"] for entry in entries if entry["search"]["mode"] == "match"]


def without_meta(resource: dict[str, Any]) -> dict[str, Any]:
    meta = {name: value for name, value in resource["meta"].items() if name not in ("versionId", "lastUpdated")}
    return {**resource, "meta": meta}


def test_every_resource_is_read_as_it_was_made(client: FlaskClient, expected: list[dict[str, Any]]) -> None:
    for resource in expected:
        answer = client.get(f"/fhir/{resource['resourceType']}/{resource['id']}")
        told = json.loads(dump_json(resource))

        assert (answer.status_code, answer.headers["ETag"]) == (200, 'W/"1"')
        assert without_meta(answer.json) == {**told, "meta": told.get("meta", {})}


# What is made of cases; a Provenance is made beside them. A hundred pages of Observations prove no more than fifteen.
WALKS = [
    (type_, count)
    for type_ in load_parameters()
    for count in (1, 7, 500)
    if type_ != "Provenance" and (type_, count) != ("Observation", 1)
]


@pytest.mark.parametrize(("type_", "count"), WALKS)
def test_page_after_page_every_resource_is_told_once(
    client: FlaskClient, expected: list[dict[str, Any]], type_: str, count: int
) -> None:
    ids = sorted(resource["id"] for resource in expected if resource["resourceType"] == type_)

    assert found(client, f"/fhir/{type_}?_count={count}") == ids


def searches(expected: list[dict[str, Any]]) -> Iterator[tuple[str, list[str]]]:
    """A search for every token and day there is, with what it should find, by a plain look at every resource."""
    for type_, named in load_parameters().items():
        here = [each for each in expected if each["resourceType"] == type_]
        for name, parameter in named.items():
            for text in sorted({told for each in here for told in told_by(each, parameter)}):
                ids = sorted(each["id"] for each in here if text in told_by(each, parameter))
                yield f"/fhir/{type_}?{name}={text}", ids


def told_by(resource: dict[str, Any], parameter: Any) -> set[str]:
    """What a resource could be searched by, written as a parameter's value."""
    values = [value for path in parameter.elements for value in walk(resource, path)]
    if parameter.kind == "token":
        return {text for value in values for text in tokens(value)}
    if parameter.kind == "date":
        return {value for value in values if isinstance(value, str) and len(value) == 10}
    return set()


def walk(value: Any, path: tuple[str, ...]) -> list[Any]:
    if isinstance(value, list):
        return list(itertools.chain.from_iterable(walk(item, path) for item in value))
    if not path:
        return [value]
    return walk(value[path[0]], path[1:]) if path[0] in value else []


def tokens(value: Any) -> list[str]:
    if isinstance(value, dict):
        codings = value.get("coding", [value])
        return [f"{coding.get('system', '')}|{coding.get('code') or coding.get('value')}" for coding in codings]
    return [f"|{value}" if isinstance(value, str) else str(value).lower()]


def test_a_search_finds_what_a_plain_look_at_every_resource_finds(
    client: FlaskClient, expected: list[dict[str, Any]]
) -> None:
    asked = [each for each in searches(expected) if "," not in each[0]]

    assert len(asked) > 100
    for address, ids in asked:
        assert found(client, f"{address}&_count=500") == ids, address


@pytest.mark.parametrize("prefix", ["", "eq", "ne", "gt", "lt", "ge", "le", "sa", "eb"])
@pytest.mark.parametrize("text", ["2010", "2012-06", "2011-03-15"])
def test_dates_of_any_precision_are_compared_as_the_spans_they_mean(
    client: FlaskClient, expected: list[dict[str, Any]], prefix: str, text: str
) -> None:
    span = parse_date(text)
    assert span

    def fits(told: str) -> bool:
        mine = parse_date(told)
        assert mine
        inside = span.low <= mine.low and mine.high <= span.high
        answers = {"ne": not inside, "gt": mine.high > span.high, "lt": mine.low < span.low}
        answers |= {"ge": mine.high > span.high or inside, "le": mine.low < span.low or inside}
        answers |= {"sa": mine.low > span.high, "eb": mine.high < span.low}
        return answers.get(prefix, inside)

    here = [each for each in expected if each["resourceType"] == "Condition" and "onsetDateTime" in each]
    ids = sorted(each["id"] for each in here if fits(each["onsetDateTime"]))
    dated = {each["id"] for each in here}
    told = found(client, f"/fhir/Condition?onset-date={prefix}{text}&_count=500")
    assert [each for each in told if each in dated] == ids


def test_numbers_are_compared_with_their_unit(client: FlaskClient, expected: list[dict[str, Any]]) -> None:
    quantities = {each["id"]: each["valueQuantity"] for each in expected if "valueQuantity" in each}
    number = float(sorted(each["value"] for each in quantities.values())[len(quantities) // 2])
    unit = next(each["code"] for each in quantities.values() if float(each["value"]) == number)

    above = {id_ for id_, each in quantities.items() if float(each["value"]) > number and each["code"] == unit}
    assert set(found(client, f"/fhir/Observation?value-quantity=gt{number}||{unit}&_count=500")) == above
    assert len(found(client, f"/fhir/Observation?value-quantity=le{number}&_count=500")) + len(
        found(client, f"/fhir/Observation?value-quantity=gt{number}&_count=500")
    ) == len(quantities)


def test_parameters_together_narrow_and_alternatives_widen(client: FlaskClient) -> None:
    female, male = (found(client, f"/fhir/Patient?gender={each}&_count=500") for each in ("female", "male"))

    assert sorted(female + male) == found(client, "/fhir/Patient?gender=female,male&_count=500")
    assert found(client, "/fhir/Patient?gender=female&gender=male") == []
    assert found(client, "/fhir/Patient?gender:not=female&_count=500") == male
    assert len(found(client, "/fhir/Patient?birthdate:missing=false&_count=500")) <= len(CASES)


def test_a_patient_leads_to_what_is_his_and_back(client: FlaskClient, expected: list[dict[str, Any]]) -> None:
    patient = next(each["id"] for each in expected if each["resourceType"] == "Patient")
    theirs = sorted(
        each["id"]
        for each in expected
        if each["resourceType"] == "Observation" and each["subject"]["reference"] == f"Patient/{patient}"
    )

    for asked in (f"patient={patient}", f"subject=Patient/{patient}", f"subject:Patient={patient}"):
        assert found(client, f"/fhir/Observation?{asked}&_count=500") == theirs
    both = client.get(f"/fhir/Observation?patient={patient}&_count=1&_include=Observation:patient").json["entry"]
    assert [(each["resource"]["resourceType"], each["search"]["mode"]) for each in both] == [
        ("Observation", "match"),
        ("Patient", "include"),
    ]
    back = client.get(f"/fhir/Patient?_id={patient}&_revinclude=Observation:subject").json["entry"]
    assert sorted(each["resource"]["id"] for each in back[1:]) == theirs


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


def test_what_is_answered_to_a_push_can_be_read(changing: FlaskClient) -> None:
    """A new version of a case need not change its Patient: the answer names the version that there is."""
    for bundle in (make_bundle(), make_bundle(make_patient(), make_condition(), make_finding())):
        told = changing.post("/fhir", data=as_bytes(bundle), content_type="application/fhir+json")
        response = told.json["entry"][0]["response"]
        read = changing.get(f"/fhir/{response['location']}")

        assert (read.status_code, read.headers["ETag"]) == (200, response["etag"])
    assert told.headers["ETag"] == 'W/"2"', "of the case, at its own address"


def test_a_head_says_what_a_read_would(client: FlaskClient) -> None:
    for address in (f"/fhir/Patient/{CASES[0]['case_id']}", "/fhir/Patient?_count=3", "/fhir/metadata"):
        read, head = client.get(address), client.head(address)

        assert (head.status_code, head.data) == (200, b"")
        assert {name: head.headers.get(name) for name in ("Content-Type", "Content-Length", "ETag")} == {
            name: read.headers.get(name) for name in ("Content-Type", "Content-Length", "ETag")
        }
    assert client.head("/fhir/Patient/nobody").status_code == 404


@pytest.mark.parametrize("version", [0, 2, 2**31, 2**63, 10**40])
def test_a_version_that_never_was_is_not_found(client: FlaskClient, version: int) -> None:
    assert client.get(f"/fhir/Patient/{CASES[0]['case_id']}/_history/{version}").status_code == 404


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
    from adapter.store.resources import INDEX, PUBLISHED, RESOURCES

    before = [client.get(f"/fhir/{type_}?_summary=count").json["total"] for type_ in load_parameters()]
    with parts.store.writing() as connection:
        for table in (RESOURCES, INDEX, PUBLISHED):
            connection.execute(table.delete())

    assert catch_up(parts) == len(CASES)
    assert catch_up(parts) == 0
    assert [client.get(f"/fhir/{type_}?_summary=count").json["total"] for type_ in load_parameters()] == before


@pytest.mark.parametrize("asked", ["_total=accurate", "_totalMethod=count", "_total=none"])
def test_the_total_is_told_however_it_is_asked_for(client: FlaskClient, asked: str) -> None:
    assert client.get(f"/fhir/Patient?_count=0&{asked}").json["total"] == len(CASES)


WRONG = [
    "/fhir/Patient?colour=red",
    "/fhir/Patient?gender:exact=male",
    "/fhir/Patient?birthdate=yesterday",
    "/fhir/Patient?birthdate=ap2010",
    "/fhir/Patient?_count=many",
    "/fhir/Patient?_count=-1",
    "/fhir/Patient?_sort=gender",
    "/fhir/Patient?_cursor=abc",
    "/fhir/Patient?_cursor=WzEsMl0",
    # ["Observation", "x"]: a cursor of $everything, given to a search that goes by time
    "/fhir/Patient?_sort=_lastUpdated&_cursor=WyJPYnNlcnZhdGlvbiIsIngiXQ",
    "/fhir/Patient?_has:Observation:patient:code=1",
    "/fhir/Patient?general-practitioner.name=x",
    "/fhir/Patient?_lastUpdated=soon",
    "/fhir/Patient?_revinclude=Encounter:patient",
    "/fhir/Observation?patient=Group/1",
    "/fhir/Observation?value-quantity=much",
    "/fhir/Observation?code:missing=perhaps",
    "/fhir/Observation?_include=Observation:performer",
    "/fhir/Patient?gender=%00",
    "/fhir/Patient/x/$everything?_since=yesterday",
    "/fhir/Patient/x/$everything?_filter=x",
]


@pytest.mark.parametrize("address", WRONG)
def test_what_is_not_understood_is_refused_and_not_ignored(client: FlaskClient, address: str) -> None:
    """A filter that is left out in silence answers with children that were not asked for."""
    answer = client.get(address)

    assert (answer.status_code, answer.json["resourceType"]) == (400, "OperationOutcome")
    assert "red" not in answer.text


def test_whoever_prefers_it_may_have_unknown_parameters_left_out_and_is_told(client: FlaskClient) -> None:
    answer = client.get("/fhir/Patient?colour=red&gender=male", headers={"Prefer": "handling=lenient"})

    assert answer.status_code == 200
    assert answer.json["link"][0]["url"] == "https://registry.invalid/fhir/Patient?gender=male"


def test_a_search_can_be_asked_for_in_a_body(client: FlaskClient) -> None:
    answer = client.post("/fhir/Patient/_search", data={"gender": "male", "_count": "500"})

    assert [each["resource"]["id"] for each in answer.json["entry"]] == found(
        client, "/fhir/Patient?gender=male&_count=500"
    )
    assert client.post("/fhir/Patient/_search", json={"gender": "male"}).status_code == 400


def test_an_answer_is_written_as_it_was_asked_for(client: FlaskClient) -> None:
    plain = client.get("/fhir/Observation?_count=20")
    packed = client.get("/fhir/Observation?_count=20", headers={"Accept-Encoding": "gzip"})
    pretty = client.get("/fhir/Observation?_count=20&_pretty=true")

    assert gzip.decompress(packed.data) == plain.data
    assert (packed.headers["Content-Encoding"], "Content-Encoding" in plain.headers) == ("gzip", False)
    assert pretty.text.count("\n") > 100
    assert client.get("/fhir/Patient?_format=xml").status_code == 406
    assert client.get("/fhir/Patient?_format=application/fhir%2Bjson").status_code == 200


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

    assert set(told) == {*load_parameters(), "AuditEvent"}
    for type_, named in load_parameters().items():
        assert set(named) <= {each["name"] for each in told[type_]["searchParam"]}
        assert {each["code"] for each in told[type_]["interaction"]} == {
            "read",
            "vread",
            "history-instance",
            "search-type",
        }
