"""Whoever objects is not collected, is counted, and leaves no trace; where nobody knows, nothing is taken either."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from adapter.bootstrap import open_parts
from adapter.config import load_settings
from adapter.hospital import Patience, resolve_source
from adapter.hospital.opposition import ConsentRule, Opposition
from adapter.parts import Knowledge, Parts
from adapter.pull import run_pull, start_pull
from adapter.store import inbox
from adapter.synthetic.server import Answer, FhirServer, serve_resources
from tests.sample_bundles import ICD10, coded, make_condition, make_patient

Json = dict[str, Any]
NO = {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "NORESEARCH"}
HASTY = Patience(attempts=2, pause=lambda seconds: None)


def consent(patient: int, type_: str, **more: Any) -> Json:
    told = {"resourceType": "Consent", "id": f"s{patient}{type_}", "status": "active"}
    return {**told, "patient": {"reference": f"Patient/p{patient}"}, "provision": {"type": type_, **more}}


def make_resources() -> list[Json]:
    made: list[Json] = []
    for number in range(6):
        labelled = {"meta": {"security": [NO]}} if number == 0 else {}
        numbered = {"identifier": [{"system": "urn:ipp", "value": f"00{number}"}]}
        made.append(make_patient(id=f"p{number}", **numbered, **labelled))
        subject = {"reference": f"Patient/p{number}"}
        made.append(make_condition(id=f"c{number}", subject=subject, code=coded(ICD10, "M86.3")))
    return [*made, consent(1, "deny"), consent(2, "permit"), consent(2, "deny", period={"end": "2020"})]


class Recording(FhirServer):
    """Remembers which patients' records it was asked for."""

    def __init__(self, fault: Callable[[str], Answer | None] = lambda target: None) -> None:
        super().__init__(make_resources())
        self.fault, self.asked = fault, list[str]()

    def answer(self, method: str, base: str, target: str, body: bytes = b"") -> Answer:
        self.asked.append(target)
        return self.fault(target) or super().answer(method, base, target, body)

    def collected(self) -> set[str]:
        """Patients for whom more was asked than who they are and what they wish."""
        searches = (target for target in self.asked if "patient=" in target and not target.startswith("Consent"))
        named = (target.partition("patient=")[2].partition("&")[0] for target in searches)
        return {patient for each in named for patient in each.replace("%2C", ",").split(",")}


@pytest.fixture
def parts(tmp_path: Path, knowledge: Knowledge) -> Iterator[Parts]:
    with open_parts(load_settings({"CRMO_DATA": str(tmp_path)}), knowledge) as opened:
        yield opened


def pull(parts: Parts, server: Recording, opposition: Opposition | None) -> Json:
    with serve_resources(server) as base:
        source = replace(resolve_source(base, {}), name="chu", opposition=opposition)
        told = replace(parts, sources={"chu": source})
        return run_pull(told, start_pull(told, "chu"), patience=HASTY)


def names_kept(parts: Parts) -> set[str]:
    with parts.store.reading() as connection:
        entries = [inbox.read_raw(connection, each.id, parts.seals) or b"" for each in inbox.entries(connection)]
    return {f"p{number}" for number in range(6) if any(b'"p%d"' % number in raw for raw in entries)}


def test_labels_lists_and_consents_keep_patients_out(parts: Parts, tmp_path: Path) -> None:
    listed = tmp_path / "objections"
    listed.write_text("urn:ipp|003\n", encoding="utf-8")
    label = f"{NO['system']}|{NO['code']}"
    report = pull(parts, server := Recording(), Opposition((label,), ConsentRule(), listed))

    assert (report["state"], report["screened"], report["opposed"]) == ("complete", 6, 3)
    assert server.collected() == names_kept(parts) == {"p2", "p4", "p5"}


def test_where_consent_is_needed_only_those_who_gave_it_are_taken(parts: Parts) -> None:
    report = pull(parts, server := Recording(), Opposition(consents=ConsentRule(required=True)))
    assert (report["state"], report["opposed"]) == ("complete", 5)
    assert server.collected() == names_kept(parts) == {"p2"}


def test_where_the_wish_cannot_be_read_nothing_is_taken_and_it_is_told(parts: Parts) -> None:
    lost = (500, {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "exception"}]})
    server = Recording(lambda target: lost if target.startswith("Consent") else None)
    report = pull(parts, server, Opposition(consents=ConsentRule()))

    assert (report["state"], report["failed"], report["opposed"]) == ("partial", 6, 0)
    assert "Consent" in report["missing"][0]["problem"]
    assert server.collected() == names_kept(parts) == set()


def test_without_a_declaration_nobody_is_asked(parts: Parts) -> None:
    report = pull(parts, server := Recording(), None)
    assert report["opposed"] == 0
    assert not any(target.startswith("Consent") for target in server.asked)
