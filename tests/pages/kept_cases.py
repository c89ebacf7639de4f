"""A case kept by the service, asked for in English, and changed by the form of one of its sections."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from flask.testing import FlaskClient

from adapter.errors import Json
from adapter.resource import dump_json
from tests.pages.forms import Page

WHY = "Relu sur le compte rendu"
EN = {"Accept-Language": "en"}


def keep(client: FlaskClient, case: Json, source: str = "chu") -> str:
    told = {"X-CRMO-Source": source, "Content-Type": "application/json"}
    answer = client.post("/cases", data=dump_json(case), headers=told)
    assert answer.status_code == 201, answer.text
    return f"/ui/cases/{quote(case['case_id'], safe='')}"


def edit(client: FlaskClient, page: str, section: str, reason: str = WHY, **changed: str) -> Any:
    """The form of a section as it stands, with some fields changed, sent."""
    fields = Page(client.get(f"{page}/edit/{section}").text).fields
    assert fields.keys() >= changed.keys() - {"do", "nothing", "confirm"}
    return client.post(f"{page}/edit/{section}", data={**fields, "reason": reason, **changed})
