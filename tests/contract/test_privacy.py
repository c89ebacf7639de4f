"""A patient full of canaries through every success and every failure; then nothing may sing but what its seal opens.

Each string that could tell who somebody is carries a mark of its own, so that a leak names its element. The name of
an element is a place and may be told; what stands there may not.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from click.testing import CliRunner
from flask.testing import FlaskClient

from adapter.bootstrap import open_parts
from adapter.cli import main
from adapter.config import Settings, load_settings
from adapter.parts import Knowledge, Parts
from adapter.store import inbox
from adapter.store.schema import METADATA
from adapter.synthetic.server import FhirServer, serve_resources
from adapter.web import create_app
from tests.sample_bundles import ICD10, IDENTIFIER_TYPES, as_bytes, coded, make_bundle, make_condition, make_patient

MARK = "Zqx"
INS = "urn:oid:1.2.250.1.213.1.4.8"
INS_TYPES = "https://hl7.fr/ig/fhir/core/CodeSystem/fr-core-cs-v2-0203"


def canary(name: str) -> str:
    return f"{MARK}{name}"


def identifier(kind: str, system: str, types: str, use: str) -> dict[str, Any]:
    return {"use": use, "type": coded(types, kind), "system": system, "value": canary(f"id{kind}")}


def make_canary(**more: Any) -> dict[str, Any]:
    """A Patient in whom every element that could identify sings."""
    contained = {"resourceType": "Practitioner", "id": canary("containedid"), "name": [{"family": canary("doctor")}]}
    ids = [
        identifier("PI", "urn:oid:1.2.250.1.999.1.1", IDENTIFIER_TYPES, "usual"),
        identifier("INS-NIR", INS, INS_TYPES, "official"),
        identifier("NH", INS, IDENTIFIER_TYPES, "official"),
    ]
    return make_patient(
        **{
            "id": canary("patient"),
            "contained": [contained],
            "text": {"status": "generated", "div": f"<div xmlns='http://www.w3.org/1999/xhtml'>{canary('text')}</div>"},
            "identifier": ids,
            "name": [{"family": canary("family"), "given": [canary("given")], "text": canary("nametext")}],
            "telecom": [{"system": "phone", "value": canary("phone")}],
            "address": [{"line": [canary("street")], "city": canary("city"), "postalCode": canary("post")}],
            "contact": [{"name": {"family": canary("mother")}, "telecom": [{"value": canary("motherphone")}]}],
            "photo": [{"title": canary("photo"), "url": f"https://photo.invalid/{canary('photourl')}"}],
            "managingOrganization": {"display": canary("organisation")},
            "extension": [{"url": f"https://x.invalid/{canary('extension')}", "valueString": canary("extensionvalue")}],
            **more,
        }
    )


def make_record(*, patient: dict[str, Any] | None = None, condition: dict[str, Any] | None = None) -> list[Any]:
    subject = {"reference": f"Patient/{canary('patient')}", "display": canary("subjectdisplay")}
    code = {"coding": [{"system": ICD10, "code": "M86.3", "display": canary("display")}], "text": canary("codetext")}
    sung = {"id": canary("conditionid"), "code": code, "subject": subject, "note": [{"text": canary("note")}]}
    statement = {
        "resourceType": "MedicationStatement",
        "id": canary("statementid"),
        "status": "active",
        "medicationCodeableConcept": {"text": canary("drugtext")},
        "subject": subject,
        "informationSource": {"display": canary("informant")},
        "dosage": [{"text": canary("dosage")}],
    }
    study = {
        "resourceType": "ImagingStudy",
        "id": canary("studyid"),
        "status": "available",
        "identifier": [{"system": "urn:dicom:uid", "value": canary("studyuid")}],
        "description": canary("description"),
        "modality": [{"system": "http://dicom.nema.org/resources/ontology/DCM", "code": "MR"}],
        "subject": subject,
    }
    return [patient or make_canary(), condition or make_condition(**sung), statement, study]


def record_bundle(**more: Any) -> bytes:
    bundle = make_bundle(*make_record(**more), kind="collection")
    for number, entry in enumerate(bundle["entry"]):
        entry["fullUrl"] = f"https://{MARK.lower()}{number}.invalid/fhir/{canary('fullurl')}"
    bundle["identifier"] = {"system": "urn:x", "value": canary("bundleid")}
    return as_bytes(bundle)


def failures() -> Iterator[bytes]:
    """The same patient, in every way that can go wrong."""
    good = record_bundle()
    yield good[:-20]
    yield good.replace(b'"gender"', f'"id": "{canary("twice")}", "gender"'.encode(), 1)
    yield b"[" * 70 + good + b"]" * 70
    yield good + b" " * (11 << 20)
    yield as_bytes(make_bundle(make_canary(), make_canary(id=canary("second"))))
    yield as_bytes(make_bundle(make_condition(id=canary("lonely"))))
    yield as_bytes({**json.loads(good), "type": canary("type")})
    yield as_bytes({**json.loads(good), "nosuchelement": canary("value")})
    yield as_bytes(make_bundle(make_canary(nosuchelement=[{"a": canary("unknown")}])))
    yield as_bytes({"resourceType": canary("resourcetype")})
    yield record_bundle(patient=make_canary(gender=canary("gender"), birthDate=canary("birthdate")))
    yield record_bundle(patient=make_canary(gender=[canary("list")], birthDate={"a": canary("object")}))
    yield record_bundle(condition=make_condition(onsetDateTime=canary("onset"), subject={"reference": canary("ref")}))
    yield record_bundle(
        condition=make_condition(onsetDateTime="1998-01-01", code=coded(canary("system"), canary("code")))
    )
    yield record_bundle(condition=make_condition(onsetDateTime="1998-01-01"))
    yield record_bundle(condition=make_condition(clinicalStatus=canary("stu3")))
    yield record_bundle(condition=make_condition(onsetAge={"value": canary("age"), "unit": canary("unit")}))
    yield as_bytes({"resourceType": "Bundle", "type": "batch", "entry": [{"resource": {"no": canary("type")}}]})


def assert_silent(text: str, where: str) -> None:
    found = text.lower().find(MARK.lower())
    assert found < 0, f"{where} tells {text[max(0, found - 80) : found + 60]!r}"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load_settings({"CRMO_DATA": str(tmp_path / "data")})


@pytest.fixture
def parts(settings: Settings, knowledge: Knowledge) -> Iterator[Parts]:
    with open_parts(settings, knowledge) as opened:
        yield opened


@pytest.fixture
def client(parts: Parts) -> Iterator[FlaskClient]:
    app = create_app(parts, may_pull_any_address=True)
    yield app.test_client()
    app.extensions["background"].shutdown()


def answers(client: FlaskClient) -> Iterator[tuple[str, str]]:
    """Everything the service says, after it was told everything."""
    for number, raw in enumerate([record_bundle(), record_bundle(), *failures()]):
        for language in ("en", "fr"):
            told = client.post(
                "/fhir", data=raw, content_type="application/fhir+json", headers={"Accept-Language": language}
            )
            yield f"answer {number}", f"{told.text} {told.headers}"
    bad_case = {"case_id": "C-1", "patient": {"sex": canary("sex")}, canary("casekey"): 1, "diagnosis": canary("dx")}
    told = client.post("/cases", json=bad_case)
    yield "a bad case", f"{told.text} {told.headers}"
    for case in client.get("/cases").json["cases"]:
        for room in ("", "/fhir", "/trace", "/history"):
            yield room, client.get(f"/cases/{case['case_id']}{room}").text
    for address in ("/", "/cases", "/cohort", "/metrics", "/pulls", "/readyz"):
        yield address, client.get(address).text


def dump(parts: Parts) -> Iterator[tuple[str, str]]:
    """Every column of every table as text; what hospitals sent is there too, under its seal."""
    with parts.store.reading() as connection:
        for table in METADATA.sorted_tables:
            yield table.name, repr(connection.execute(sa.select(table)).all())


def test_the_canaries_are_there_to_be_found(client: FlaskClient, parts: Parts) -> None:
    """Else the tests below would prove nothing."""
    assert client.post("/fhir", data=record_bundle(), content_type="application/fhir+json").status_code == 200
    with parts.store.reading() as connection:
        (entry,) = inbox.entries(connection)
        raw = inbox.read_raw(connection, entry.id, parts.seals)
    assert raw
    assert raw.count(MARK.encode()) > 40


def test_no_answer_log_line_or_table_tells_who_somebody_is(
    client: FlaskClient, parts: Parts, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)

    for where, text in answers(client):
        assert_silent(text, where)

    for table, text in dump(parts):
        assert_silent(text, f"table {table}")
    assert caplog.records
    assert_silent(caplog.text, "the log")


def test_no_pull_tells_who_somebody_is(client: FlaskClient, parts: Parts, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, logger="adapter")
    with serve_resources(FhirServer(make_record())) as base:
        pull = client.get(client.post("/pulls", json={"source": base}).headers["Location"]).json
        while pull["state"] in ("waiting", "running"):
            time.sleep(0.05)
            pull = client.get(f"/pulls/{pull['id']}").json

    assert pull["report"]["screened"] == 1
    assert_silent(json.dumps(pull), "the pull")
    for table, text in dump(parts):
        assert_silent(text, f"table {table}")
    assert_silent("".join(r.getMessage() for r in caplog.records if r.name.startswith("adapter")), "the log")


def test_no_crash_tells_who_somebody_is(parts: Parts, caplog: pytest.LogCaptureFixture) -> None:
    def fail() -> str:
        raise ValueError(canary("crash"))

    client = create_app(replace(parts, make_id=fail)).test_client()
    answer = client.post("/fhir", data=record_bundle(), content_type="application/fhir+json")

    assert answer.status_code == 500
    assert_silent(answer.text, "the answer")
    assert_silent(caplog.text, "the log")


def test_no_broken_database_tells_who_somebody_is(
    parts: Parts, client: FlaskClient, caplog: pytest.LogCaptureFixture
) -> None:
    with parts.store.writing() as connection:
        connection.execute(sa.text("DROP TABLE unread"))

    answer = client.post("/fhir", data=record_bundle(), content_type="application/fhir+json")

    assert answer.status_code in (500, 503)
    assert_silent(answer.text, "the answer")
    assert_silent(caplog.text, "the log")


def test_no_command_tells_who_somebody_is(settings: Settings, client: FlaskClient) -> None:
    list(answers(client))
    told = ["inbox", "list"], ["inbox", "retry", "--all"], ["case", "list"], ["cohort"], ["fsck"], ["doctor"]
    for raw in [record_bundle(), *failures()]:
        result = CliRunner().invoke(main, ["--data", str(settings.data), "to-case", "-"], input=raw)
        assert result.exit_code in (0, 1)
        assert_silent(result.output, "to-case")
    for arguments in told:
        result = CliRunner().invoke(main, ["--data", str(settings.data), *arguments])
        assert_silent(result.output, " ".join(arguments))


def test_the_files_beside_the_database_tell_nobody(settings: Settings, client: FlaskClient) -> None:
    list(answers(client))

    others = [file for file in settings.data.rglob("*") if file.is_file() and "registry.db" not in file.name]
    assert {file.name for file in others} == {"pseudonym.json", "sealing.json"}
    for file in others:
        assert_silent(file.read_text(), file.name)
        assert file.stat().st_mode & 0o077 == 0
