"""One command, and a child is gone from every table and from the files; what is sent again is refused."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from click.testing import CliRunner

from adapter import inbound
from adapter.adjudicating import adjudicate
from adapter.backup import back_up
from adapter.bootstrap import open_parts
from adapter.cli import main
from adapter.config import load_settings
from adapter.errors import GoneError
from adapter.fsck import check_integrity
from adapter.incremental import Memory
from adapter.parts import Knowledge, Parts
from adapter.store import cases, copying
from adapter.store.inbox import INBOX
from adapter.web import create_app
from tests.sample_bundles import as_bytes, make_bundle, make_condition, make_finding, make_patient

# Words and days that stand nowhere else.
BORN, ONSET, PULLED, REASON = "2007-11-23", "2016-09-19", "local-patient-4711", "a judgement about one child"


def child(*more: object, **changes: object) -> bytes:
    patient = make_patient(1, birthDate=BORN)
    return as_bytes(make_bundle(patient, make_condition(1, onsetDateTime=ONSET, **changes), *more))


@pytest.fixture
def plain(tmp_path: Path, knowledge: Knowledge) -> Iterator[Parts]:
    with open_parts(load_settings({"CRMO_DATA": str(tmp_path)}), knowledge) as opened:
        yield opened


def live(parts: Parts) -> str:
    """A child with all that can be known of one: versions, a duplicate, a quarantined Bundle, a judgement, a pull."""
    case_id = inbound.receive(parts, child(), "north").entry.case_id or ""
    inbound.receive(parts, child(), "north")
    inbound.receive(parts, child(make_finding(1)), "north")
    quarantined = inbound.receive(parts, child(code={"text": "?"}), "north")
    assert quarantined.entry.state == "quarantined"
    told = {"decision": "ineligible", "role": "rheumatologist", "reason": REASON}
    adjudicate(parts, case_id, told)
    Memory(parts, "north").keep("pull-1", PULLED, {"Condition/c1": {"resourceType": "Condition"}}, case_id)
    return case_id


def sealed(parts: Parts) -> list[bytes]:
    with parts.store.reading() as connection:
        return [raw for raw in connection.scalars(sa.select(INBOX.c.raw)) if raw]


def rows(parts: Parts) -> str:
    with copying.snapshot(parts.store) as connection:
        return "\n".join(str(row) for table in copying.tables(parts.store) for row in copying.rows(connection, table))


def erase(folder: Path, case_id: str) -> None:
    command = ["--data", str(folder), "case", "erase", case_id, "--yes"]
    assert CliRunner().invoke(main, command, catch_exceptions=False).exit_code == 0


def test_nothing_of_an_erased_child_stands_in_any_file_of_the_database(plain: Parts, tmp_path: Path) -> None:
    """While the service goes on: its connections are open, and its log was written to."""
    case_id = live(plain)
    secrets = [BORN.encode(), ONSET.encode(), PULLED.encode(), REASON.encode(), *(each[40:] for each in sealed(plain))]
    assert all(
        any(secret in content for content in _files(tmp_path)) for secret in secrets if secret != PULLED.encode()
    )

    erase(tmp_path, case_id)

    assert [secret[:12] for secret in secrets if any(secret in content for content in _files(tmp_path))] == []
    assert list(check_integrity(plain)) == []


def _files(folder: Path) -> list[bytes]:
    return [file.read_bytes() for file in folder.glob("registry.db*")]


def test_nothing_of_an_erased_child_stands_in_any_row_or_copy(parts: Parts, tmp_path: Path) -> None:
    case_id = live(parts)
    app = create_app(parts)
    assert BORN in rows(parts)

    assert app.test_client().delete(f"/cases/{case_id}").status_code == 204
    app.extensions["background"].shutdown()
    back_up(parts.store, tmp_path / "copy.zip", parts.clock())

    text = rows(parts)
    assert [word for word in (BORN, ONSET, PULLED, REASON) if word in text] == []
    assert sealed(parts) == []


def test_what_is_sent_of_an_erased_child_is_refused_by_every_door(parts: Parts) -> None:
    case_id = live(parts)
    app = create_app(parts)
    client = app.test_client()
    client.delete(f"/cases/{case_id}")

    pushed = inbound.receive(parts, child(make_finding(1, id="obs2")), "north")
    flawed = inbound.receive(parts, child(code={"text": "??"}), "north")
    pulled = inbound.receive_resources(parts, [make_patient(1), make_condition(1)], "north")
    case = {"case_id": case_id, "patient": {"sex": "female"}, "diagnosis": {"code": "crmo"}}
    put = client.put(f"/cases/{case_id}", json=case)
    found = client.get("/fhir/Patient", query_string={"_id": case_id}).get_json()
    gone = client.get(f"/fhir/Patient/{case_id}")
    app.extensions["background"].shutdown()

    assert [each.entry.state for each in (pushed, flawed, pulled)] == ["erased", "erased", "erased"]
    assert [pushed.status, flawed.status, pulled.status, put.status_code, gone.status_code] == [410] * 5
    assert found["total"] == 0
    assert sealed(parts) == [], "what was refused is not kept either"
    with parts.store.reading() as connection, pytest.raises(GoneError):
        cases.read(connection, case_id)
