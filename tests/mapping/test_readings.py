"""Small records and what the shipped maps read of them: one claim each, in `readings.yaml`."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from adapter.canonical import extension
from adapter.config import shipped
from adapter.declaration import parse_declaration
from adapter.mapping import load_mappings
from adapter.mapping.path import system_uri
from adapter.mapping.tables import load_systems
from adapter.resource import dump_json

Json = dict[str, Any]
FILE = Path(__file__).parent / "readings.yaml"
READINGS: list[Json] = parse_declaration(FILE.read_text(encoding="utf-8"), FILE).data["readings"]
MAPPINGS = load_mappings(shipped("mappings"))
GIRL = {"patient": {"sex": "female"}, "diagnosis": {"code": "crmo"}}


def spelled_out(value: Any) -> Any:
    """`cc`, `c` and `ext` as FHIR spells them."""
    if isinstance(value, list):
        return [spelled_out(each) for each in value]
    if not isinstance(value, dict):
        return value
    if "cc" in value:
        return {"coding": [_coding(each) for each in value["cc"]]}
    if "c" in value:
        return _coding(value["c"])
    made = {name: spelled_out(each) for name, each in value.items() if name != "ext"}
    return {"url": extension(value["ext"]), **made} if "ext" in value else made


def _coding(text: str) -> Json:
    name, code = text.split(" ")
    return {"system": system_uri(name, _systems()), "code": code}


@cache
def _systems() -> dict[str, str]:
    return load_systems(shipped("mappings") / "tables").uris


def bundle(reading: Json) -> Json:
    """The girl, her diagnosis and what is given, as a hospital would send them."""
    subject = {"subject": {"reference": "Patient/p1"}}
    patient = {"resourceType": "Patient", "id": "p1", "gender": "female", **reading.get("patient", {})}
    said = reading.get("diagnosis", {"code": {"cc": ["orpha 324964"]}})
    diagnosis = {"resourceType": "Condition", "id": "dx", **subject, **said}
    given = [{"id": f"r{number}", **subject, **each} for number, each in enumerate(reading["given"])]
    entries = [{"resource": spelled_out(each)} for each in (patient, diagnosis, *given)]
    return {"resourceType": "Bundle", "type": "collection", "entry": entries}


def _known(reading: Json) -> Any:
    """`flaw` says what the engine cannot do yet; the day it can, the word has to go."""
    flaw = reading.get("flaw")
    marks = [pytest.mark.xfail(reason=flaw, strict=True)] if flaw else []
    return pytest.param(reading, marks=marks, id=reading["title"])


@pytest.mark.parametrize("reading", [_known(each) for each in READINGS])
def test_reading(reading: Json) -> None:
    result = MAPPINGS.to_case(bundle(reading), "C-1")

    expected = {"case_id": "C-1", **GIRL, **reading.get("case", {})}
    no_case = "mapping:required:diagnosis.code" in reading.get("told", ())
    assert json.loads(dump_json(result.case)) == (None if no_case else expected)
    assert sorted(issue.rule for issue in result.issues) == reading.get("told", [])
    assert sorted(each["expression"] for each in result.unread) == reading.get("unread", [])
