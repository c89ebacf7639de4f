"""A dozen synthetic cases, a service that has them, and a client that follows the links of its pages."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from flask.testing import FlaskClient

from adapter import inbound
from adapter.parts import Knowledge, Parts
from adapter.resource import dump_json
from adapter.synthetic import synthesize
from adapter.web import create_app

CASES = [case for case in synthesize(14, seed=4) if case.get("opposition") != "opposed"][:12]


def resources_of(knowledge: Knowledge) -> list[dict[str, Any]]:
    """Every resource there should be."""
    return [resource for case in CASES for resource in knowledge.mappings.to_resources(case)]


def serve(parts: Parts) -> Iterator[FlaskClient]:
    for case in CASES:
        receipt = inbound.receive_case(parts, dump_json(case), "registry")
        assert receipt.accepted, receipt.issues
    app = create_app(parts, public_url="https://registry.invalid")
    yield app.test_client()
    app.extensions["background"].shutdown()


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
