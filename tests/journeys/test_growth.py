"""What is asked of one child costs the same however many others are stored, and however often she was sent.

Counted in steps of SQLite's machine.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.load.bundles import Bundles
from tests.steps import Steps

FHIR = "application/fhir+json"
FEW, MANY = 12, 72
BIRTH = "1998-06-15"  # of every child here
BUNDLES = Bundles("grow")


def push(client: FlaskClient, number: int, **changed: str) -> str:
    """Its case_id."""
    body = BUNDLES.make(number)
    for old, new in changed.items():
        assert old.encode() in body
        body = body.replace(old.encode(), new.encode())
    with client.post("/fhir", data=body, content_type=FHIR) as answer:
        assert answer.status_code == 200
        return str(answer.json["entry"][0]["response"]["location"]).split("/")[1]


def read(address: str) -> Callable[[FlaskClient, int, str], None]:
    def ask(client: FlaskClient, _number: int, case_id: str) -> None:
        with client.get(address.format(case_id)) as answer:
            assert answer.status_code == 200, address

    return ask


ASKED: dict[str, Callable[[FlaskClient, int, str], object]] = {
    "a new child": lambda client, number, _: push(client, 1000 + number),
    "the same again": lambda client, number, _: push(client, number),
    "a child who is known, changed": lambda client, number, _: push(client, number, **{'"female"': '"male"'}),
    "Patient": read("/fhir/Patient/{}"),
    "history": read("/fhir/Patient/{}/_history"),
    "everything": read("/fhir/Patient/{}/$everything"),
    "search by patient": read("/fhir/Condition?subject=Patient/{}"),
    "case": read("/cases/{}"),
    "trace": read("/cases/{}/trace"),
    "page": read("/ui/cases/{}"),
}


# What tells the versions of a child grows with them: these are not asked here.
OF_VERSIONS = {"a new child", "history", "everything"}


@pytest.mark.parametrize("asked", ASKED)
def test_what_is_asked_of_one_child_does_not_grow_with_the_others(client: FlaskClient, asked: str) -> None:
    few, many = count_steps(client, asked, lambda number: (number, push(client, number)))

    assert few > 0
    assert many - few < MANY - FEW, f"{few} steps beside {FEW} others, {many} beside {MANY}"


@pytest.mark.parametrize("asked", sorted(ASKED.keys() - OF_VERSIONS))
def test_what_is_asked_of_one_child_does_not_grow_with_her_versions(client: FlaskClient, asked: str) -> None:
    def push_version(number: int) -> tuple[int, str]:
        born = f"1998-{number // 28 + 1:02}-{number % 28 + 1:02}"
        return 0, push(client, 0, **{BIRTH: born})

    few, many = count_steps(client, asked, push_version)

    assert few > 0
    assert many - few < MANY - FEW, f"{few} steps with {FEW} versions, {many} with {MANY}"


def count_steps(client: FlaskClient, asked: str, push_one: Callable[[int], tuple[int, str]]) -> list[int]:
    """Steps of one question after the first few, and after many more.

    Shapes:  push_one  number to (child, case_id)
    """
    app: Flask = client.application
    steps = Steps(app.extensions["parts"].store)
    counts = []
    for begin, end in ((0, FEW), (FEW, MANY)):
        child, case_id = [push_one(number) for number in range(begin, end)][-1]
        before = steps.count
        ASKED[asked](client, child, case_id)
        counts.append(steps.count - before)
    return counts
