"""Conditional creation and update of what is pushed: by the identifier the registry knows a child by, or refused."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest
from flask.testing import FlaskClient

from adapter import inbound
from adapter.parts import Parts
from adapter.store import inbox
from adapter.web import create_app
from tests.sample_bundles import (
    IDENTIFIER_TYPES,
    as_bytes,
    coded,
    make_bundle,
    make_condition,
    make_finding,
    make_patient,
)

FHIR = "application/fhir+json"
SYSTEM = "urn:oid:1.2.250.1.999.1.1"
MINE = f"identifier={SYSTEM}|IPP-1"


@pytest.fixture
def client(parts: Parts) -> Iterator[FlaskClient]:
    """The service on either database."""
    app = create_app(parts)
    yield app.test_client()
    app.extensions["background"].shutdown()


def push(client: FlaskClient, bundle: dict[str, Any]) -> Any:
    return client.post("/fhir", data=as_bytes(bundle), content_type=FHIR)


def asking(bundle: dict[str, Any], type_: str = "Patient", **request: Any) -> dict[str, Any]:
    """The Bundle with what the entry of a type asks for."""
    for entry in bundle["entry"]:
        if entry["resource"]["resourceType"] == type_:
            entry["request"] = {"method": "POST", "url": type_, **request}
    return bundle


def created(**patient: Any) -> dict[str, Any]:
    return asking(make_bundle(make_patient(**patient), make_condition(), make_finding()), ifNoneExist=MINE)


def updated(**patient: Any) -> dict[str, Any]:
    bundle = make_bundle(make_patient(**patient), make_condition(), make_finding())
    return asking(bundle, method="PUT", url=f"Patient?{MINE}")


def versions(client: FlaskClient) -> list[int]:
    """Of every case there is."""
    return [each["version"] for each in client.get("/cases").json["cases"]]


def place(answer: Any) -> str:
    told: str = answer.json["issue"][0]["expression"][0]
    return told


def test_a_conditional_creation_creates_once_and_then_finds(client: FlaskClient, parts: Parts) -> None:
    first, second = push(client, created()), push(client, {**created(), "language": "fr"})

    assert [entry["response"]["status"] for entry in first.json["entry"]] == ["201 Created"] * 3
    assert [entry["response"]["status"] for entry in second.json["entry"]] == ["200 OK"] * 3
    assert first.json["entry"][0]["response"]["location"] == second.json["entry"][0]["response"]["location"]
    assert versions(client) == [1]


def test_what_comes_with_a_patient_who_is_there_is_taken(client: FlaskClient, parts: Parts) -> None:
    """The Patient says what stands: creating it again changes nothing, and a new finding is welcome."""
    push(client, asking(make_bundle(), ifNoneExist=MINE))
    answer = push(client, created())

    assert answer.status_code == 200
    assert versions(client) == [2]


def test_a_creation_does_not_change_a_patient_who_is_there(client: FlaskClient, parts: Parts) -> None:
    push(client, created())
    refused = push(client, created(gender="male"))

    assert (refused.status_code, refused.json["issue"][0]["code"]) == (412, "conflict")
    assert versions(client) == [1]
    with parts.store.reading() as connection:
        kept = inbox.entries(connection, state="quarantined")
        assert [(each.status, inbox.read_raw(connection, each.id, parts.seals)) for each in kept] == [
            (412, as_bytes(created(gender="male")))
        ]


def test_a_conditional_update_creates_or_changes(client: FlaskClient, parts: Parts) -> None:
    told = [push(client, updated()), push(client, updated(gender="male")), push(client, updated(gender="male"))]

    assert [answer.json["entry"][0]["response"]["status"] for answer in told] == ["201 Created", "200 OK", "200 OK"]
    assert versions(client) == [2]


def test_a_condition_that_names_another_case_changes_nothing(client: FlaskClient, parts: Parts) -> None:
    """The site once sent the child under its second number, and now under both: which case is meant is not guessed."""
    second = {
        "use": "secondary",
        "type": coded(IDENTIFIER_TYPES, "PI"),
        "system": "urn:oid:1.2.250.1.999.1.2",
        "value": "B-7",
    }
    push(client, make_bundle(make_patient(identifier=[second]), make_condition()))
    both = make_bundle(make_patient(identifier=[*make_patient()["identifier"], second]), make_condition())
    refused = push(client, asking(both, method="PUT", url="Patient?identifier=urn:oid:1.2.250.1.999.1.2|B-7"))

    assert (refused.status_code, refused.json["issue"][0]["code"]) == (412, "multiple-matches")
    assert versions(client) == [1]


def test_many_creations_at_once_make_one_case_and_no_change(client: FlaskClient, parts: Parts) -> None:
    """Two contents, sixteen senders: whoever comes first stands, the other content is refused however close it came."""
    bodies = [as_bytes({**created(gender="male" if each % 2 else "female"), "id": f"b{each}"}) for each in range(16)]
    told: list[int] = []

    def send(body: bytes) -> None:
        told.append(inbound.receive(parts, body, "direct").status)

    threads = [threading.Thread(target=send, args=(body,)) for body in bodies]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(told) == [200] * 7 + [201] + [412] * 8
    assert versions(client) == [1]


SOUND = [
    ("Patient", {"ifNoneExist": MINE}),
    ("Patient", {"ifNoneExist": f"?{MINE}"}),
    ("Patient", {"ifNoneExist": MINE.replace("|", "%7C").replace(":", "%3A")}),
    ("Patient", {"method": "PUT", "url": f"Patient?{MINE}"}),
    ("Condition", {"method": "PUT", "url": "Condition?identifier=urn:chu|c-1"}),
    ("Condition", {"method": "PUT", "url": "Condition/dx1"}),
]


def test_a_condition_by_an_identifier_of_the_resource_is_taken(client: FlaskClient) -> None:
    condition = make_condition(identifier=[{"system": "urn:chu", "value": "c-1"}])
    told = [push(client, asking(make_bundle(make_patient(), condition), type_, **more)) for type_, more in SOUND]

    assert [answer.status_code for answer in told] == [200] * len(SOUND)


NSS = {"type": coded(IDENTIFIER_TYPES, "SS"), "system": "urn:oid:1.2.250.1.213.1.4.8", "value": "2080675123456"}
WRONG = {
    "a name": ("Patient", {"ifNoneExist": "family=Martin"}, "ifNoneExist"),
    "two conditions": ("Patient", {"ifNoneExist": f"{MINE}&gender=female"}, "ifNoneExist"),
    "no system": ("Patient", {"ifNoneExist": "identifier=IPP-1"}, "ifNoneExist"),
    "no value": ("Patient", {"ifNoneExist": f"identifier={SYSTEM}|"}, "ifNoneExist"),
    "two values": ("Patient", {"ifNoneExist": f"{MINE},{SYSTEM}|IPP-2"}, "ifNoneExist"),
    "nothing": ("Patient", {"ifNoneExist": ""}, "ifNoneExist"),
    "no text": ("Patient", {"ifNoneExist": {"a": 1}}, "ifNoneExist"),
    "another child's": ("Patient", {"ifNoneExist": f"identifier={SYSTEM}|IPP-2"}, "ifNoneExist"),
    "a billing number": ("Patient", {"ifNoneExist": f"identifier={NSS['system']}|{NSS['value']}"}, "ifNoneExist"),
    "with PUT": ("Patient", {"method": "PUT", "url": "Patient/p1", "ifNoneExist": MINE}, "ifNoneExist"),
    "in the url of a POST": ("Patient", {"url": f"Patient?{MINE}"}, "url"),
    "a creation of a part": ("Condition", {"ifNoneExist": "identifier=urn:chu|c-1"}, "ifNoneExist"),
    "not borne": ("Condition", {"method": "PUT", "url": "Condition?identifier=urn:chu|c-2"}, "url"),
    "by a code": ("Condition", {"method": "PUT", "url": "Condition?code=M86.3"}, "url"),
    "DELETE": ("Condition", {"method": "DELETE", "url": "Condition/dx1"}, "method"),
    "GET": ("Condition", {"method": "GET", "url": "Condition/dx1"}, "method"),
    "PATCH": ("Condition", {"method": "PATCH", "url": "Condition/dx1"}, "method"),
    "a version": ("Patient", {"method": "PUT", "url": "Patient/p1", "ifMatch": 'W/"1"'}, "ifMatch"),
}


def test_what_cannot_be_kept_is_refused_where_it_stands(client: FlaskClient) -> None:
    condition = make_condition(identifier=[{"system": "urn:chu", "value": "c-1"}])
    patient = make_patient(identifier=[*make_patient()["identifier"], NSS])
    for name, (type_, request, where) in WRONG.items():
        answer = push(client, asking(make_bundle(patient, condition), type_, **request))

        assert answer.status_code == 422, (name, answer.text)
        number = 0 if type_ == "Patient" else 1
        assert place(answer) == f"Bundle.entry[{number}].request.{where}", name
        assert "IPP" not in answer.text, name
    assert versions(client) == []


def test_two_entries_on_one_condition_are_refused(client: FlaskClient) -> None:
    identifier = [{"system": "urn:chu", "value": "c-1"}]
    both = make_bundle(make_patient(), make_condition(identifier=identifier), make_condition(2, identifier=identifier))
    answer = push(client, asking(both, "Condition", method="PUT", url="Condition?identifier=urn:chu|c-1"))

    assert (answer.status_code, answer.json["issue"][0]["code"]) == (422, "duplicate")


def test_in_a_batch_the_entry_alone_is_refused(client: FlaskClient) -> None:
    bundle = make_bundle(make_patient(), make_condition(), make_finding(), kind="batch")
    answer = push(client, asking(bundle, "Observation", method="DELETE", url="Observation/obs1"))

    told = [entry["response"]["status"].split()[0] for entry in answer.json["entry"]]
    assert told == ["201", "201", "422"]


def test_a_reference_may_name_the_patient_by_identifier(client: FlaskClient, parts: Parts) -> None:
    told = {"reference": f"Patient?{MINE}"}
    bundle = make_bundle(make_patient(), make_condition(subject=told), make_finding(subject=told))
    plain = make_bundle(make_patient(), make_condition(), make_finding())

    assert push(client, asking(bundle, ifNoneExist=MINE)).status_code == 200
    assert push(client, plain).status_code == 200
    assert versions(client) == [1], "both say the same"
