"""Collecting patients from a small FHIR server on loopback: candidates, everything about one, nothing of another."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from adapter.errors import RemoteError
from adapter.hospital import Hospital, Patience, Search, open_hospital, resolve_source
from adapter.hospital.patients import collect_patient, find_candidates
from adapter.synthetic.server import FhirServer, serve_resources
from tests.scripted_hospital import Scripted, ScriptedHospital, answer, condition, outcome, searchset

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


def test_finds_the_patients_whose_conditions_have_one_of_the_codes(ward: Hospital) -> None:
    found, units = find_candidates(ward)
    assert found == ["p1", "p2"]
    assert all(unit.complete for unit in units)


def test_collects_everything_about_the_patient_over_several_pages(ward: Hospital) -> None:
    collected = collect_patient(ward, "p1")
    assert collected.complete
    assert [unit.pages for unit in collected.units if unit.type == "Observation"] == [3]
    assert len([key for key in collected.resources if key[0] == "Observation"]) == 25


def test_collects_nothing_of_another_patient(ward: Hospital) -> None:
    subjects = {each.get("subject", {}).get("reference") for each in collect_patient(ward, "p1").resources.values()}
    assert subjects == {"Patient/p1", None}


def test_brings_the_drugs_that_statements_point_at(ward: Hospital) -> None:
    """One that the hospital does not have is data to be judged, not a failure of the pull."""
    resources = collect_patient(ward, "p1").resources
    assert ("Medication", "m1") in resources
    assert ("Medication", "m-nobody-has") not in resources


def test_reads_drugs_that_the_server_did_not_include(base: str) -> None:
    source = resolve_source(base, {})
    plain = replace(source, collect=(Search("MedicationStatement"),))
    with open_hospital(plain, {}.get, Patience(attempts=1)) as ward:
        collected = collect_patient(ward, "p1")
    assert (collected.complete, ("Medication", "m1") in collected.resources) == (True, True)


def test_declared_centre_goes_with_the_patient(base: str) -> None:
    source = replace(resolve_source(base, {}), centre="CHU Imaginaire")
    with open_hospital(source, {}.get, Patience(attempts=1)) as ward:
        patient = collect_patient(ward, "p1").resources["Patient", "p1"]
    assert patient["managingOrganization"]["identifier"]["value"] == "CHU Imaginaire"


def test_patient_who_is_not_there_is_said_to_be_missing(ward: Hospital) -> None:
    collected = collect_patient(ward, "p9")
    assert not collected.complete
    assert "404" in collected.problem


def test_parameter_the_server_does_not_know_makes_the_patient_incomplete(base: str) -> None:
    strange = replace(resolve_source(base, {}), collect=(Search("Condition", {"onset-age": ("lt18",)}),))
    with open_hospital(strange, {}.get, Patience(attempts=1)) as ward:
        assert "400" in collect_patient(ward, "p1").problem


def test_server_that_ignores_the_patient_is_found_out(server: ScriptedHospital, hospital: Hospital) -> None:
    """Its answer holds other children's records; mixing them into one case would be worse than having none."""
    other = condition("b", subject={"reference": "Patient/p2"})
    server.says(answer({"resourceType": "Patient", "id": "p1"}), answer(searchset(condition("a"), other, total=2)))
    collected = collect_patient(hospital, "p1")
    assert "other patients" in collected.problem
    assert ("Condition", "b") not in collected.resources


def test_candidate_without_a_patient_makes_the_search_incomplete(server: ScriptedHospital, hospital: Hospital) -> None:
    nobody = condition("a", subject={"identifier": {"value": "IPP-TEST-1"}})
    server.says(answer(searchset(nobody, total=1)), answer(searchset(total=0)), answer(searchset(total=0)))
    found, units = find_candidates(hospital)
    assert (found, [unit.complete for unit in units]) == ([], [False, True, True])


def test_stops_at_the_first_part_that_is_missing(server: ScriptedHospital, hospital: Hospital) -> None:
    server.says(answer({"resourceType": "Patient", "id": "p1"}), answer(outcome("forbidden"), 403))
    collected = collect_patient(hospital, "p1")
    assert (collected.complete, len(server.requests)) == (False, 2)


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


def test_server_that_does_not_answer_is_not_asked_the_rest(server: ScriptedHospital, hospital: Hospital) -> None:
    server.says(*[Scripted(drop=True)] * 9)
    found, units = find_candidates(hospital)
    assert (found, len(units), len(server.requests)) == ([], 1, 4)
