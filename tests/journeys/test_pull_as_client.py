"""A whole pull as a SMART backend client: one token for all, renewed on the way; a smaller grant is never silence."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from adapter.bootstrap import open_parts
from adapter.config import load_settings
from adapter.hospital import Patience
from adapter.parts import Knowledge, Parts
from adapter.pull import run_pull, start_pull
from adapter.synthetic.server import FhirServer
from adapter.tokens import KeyRing, save_key_ring
from tests.authority import NOW, Authority, Seen, run_authority
from tests.sample_bundles import ICD10, coded, make_condition, make_patient

Json = dict[str, Any]
MADE = datetime.fromtimestamp(NOW, UTC)
RING = KeyRing().with_new("ES384", MADE)
TYPES = ("Patient", "Condition", "Procedure", "ImagingStudy", "MedicationStatement", "Medication", "Observation")
HASTY = Patience(attempts=2, pause=lambda seconds: None, now=lambda: MADE)


def make_resources() -> list[Json]:
    made: list[Json] = []
    for number in range(30):
        subject = {"reference": f"Patient/p{number}"}
        made.append(make_patient(id=f"p{number}", identifier=[{"system": "urn:ipp", "value": f"00{number}"}]))
        made.append(make_condition(id=f"c{number}", subject=subject, code=coded(ICD10, "M86.3")))
    temperature = {"coding": [{"system": "http://loinc.org", "code": "8310-5"}]}
    measured = {"resourceType": "Observation", "id": "o1", "status": "final", "code": temperature}
    return [*made, {**measured, "subject": {"reference": "Patient/p0"}}]


@pytest.fixture
def authority() -> Iterator[Authority]:
    """A FHIR server behind an authorisation server; a token is good for ten requests."""
    server = FhirServer(make_resources(), page_cap=10)
    with run_authority() as running:
        grant, used = running.answer, dict[str, int]()

        def answer(seen: Seen) -> tuple[int, dict[str, str], Any]:
            if not seen.path.startswith("/fhir/") or "/token" in seen.path or "smart-conf" in seen.path:
                return grant(seen)
            token = seen.headers.get("authorization", "").removeprefix("Bearer ")
            used[token] = used.get(token, 0) + 1
            if not seen.path.endswith("metadata") and (token not in running.tokens or used[token] > 10):
                return 401, {}, {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "login"}]}
            status, resource = server.answer(seen.method, running.base, seen.path.removeprefix("/fhir/"))
            return status, {}, json.loads(json.dumps(resource, default=float))

        running.answer = answer  # type: ignore[method-assign]
        running.key_set = RING.public()
        yield running


@pytest.fixture
def parts(authority: Authority, tmp_path: Path, knowledge: Knowledge) -> Iterator[Parts]:
    data = tmp_path / "data"
    (data / "sources").mkdir(parents=True)
    save_key_ring(RING, data / "keys" / "client.json")
    # One connection: with several, a token of ten requests may be used up between its arrival and its first use.
    told = f"source: chu\nbase: {authority.base}\npoliteness: {{connections: 1}}\n"
    told += "authentication: {type: smart-backend-services, client_id: crmo}\n"
    (data / "sources" / "chu.yaml").write_text(told, encoding="utf-8")
    with open_parts(load_settings({"CRMO_DATA": str(data)}), knowledge) as opened:
        yield opened


def test_a_pull_outlives_its_tokens(
    authority: Authority, parts: Parts, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    caplog.set_level(logging.DEBUG, logger="adapter")
    report = run_pull(parts, start_pull(parts, "chu"), patience=HASTY)

    assert (report["state"], report["screened"], report["missing"]) == ("complete", 30, [])
    assert report["access"]["types_missing"] == []
    assert report["access"]["tokens"] == len(authority.token_requests) > 1
    told = json.dumps(report) + "".join(record.getMessage() for record in caplog.records if "adapter" in record.name)
    told += "".join(file.read_bytes().decode("latin-1") for file in tmp_path.rglob("registry.db*"))
    assertions = [seen.form["client_assertion"] for seen in authority.token_requests]
    assert not any(each in told for each in (*assertions, "token-1"))


def test_what_was_not_granted_is_missing_although_the_server_answers(authority: Authority, parts: Parts) -> None:
    authority.scope = " ".join(f"system/{each}.rs" for each in TYPES if each != "Observation")
    report = run_pull(parts, start_pull(parts, "chu"), patience=HASTY)

    assert report["state"] == "partial"
    assert [each["what"] for each in report["missing"]] == ["Observation"]
    assert "granted" in report["missing"][0]["problem"]
