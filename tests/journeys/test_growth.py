"""What is asked of one child costs the same however many others are stored: counted in steps of SQLite's machine."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from adapter.store import Store
from tests.load.bundles import Bundles

FHIR = "application/fhir+json"
FEW, MANY = 12, 72
BUNDLES = Bundles("grow")


class Steps:
    """Counts what SQLite does on every connection of a store."""

    def __init__(self, store: Store) -> None:
        self.count = 0
        sa.event.listen(store.engine, "checkout", self._watch)

    def _watch(self, raw: Any, *_: object) -> None:
        raw.set_progress_handler(self._step, 1)

    def _step(self) -> int:
        self.count += 1
        return 0


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


@pytest.mark.parametrize("asked", ASKED)
def test_what_is_asked_of_one_child_does_not_grow_with_the_others(client: FlaskClient, asked: str) -> None:
    app: Flask = client.application
    steps = Steps(app.extensions["parts"].store)
    counts = []
    for begin, end in ((0, FEW), (FEW, MANY)):
        case_id = [push(client, number) for number in range(begin, end)][-1]
        before = steps.count
        ASKED[asked](client, end - 1, case_id)
        counts.append(steps.count - before)
    few, many = counts
    assert few > 0
    assert many - few < MANY - FEW, f"{few} steps beside {FEW} others, {many} beside {MANY}"
