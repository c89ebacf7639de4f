"""A client of the registry's own bulk export, and a registry of three cases for it to ask."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from flask.testing import FlaskClient

from adapter import inbound
from adapter.parts import Parts
from adapter.resource import dump_json
from adapter.search import load_parameters
from adapter.web import create_app
from tests.sample_cases import make_case

BASE = "https://registry.invalid"
LATER = {"Prefer": "respond-async", "Accept": "application/fhir+json"}
NUMBERS = range(1, 4)


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
