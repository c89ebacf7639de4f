"""Following a hospital that moves: what was created, changed, deleted, merged is found, and little else is asked."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from adapter.bootstrap import open_parts
from adapter.cli import main
from adapter.config import load_settings
from adapter.errors import Json, UsageError
from adapter.hospital import Patience, resolve_source
from adapter.hospital.matching import patient_of
from adapter.incremental import Memory
from adapter.incremental.since import OVERLAP, begin_at, parse_since
from adapter.parts import Knowledge, Parts
from adapter.pull import run_pull, start_pull
from adapter.store import cases, findings, keeping, known
from adapter.synthetic.hospital import Population, make_population
from adapter.synthetic.server import serve_resources
from tests.moving_hospital import LONG_AGO, MovingHospital
from tests.sample_cases import make_case

HASTY = Patience(attempts=2, pause=lambda seconds: None)
NAME = "chu-imaginaire"
CASES = {make_case(number)["case_id"] for number in range(7)}
TWIN = "twin"
# How a server can fail to say what has changed.
DUMB = [
    {"history": False},
    {"history": "empty"},
    {"last_updated": "ignored"},
    {"last_updated": "zero"},
    {"last_updated": "refused"},
]


@pytest.fixture
def plain_parts(tmp_path: Path, knowledge: Knowledge) -> Iterator[Parts]:
    with open_parts(load_settings({"CRMO_DATA": str(tmp_path)}), knowledge) as opened:
        yield opened


@pytest.fixture(scope="module")
def populations(knowledge: Knowledge) -> tuple[Population, Population]:
    """Who is there in the beginning, and who comes later."""
    everybody = make_population([make_case(number) for number in range(7)], knowledge.mappings, seed=3)
    late = {each for each in everybody.patients if each in ours(everybody)[5:]}
    strangers = sorted(set(everybody.patients) - set(ours(everybody)))[2:]  # two are enough here
    split: tuple[Population, Population] = Population([]), Population([])
    for resource in everybody.resources:
        if patient_of(resource) not in strangers:
            split[patient_of(resource) in late].resources.append(resource)
    for patient, origin in everybody.patients.items():
        if patient not in strangers:
            split[patient in late].patients[patient] = origin
    split[0].resources.extend(twin_of(ours(split[0])[3], everybody.resources))
    return split


def twin_of(patient: str, resources: list[Json]) -> Iterator[Json]:
    """The same child, admitted once more under another number."""
    for resource in resources:
        if resource["resourceType"] == "Patient" and resource["id"] == patient:
            yield {**resource, "id": TWIN, "identifier": [{"system": "urn:chu:ipp", "value": "twin-1"}]}
        elif resource["resourceType"] == "Condition" and patient_of(resource) == patient:
            yield {**resource, "id": f"twin-{resource['id']}", "subject": {"reference": f"Patient/{TWIN}"}}


@contextmanager
def serving(parts: Parts, hospital: MovingHospital) -> Iterator[Parts]:
    with serve_resources(hospital) as base:
        yield replace(parts, sources={NAME: replace(resolve_source(base, {}), name=NAME)})


def pull(parts: Parts, since: str = "all") -> Json:
    return run_pull(parts, start_pull(parts, NAME, {"since": since}), patience=HASTY)


def stored(parts: Parts) -> dict[str, Json]:
    """Cases that stand, without those that were withdrawn."""
    with parts.store.reading() as connection:
        found = [case for case, _ in cases.current(connection)]
    return {case["case_id"]: case for case in found if case["diagnosis"].get("certainty") != "entered-in-error"}


def from_scratch(parts: Parts, folder: Path) -> dict[str, Json]:
    """What a new registry with the same key would hold."""
    with open_parts(load_settings({"CRMO_DATA": str(folder)}), parts.knowledge) as opened:
        fresh = replace(opened, pseudonyms=parts.pseudonyms, sources=parts.sources)
        assert pull(fresh)["state"] == "complete"
        return stored(fresh)


def ours(population: Population) -> list[str]:
    """Ids of the patients who really have the disease."""
    return sorted(each for each, origin in population.patients.items() if origin in CASES)


def move(hospital: MovingHospital, populations: tuple[Population, Population]) -> None:
    """A day in a hospital: somebody new, a change, a result less, a record gone, two patients who were one."""
    first, later = populations
    changed, poorer, gone, staying = ours(first)[:4]
    for resource in later.resources:
        hospital.put(resource)
    condition = next(each for each in hospital.about(changed) if each["resourceType"] == "Condition")
    hospital.put({**condition, "onsetDateTime": "2016-05"})
    study = next(each for each in hospital.about(poorer) if each["resourceType"] in ("ImagingStudy", "Observation"))
    hospital.delete(study["resourceType"], study["id"])
    hospital.delete_patient(gone)
    hospital.merge(TWIN, staying)


def test_finds_every_change_of_a_day(
    plain_parts: Parts, populations: tuple[Population, Population], tmp_path: Path
) -> None:
    hospital = MovingHospital(populations[0].resources)
    with serving(plain_parts, hospital) as parts:
        pull(parts)
        before = stored(parts)
        move(hospital, populations)
        report = pull(parts, "last")
        after = stored(parts)
        assert after == from_scratch(parts, tmp_path / "scratch")
    assert report["state"] == "complete"
    assert len(before.keys() - after.keys()) == 2
    assert len(after.keys() - before.keys()) == 2


@pytest.mark.parametrize("dumb", DUMB, ids=str)
def test_finds_every_change_where_the_server_cannot_tell(
    dumb: Json, plain_parts: Parts, populations: tuple[Population, Population], tmp_path: Path
) -> None:
    hospital = MovingHospital(populations[0].resources, **dumb)
    with serving(plain_parts, hospital) as parts:
        pull(parts)
        move(hospital, populations)
        report = pull(parts, "last")
        assert stored(parts) == from_scratch(parts, tmp_path / "scratch")
    assert report["state"] == "complete"
    assert [issue["rule"] for issue in report["issues"]] == ["pull:everybody-asked"]


def test_collects_nobody_when_nothing_has_changed(
    plain_parts: Parts, populations: tuple[Population, Population]
) -> None:
    hospital = MovingHospital(populations[0].resources)
    with serving(plain_parts, hospital) as parts:
        pull(parts)
        hospital.asked.clear()
        report = pull(parts, "last")
    assert (report["state"], report["screened"]) == ("complete", 0)
    assert not [asked for asked in hospital.asked if "patient=" in asked]


def test_asks_only_for_those_who_changed(plain_parts: Parts, populations: tuple[Population, Population]) -> None:
    hospital = MovingHospital(populations[0].resources)
    someone = ours(populations[0])[0]
    with serving(plain_parts, hospital) as parts:
        pull(parts)
        hospital.put(next(each for each in hospital.about(someone) if each["resourceType"] == "Condition"))
        hospital.asked.clear()
        report = pull(parts, "last")
    assert report["screened"] == 1
    assert {asked.partition("patient=")[2].partition("&")[0] for asked in hospital.asked if "patient=" in asked} == {
        someone
    }


def test_overlap_brings_nothing_twice(plain_parts: Parts, populations: tuple[Population, Population]) -> None:
    """What changed within the overlap comes again in the answers, in the version that is known."""
    hospital = MovingHospital(populations[0].resources)
    with serving(plain_parts, hospital) as parts:
        pull(parts)
        move(hospital, populations)
        pull(parts, "last")
        assert pull(parts, "last")["screened"] == 0


def withdrawn_case(parts: Parts, population: Population, hospital: MovingHospital) -> tuple[str, list[cases.Version]]:
    someone = ours(population)[0]
    before = Memory(parts, NAME).find(someone)
    assert before
    assert before.case_id
    hospital.delete_patient(someone)
    pull(parts, "last")
    with parts.store.reading() as connection:
        return before.case_id, cases.history(connection, before.case_id)


def test_deleted_record_makes_a_version_that_says_so(
    plain_parts: Parts, populations: tuple[Population, Population]
) -> None:
    hospital = MovingHospital(populations[0].resources)
    with serving(plain_parts, hospital) as parts:
        pull(parts)
        _, [first, last] = withdrawn_case(parts, populations[0], hospital)
        with parts.store.reading() as connection:
            told = [issue.rule for issue in findings.issues_of(connection, last.inbox_id)]
    assert [(each.decision or {})["status"] for each in (first, last)] == ["eligible", "ineligible"]
    assert last.case["patient"] == first.case["patient"]
    assert (last.case["diagnosis"]["certainty"], last.case.keys() & {"imaging_studies", "treatments"}) == (
        "entered-in-error",
        set(),
    )
    assert told == ["pull:deleted"]


def test_record_that_comes_back_makes_the_next_version(
    plain_parts: Parts, populations: tuple[Population, Population]
) -> None:
    hospital = MovingHospital(populations[0].resources)
    with serving(plain_parts, hospital) as parts:
        pull(parts)
        case_id, [first, _] = withdrawn_case(parts, populations[0], hospital)
        for resource in populations[0].resources:
            hospital.put(resource)
        pull(parts, "last")
        with parts.store.reading() as connection:
            last = cases.read(connection, case_id)
    assert (last.version, last.case) == (3, first.case)


def test_full_pull_notices_who_is_gone_too(plain_parts: Parts, populations: tuple[Population, Population]) -> None:
    hospital = MovingHospital(populations[0].resources)
    with serving(plain_parts, hospital) as parts:
        pull(parts)
        hospital.delete_patient(ours(populations[0])[0])
        report = pull(parts)
        assert report["state"] == "complete"
        assert len(stored(parts)) == report["screened"] - report["quarantined"] - 1


def test_merged_patient_is_one_case(plain_parts: Parts, populations: tuple[Population, Population]) -> None:
    hospital = MovingHospital(populations[0].resources)
    replaced, staying = TWIN, ours(populations[0])[3]
    with serving(plain_parts, hospital) as parts:
        pull(parts)
        hospital.merge(replaced, staying)
        pull(parts, "last")
        memory = Memory(parts, NAME)
        gone, here = memory.find(replaced), memory.find(staying)
    assert gone
    assert here
    assert (gone.withdrawn, here.withdrawn) == ("merged", "")


def test_silent_server_has_not_said_that_anybody_is_gone(
    plain_parts: Parts, populations: tuple[Population, Population]
) -> None:
    hospital = MovingHospital(populations[0].resources)
    with serving(plain_parts, hospital) as parts:
        pull(parts)
        before = stored(parts)
        answer = hospital.answer
        broken = (503, {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "transient"}]})
        hospital.answer = lambda *asked: broken if "Patient" in asked[2] else answer(*asked)  # type: ignore[method-assign]
        report = pull(parts)
        assert (report["state"], stored(parts)) == ("partial", before)


def test_pull_in_part_does_not_move_the_time_reached(
    plain_parts: Parts, populations: tuple[Population, Population]
) -> None:
    hospital = MovingHospital(populations[0].resources)
    with serving(plain_parts, hospital) as parts:
        pull(parts)
        # A server tells its time in seconds, and two pulls can be done in one.
        with parts.store.writing() as connection:
            known.reach(connection, NAME, LONG_AGO, "of another day")
        reached = Memory(parts, NAME).reached()
        answer = hospital.answer
        broken = (500, {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "exception"}]})
        hospital.answer = lambda *asked: broken if asked[2].startswith("Observation") else answer(*asked)  # type: ignore[method-assign]
        move(hospital, populations)
        assert pull(parts, "last")["state"] == "partial"
        assert Memory(parts, NAME).reached() == reached
        hospital.answer = answer  # type: ignore[method-assign]
        assert pull(parts, "last")["state"] == "complete"
        assert Memory(parts, NAME).reached() != reached


def test_nothing_readable_is_remembered(plain_parts: Parts, populations: tuple[Population, Population]) -> None:
    hospital = MovingHospital(populations[0].resources)
    with serving(plain_parts, hospital) as parts:
        pull(parts)
        with parts.store.reading() as connection:
            tables = (known.PATIENTS, known.RESOURCES, known.SOURCES)
            kept = " ".join(str(row) for table in tables for row in connection.execute(table.select()))
    assert not [each["id"] for each in populations[0].resources if each["id"] in kept]


def test_erased_case_is_not_remembered(plain_parts: Parts, populations: tuple[Population, Population]) -> None:
    hospital = MovingHospital(populations[0].resources)
    with serving(plain_parts, hospital) as parts:
        pull(parts)
        memory, someone = Memory(parts, NAME), ours(populations[0])[0]
        before = memory.find(someone)
        assert before
        assert before.case_id
        with parts.store.writing() as connection:
            keeping.erase(connection, before.case_id, parts.clock())
        assert memory.find(someone) is None


def test_time_reached_is_the_servers_and_the_next_pull_overlaps_it() -> None:
    assert begin_at("last", None) is None
    assert begin_at("all", LONG_AGO) is None
    assert begin_at("last", LONG_AGO) == (LONG_AGO - OVERLAP).isoformat(timespec="seconds").replace("+00:00", "Z")
    assert timedelta(minutes=10) == OVERLAP


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("last", "last"),
        ("all", "all"),
        ("2026-11-23", "2026-11-23T00:00:00+00:00"),
        ("2026-11-23T08:00:00+01:00", "2026-11-23T07:00:00+00:00"),
    ],
)
def test_since_is_read(text: str, read: str) -> None:
    assert parse_since(text) == read


@pytest.mark.parametrize("text", ["", "yesterday", "2026-02-30", "23/11/2026"])
def test_since_that_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        parse_since(text)


def test_command_says_since_when(
    plain_parts: Parts, populations: tuple[Population, Population], tmp_path: Path
) -> None:
    hospital = MovingHospital(populations[0].resources)
    with serve_resources(hospital) as base:
        for since, patients in (("all", 8), ("last", 0), ("2020-01-01", 0)):
            command = ["--data", str(tmp_path / "by-command"), "pull", base, "--since", since, "--json"]
            done = CliRunner().invoke(main, command)
            assert (done.exit_code, json.loads(done.stdout)["screened"]) == (0, patients)


def test_command_refuses_a_since_that_is_no_time(tmp_path: Path) -> None:
    done = CliRunner().invoke(main, ["--data", str(tmp_path), "pull", "http://127.0.0.1:9/fhir", "--since", "soon"])
    assert (done.exit_code, "last" in done.stderr) == (2, True)
