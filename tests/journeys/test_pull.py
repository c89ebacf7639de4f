"""Pulling a hospital on loopback into a store: everything, a part of it, nothing, twice."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from adapter.bootstrap import open_parts
from adapter.config import load_settings
from adapter.crawl.engine import SILENT_IN_A_ROW
from adapter.errors import Json, RemoteError, UsageError, VersionConflictError
from adapter.hospital import Patience, Search, resolve_source
from adapter.inbound import receive_case
from adapter.lease import hold
from adapter.outbound import push
from adapter.parts import Parts
from adapter.pull import exit_code, run_pull, start_pull
from adapter.resource import dump_json
from adapter.store import cases, inbox, jobs, leases, listing
from adapter.synthetic.hospital import Population, make_population
from adapter.synthetic.server import Answer, FhirServer, serve_resources
from adapter.tracing import read_ledger, read_pull, trace_case
from tests.sample_cases import make_case

STAGING = ("pull_pages", "pull_resources", "pull_patients")
HASTY = Patience(attempts=2, pause=lambda seconds: None)


class FaultyServer(FhirServer):
    """A hospital that fails where the test says so."""

    def __init__(self, resources: list[Json], fault: Callable[[str], Answer | None] = lambda target: None) -> None:
        super().__init__(resources)
        self.fault = fault
        self.asked: list[str] = []

    def answer(self, method: str, base: str, target: str, body: bytes = b"") -> Answer:
        self.asked.append(target)
        return self.fault(target) or super().answer(method, base, target, body)


@pytest.fixture
def plain_parts(tmp_path: Path) -> Iterator[Parts]:
    with open_parts(load_settings({"CRMO_DATA": str(tmp_path)})) as opened:
        yield opened


@pytest.fixture
def population(plain_parts: Parts) -> Population:
    return make_population([make_case(number) for number in range(6)], plain_parts.knowledge.mappings, seed=3)


@pytest.fixture
def server(population: Population) -> FaultyServer:
    return FaultyServer(population.resources)


@pytest.fixture
def parts(plain_parts: Parts, server: FaultyServer) -> Iterator[Parts]:
    with serve_resources(server) as base:
        source = resolve_source(base, {})
        with_texts = (*source.candidates, Search("Condition", {"code": ("R69",)}))
        yield replace(
            plain_parts, sources={"chu-imaginaire": replace(source, name="chu-imaginaire", candidates=with_texts)}
        )


def pull(parts: Parts, **more: Any) -> Json:
    return run_pull(parts, start_pull(parts, "chu-imaginaire"), patience=HASTY, **more)


def test_takes_the_eligible_and_none_of_the_strangers(parts: Parts, population: Population) -> None:
    report = pull(parts)
    assert {name: report[name] for name in ("screened", "eligible", "undetermined", "ineligible", "quarantined")} == {
        "screened": 23,
        "eligible": 6,
        "undetermined": 7,
        "ineligible": 6,
        "quarantined": 4,
    }
    assert report["screened"] == len(population.patients)


def test_complete_pull_proves_every_unit(parts: Parts) -> None:
    report = pull(parts)
    assert (report["state"], report["missing"], exit_code(report)) == ("complete", [], 0)
    searches, lists = 4, 3  # of at most ten patients
    assert report["units"] == {"made": searches + 1 + 5 * lists, "complete": searches + 1 + 5 * lists}


def test_second_pull_changes_nothing(parts: Parts) -> None:
    first = pull(parts)
    with parts.store.reading() as connection:
        before = inbox.count_states(connection)
    second = pull(parts)
    with parts.store.reading() as connection:
        after = inbox.count_states(connection)
    # How often totals were counted depends on whose answer came first.
    assert {**first, "asked": None} == {**second, "asked": None}
    assert {**after, "duplicate": 0} == {**before, "duplicate": 0}


def test_patient_of_whom_a_part_is_missing_is_not_judged(parts: Parts, server: FaultyServer) -> None:
    """Without its Observations a record would look as if nobody had found anything."""
    victim = next(iter(server.resources_of("Patient")))["id"]

    def fault(target: str) -> Answer | None:
        hit = target.startswith("Observation?") and victim in target
        return (403, {"resourceType": "OperationOutcome"}) if hit else None

    server.fault = fault
    report = pull(parts)
    assert (report["state"], report["failed"], exit_code(report)) == ("partial", 1, 5)
    assert report["missing"][0]["problem"].startswith("Observation: 127.0.0.1: answered 403")
    with parts.store.reading() as connection:
        assert sum(inbox.count_states(connection).values()) == 22


def test_failed_search_for_candidates_is_told(parts: Parts, server: FaultyServer) -> None:
    server.fault = lambda target: (400, {"resourceType": "OperationOutcome"}) if "snomed" in target else None
    report = pull(parts)
    assert (report["state"], exit_code(report)) == ("partial", 5)
    assert any(each["what"] == "candidates by Condition" for each in report["missing"])


def test_hospital_that_refuses_every_search_ends_the_pull(parts: Parts, server: FaultyServer) -> None:
    server.fault = lambda target: (401, {"resourceType": "OperationOutcome"})
    with pytest.raises(RemoteError, match="401"):
        pull(parts)
    with parts.store.reading() as connection:
        [ended] = jobs.recent(connection)
    assert (ended.state, ended.issue and ended.issue["rule"]) == ("failed", "remote")


def test_hospital_that_falls_silent_is_left_alone(parts: Parts, server: FaultyServer) -> None:
    """Asking hundreds of patients of a dead server, each with all repetitions, would take the night."""

    def fall_silent(target: str) -> Answer | None:
        if "code=" not in target:
            raise ConnectionAbortedError
        return None

    server.fault = fall_silent
    report = pull(parts)
    asked = [target for target in server.asked if "code=" not in target]
    under_way = parts.sources["chu-imaginaire"].politeness.connections
    assert (report["state"], report["failed"], report["screened"]) == ("partial", 23, 23)
    assert len(asked) <= (SILENT_IN_A_ROW + under_way) * HASTY.attempts


def test_patient_with_a_long_history_is_judged(parts: Parts, server: FaultyServer) -> None:
    """The limit of a received Bundle is not for what we collected ourselves: children with CRMO are bled often."""
    patient = server.resources_of("Condition")[0]["subject"]["reference"]
    for number in range(1200):
        value = {"resourceType": "Observation", "id": f"sodium-{number}", "subject": {"reference": patient}}
        code = {"coding": [{"system": "http://loinc.org", "code": "2951-2"}]}
        server.add({**value, "status": "final", "code": code, "valueQuantity": {"value": 140}})
    report = pull(parts)
    assert (report["eligible"], report["quarantined"], report["resources"] > 1200) == (6, 4, True)


def test_progress_is_told_after_each_patient(parts: Parts) -> None:
    told: list[Json] = []
    pull(parts, notice=told.append)
    judged = [each for each in told if each["phase"] == "judge"]
    assert [each["done"] for each in judged] == list(range(24))
    assert {each["of"] for each in judged} == {23}


def test_pull_is_on_record_from_start_to_end(parts: Parts) -> None:
    pull_id = start_pull(parts, "chu-imaginaire")
    with parts.store.reading() as connection:
        assert jobs.find(connection, pull_id).state == "waiting"
    report = run_pull(parts, pull_id, patience=HASTY)
    with parts.store.reading() as connection:
        ended = jobs.find(connection, pull_id)
    assert (ended.state, ended.report, ended.progress and ended.progress["done"]) == ("complete", report, 23)


def test_one_pull_of_a_source_at_a_time(parts: Parts) -> None:
    first, second = start_pull(parts, "chu-imaginaire"), start_pull(parts, "chu-imaginaire")
    with hold(parts, first), pytest.raises(VersionConflictError):
        run_pull(parts, second, patience=HASTY)


def test_pull_whose_holder_died_is_taken_over(parts: Parts) -> None:
    earlier = replace(parts, clock=lambda: parts.clock() - 2 * leases.LEASE)
    pull_id = start_pull(earlier, "chu-imaginaire")
    with parts.store.writing() as connection:
        leases.take(connection, pull_id, "dead", earlier.clock())
    report = run_pull(parts, pull_id, patience=HASTY)
    with parts.store.reading() as connection:
        assert (report["state"], jobs.find(connection, pull_id).attempts) == ("complete", 2)


def test_pull_is_run_once(parts: Parts) -> None:
    pull_id = start_pull(parts, "chu-imaginaire")
    run_pull(parts, pull_id, patience=HASTY)
    with pytest.raises(VersionConflictError):
        run_pull(parts, pull_id, patience=HASTY)


def test_source_that_nobody_declared_is_not_started(parts: Parts) -> None:
    with pytest.raises(UsageError, match="chu-imaginaire"):
        start_pull(parts, "chu-inconnu")


def test_bare_address_can_be_pulled(parts: Parts) -> None:
    base = parts.sources["chu-imaginaire"].base
    assert run_pull(parts, start_pull(parts, base), patience=HASTY)["eligible"] == 6


def test_report_names_no_patient(parts: Parts, population: Population, server: FaultyServer) -> None:
    server.fault = lambda target: (403, {"resourceType": "OperationOutcome"}) if "Procedure?" in target else None
    text = str(pull(parts))
    identities = [*population.patients, *population.patients.values(), "IPP-TEST", "Zéphyrine", "IMAGINAIRE"]
    assert [each for each in identities if each in text] == []


def test_every_value_of_a_pulled_case_leads_to_the_answer_it_came_in(parts: Parts) -> None:
    pull(parts)
    with parts.store.reading() as connection:
        summary = listing.summaries(connection, listing.Filters(status="eligible"))[0]
    told = trace_case(parts, summary["case_id"])
    origins = {each["entry"]: each for each in told["origins"]}
    places = {each["source"].partition(".resource")[0] for each in told["trace"] if "Bundle.entry[" in each["source"]}
    assert places == set(origins) != set()
    for each in origins.values():
        request = each["request"]
        assert (request["outcome"], request["status"], len(request["digest"])) == ("ok", 200, 64)
        assert request["address"].startswith((f"{each['type']}?", f"{each['type']}/", "MedicationStatement?"))


def test_ledger_has_every_request_and_no_patient(parts: Parts, population: Population, server: FaultyServer) -> None:
    failing = iter([(503, {"resourceType": "OperationOutcome"})])
    server.fault = lambda target: next(failing, None) if target.startswith("Observation?") else None
    pull_id = start_pull(parts, "chu-imaginaire")
    report = run_pull(parts, pull_id, patience=HASTY)
    lines = read_ledger(parts, pull_id)
    assert len(lines) == report["asked"]["requests"] == len(server.asked)
    assert [each["outcome"] for each in lines].count("transient") == 1
    text = str([lines, read_pull(parts, pull_id)])
    ids = [each["id"] for type_ in ("Patient", "Medication") for each in server.resources_of(type_)]
    assert [each for each in [*ids, *population.patients, *population.patients.values()] if each in text] == []
    assert "code=M86.3" in text


def test_pull_that_ended_leaves_no_patient_behind(parts: Parts) -> None:
    pull(parts)
    with parts.store.reading() as connection:
        left = {name: connection.execute(sa.text(f"SELECT count(*) FROM {name}")).scalar() for name in STAGING}  # noqa: S608
        named = connection.execute(sa.text("SELECT count(*) FROM pull_units WHERE patients IS NOT NULL")).scalar()
    assert (left, named) == (dict.fromkeys(STAGING, 0), 0)


def test_case_pushed_to_a_hospital_comes_home_when_it_is_pulled(plain_parts: Parts) -> None:
    case = make_case(1)
    receive_case(plain_parts, dump_json(case), "by hand")
    empty = FhirServer()
    with serve_resources(empty) as base:
        there = replace(plain_parts, sources={"south": replace(resolve_source(base, {}), name="south")})
        sent = push(there, case["case_id"], "south")
        report = run_pull(there, start_pull(there, "south"), patience=HASTY)
    with plain_parts.store.reading() as connection:
        versions = cases.history(connection, case["case_id"])
    assert set(sent.statuses) == {"201 Created"}
    assert (report["eligible"], report["screened"], len(versions)) == (1, 1, 1)
