"""Taking patients from a small FHIR server on loopback: candidates, everything about one, nothing of another."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from adapter.crawl import SearchTaking
from adapter.errors import RemoteError, RemoteTransientError
from adapter.hospital import Patience, Search, Source, resolve_source
from adapter.hospital.client import Hospital, open_hospital
from adapter.parts import Parts
from adapter.store import candidates, units
from adapter.store.units import Stage, Unit
from adapter.synthetic.server import FhirServer, serve_resources
from tests.faults.ours import open_parts
from tests.scripted_hospital import Scripted, ScriptedHospital, answer, condition, searchset

CIM10 = "https://smt.esante.gouv.fr/terminologie-cim-10"


def resource(type_: str, id_: str, patient: str = "p1", **elements: Any) -> dict[str, Any]:
    return {"resourceType": type_, "id": id_, "subject": {"reference": f"Patient/{patient}"}, **elements}


def coded(system: str, code: str) -> dict[str, Any]:
    return {"coding": [{"system": system, "code": code}]}


def statement(id_: str, drug: str, patient: str = "p1") -> dict[str, Any]:
    return resource("MedicationStatement", id_, patient, medicationReference={"reference": drug})


RESOURCES = [
    {"resourceType": "Patient", "id": "p1", "gender": "female"},
    {"resourceType": "Patient", "id": "p2", "gender": "male"},
    {"resourceType": "Patient", "id": "p3", "gender": "male"},
    resource("Condition", "c1", code=coded(CIM10, "M86.3")),
    resource("Condition", "c2", code=coded("http://snomed.info/sct", "240151005"), patient="p2"),
    resource("Condition", "c3", code=coded(CIM10, "J45"), patient="p3"),
    resource("Condition", "c4", code=coded(CIM10, "J45")),
    *[resource("Observation", f"o{number}") for number in range(25)],
    resource("Observation", "x1", patient="p2"),
    statement("t1", "Medication/m1"),
    statement("t2", "Medication/m-nobody-has"),
    {"resourceType": "Medication", "id": "m1"},
]


@pytest.fixture
def base() -> Iterator[str]:
    with serve_resources(FhirServer(RESOURCES, page_cap=10)) as address:
        yield address


@pytest.fixture
def ward(base: str) -> Iterator[Hospital]:
    source = resolve_source(base, {})
    with open_hospital(source, {}.get, Patience(attempts=1)) as opened:
        yield opened


@pytest.fixture
def bare(tmp_path: Path) -> Iterator[Parts]:
    with open_parts(tmp_path) as opened:
        yield opened


class Pulled:
    """A pull of the server, as far as it can go."""

    def __init__(self, parts: Parts, hospital: Hospital) -> None:
        self._parts, self._taking = parts, SearchTaking(parts, hospital, "pull")
        self._taking.take(lambda stage: True)
        self.of = self._taking.of

    def patients(self) -> list[str]:
        with self._parts.store.reading() as connection:
            return candidates.everybody(connection, "pull")

    def units(self, stage: Stage) -> list[Unit]:
        with self._parts.store.reading() as connection:
            return units.ended(connection, "pull", stage)


Take = Callable[..., Pulled]


@pytest.fixture
def take(base: str, bare: Parts) -> Take:
    """Pull the ward, with a source changed in some ways."""

    def pull(**changed: Any) -> Pulled:
        source: Source = replace(resolve_source(base, {}), **changed)
        with open_hospital(source, {}.get, Patience(attempts=1)) as opened:
            return Pulled(bare, opened)

    return pull


def test_finds_the_patients_whose_conditions_have_one_of_the_codes(take: Take) -> None:
    pulled = take()
    assert pulled.patients() == ["p1", "p2"]
    assert all(unit.state == "complete" for unit in pulled.units("candidates"))


def test_takes_everything_about_the_patient_over_several_pages(take: Take) -> None:
    pulled = take()
    handed = pulled.of("p1")
    observations = [unit for unit in pulled.units("collect") if unit.type == "Observation"]
    assert (handed.problem, [unit.pages for unit in observations]) == ("", [3])
    assert len([key for key in handed.resources if key.startswith("Observation/")]) == 25


def test_hands_over_nothing_of_another_patient(take: Take) -> None:
    subjects = {each.get("subject", {}).get("reference") for each in take().of("p1").resources.values()}
    assert subjects == {"Patient/p1", None}


def test_brings_the_drugs_that_statements_point_at(take: Take) -> None:
    """One that the hospital does not have is data to be judged, not a failure of the pull."""
    handed = take().of("p1")
    assert ("Medication/m1" in handed.resources, "Medication/m-nobody-has" in handed.resources) == (True, False)
    assert handed.problem == ""


def test_reads_drugs_that_the_server_did_not_include(take: Take) -> None:
    handed = take(collect=(Search("MedicationStatement"),)).of("p1")
    assert (handed.problem, "Medication/m1" in handed.resources) == ("", True)


def test_each_resource_is_known_by_the_answer_it_came_in(take: Take) -> None:
    handed = take().of("p1")
    assert set(handed.requests) == set(handed.resources)


def test_declared_centre_goes_with_the_patient(take: Take) -> None:
    patient = take(centre="CHU Imaginaire").of("p1").resources["Patient/p1"]
    assert patient["managingOrganization"]["identifier"]["value"] == "CHU Imaginaire"


def test_patient_who_is_not_there_is_said_to_be_missing(bare: Parts) -> None:
    named = condition("c1", code=coded(CIM10, "M86.3"), subject={"reference": "Patient/p9"})
    with (
        serve_resources(FhirServer([named])) as base,
        open_hospital(resolve_source(base, {}), {}.get, Patience(attempts=1)) as opened,
    ):
        assert "404" in Pulled(bare, opened).of("p9").problem


def test_parameter_the_server_does_not_know_makes_the_patient_incomplete(take: Take) -> None:
    assert "400" in take(collect=(Search("Condition", {"onset-age": ("lt18",)}),)).of("p1").problem


def test_answer_to_every_part_is_needed(take: Take) -> None:
    """What did not come would look like a "no"."""
    handed = take(collect=(Search("Condition"), Search("Observation", {"onset-age": ("lt18",)}))).of("p1")
    assert (handed.problem.startswith("Observation: "), handed.resources) == (True, {})


def test_candidate_without_a_patient_makes_the_search_incomplete(
    server: ScriptedHospital, source: Source, bare: Parts
) -> None:
    nobody = condition("a", code=coded(CIM10, "M86.3"), subject={"identifier": {"value": "IPP-TEST-1"}})
    server.says(answer(searchset(nobody, total=1)))
    alone = replace(source, candidates=source.candidates[:1])
    with open_hospital(alone, {}.get, Patience(attempts=1)) as opened:
        pulled = Pulled(bare, opened)
    assert (pulled.patients(), [unit.problem for unit in pulled.units("candidates")]) == (
        [],
        ["a match names no patient by reference"],
    )


def test_server_that_does_not_answer_is_not_asked_the_rest(
    server: ScriptedHospital, source: Source, bare: Parts
) -> None:
    server.says(*[Scripted(drop=True)] * 20)
    alone = replace(source, politeness=replace(source.politeness, connections=1))
    hasty = Patience(attempts=2, pause=lambda seconds: None)
    unanswered = pytest.raises(RemoteTransientError, match="no search for candidates was answered")
    with open_hospital(alone, {}.get, hasty) as opened, unanswered:
        Pulled(bare, opened)
    assert len(server.requests) == 2 * len(source.candidates)


def test_server_takes_a_transaction_and_then_has_it(base: str, ward: Hospital) -> None:
    new = resource("Condition", "c9", code=coded(CIM10, "M86.3"), patient="p3")
    entry = {"resource": new, "request": {"method": "PUT", "url": "Condition/c9"}}
    ward.transaction({"resourceType": "Bundle", "type": "transaction", "entry": [entry]})
    assert ward.read("Condition", "c9")["subject"]["reference"] == "Patient/p3"


def test_server_says_what_it_can_do(ward: Hospital) -> None:
    statement = ward.capabilities()
    types = [each["type"] for each in statement["rest"][0]["resource"]]
    assert (statement["fhirVersion"], "ImagingStudy" in types, "Condition" in types) == ("4.0.1", False, True)


def test_server_has_nothing_elsewhere(ward: Hospital) -> None:
    with pytest.raises(RemoteError, match="404"):
        ward.read("Condition", "nobody")
