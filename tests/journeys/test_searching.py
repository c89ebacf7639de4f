"""The registry searched as FHIR: whatever is asked finds what a plain look finds; what is not understood is refused."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from typing import Any

import pytest
from flask.testing import FlaskClient

from adapter.dates import parse_date
from adapter.parts import Knowledge, Parts
from adapter.search import load_parameters
from tests.dozen_cases import CASES, found, resources_of, serve
from tests.searches import searches


@pytest.fixture(scope="module")
def client(still_parts: Parts) -> Iterator[FlaskClient]:
    """The registry with a dozen cases; nobody changes it."""
    yield from serve(still_parts)


@pytest.fixture(scope="module")
def expected(knowledge: Knowledge) -> list[dict[str, Any]]:
    return resources_of(knowledge)


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
