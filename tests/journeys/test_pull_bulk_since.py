"""Following a hospital by export: first what has changed, then those whom it concerns."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from adapter.bootstrap import open_parts
from adapter.config import load_settings
from adapter.errors import Json
from adapter.hospital import Patience, resolve_source
from adapter.hospital.bulk.request import Bulk
from adapter.hospital.matching import patient_of
from adapter.incremental import Memory
from adapter.parts import Knowledge, Parts
from adapter.pull import run_pull, start_pull
from adapter.store import cases
from adapter.synthetic.hospital import Population, make_population
from tests.bulk_answers import TIME
from tests.bulk_hospital import BulkHospital, run_bulk_hospital
from tests.sample_cases import make_case

HASTY = Patience(attempts=2, pause=lambda seconds: None)
NAME = "chu-imaginaire"


@pytest.fixture
def plain_parts(tmp_path: Path, knowledge: Knowledge) -> Iterator[Parts]:
    with open_parts(load_settings({"CRMO_DATA": str(tmp_path / "first")}), knowledge) as opened:
        yield opened


@pytest.fixture(scope="module")
def population(knowledge: Knowledge) -> Population:
    return make_population([make_case(number) for number in range(4)], knowledge.mappings, seed=3)


@contextmanager
def exporting(parts: Parts, hospital: BulkHospital) -> Iterator[Parts]:
    with run_bulk_hospital(hospital) as base:
        source = replace(resolve_source(base, {}), name=NAME, bulk=Bulk("group", "crmo"))
        yield replace(parts, sources={NAME: source})


def pull(parts: Parts, since: str = "all") -> Json:
    options = {} if since == "all" else {"since": since}
    return run_pull(parts, start_pull(parts, NAME, options), patience=HASTY)


def ours(population: Population) -> list[str]:
    known = {make_case(number)["case_id"] for number in range(4)}
    return sorted(each for each, origin in population.patients.items() if origin in known)


def without(population: Population, patient: str) -> list[Json]:
    return [each for each in population.resources if patient_of(each) != patient]


def stored(parts: Parts) -> list[Json]:
    with parts.store.reading() as connection:
        return [case for case, _ in cases.current(connection)]


def from_scratch(parts: Parts, hospital: BulkHospital, folder: Path) -> list[Json]:
    with (
        open_parts(load_settings({"CRMO_DATA": str(folder / "scratch")}), parts.knowledge) as opened,
        exporting(replace(opened, pseudonyms=parts.pseudonyms), BulkHospital(hospital.resources)) as fresh,
    ):
        pull(fresh)
        return stored(fresh)


def test_exports_only_those_whom_changes_concern(plain_parts: Parts, population: Population, tmp_path: Path) -> None:
    late, poorer, *_ = ours(population)
    hospital = BulkHospital(without(population, late))
    with exporting(plain_parts, hospital) as parts:
        pull(parts)
        mine = [each for each in population.resources if patient_of(each) == poorer]
        study = next(each for each in mine if each["resourceType"] == "Observation")
        hospital.resources = [each for each in population.resources if each is not study]
        hospital.changed = [each for each in population.resources if patient_of(each) == late]
        hospital.deleted = [f"Observation/{study['id']}"]
        report = pull(parts, "last")
        followed = stored(parts)
    assert (report["state"], report["screened"]) == ("complete", 2)
    full, changes, named = [each["asked"] for each in hospital.told.kickoffs]
    assert ("_since" in full, changes["_since"]) == (False, ["2026-01-05T07:50:00Z"])
    assert [each["valueReference"]["reference"] for each in named["parameter"] if each["name"] == "patient"] == [
        f"Patient/{each}" for each in sorted([late, poorer])
    ]
    assert followed == from_scratch(plain_parts, hospital, tmp_path)


def test_asks_for_nobody_when_nothing_has_changed(plain_parts: Parts, population: Population) -> None:
    hospital = BulkHospital(population.resources)
    with exporting(plain_parts, hospital) as parts:
        pull(parts)
        report = pull(parts, "last")
        reached = Memory(parts, NAME).reached()
    assert (report["state"], report["screened"], len(hospital.told.kickoffs)) == ("complete", 0, 2)
    assert reached
    assert reached.isoformat() == TIME.replace(".000", "")


def test_exports_everything_where_patients_cannot_be_named(
    plain_parts: Parts, population: Population, tmp_path: Path
) -> None:
    late = ours(population)[0]
    hospital = BulkHospital(without(population, late), "patients-not-named")
    with exporting(plain_parts, hospital) as parts:
        pull(parts)
        hospital.resources = population.resources
        hospital.changed = [each for each in population.resources if patient_of(each) == late]
        report = pull(parts, "last")
        assert report["state"] == "complete"
        assert stored(parts) == from_scratch(plain_parts, hospital, tmp_path)


def test_whoever_is_gone_is_withdrawn(plain_parts: Parts, population: Population) -> None:
    gone = ours(population)[0]
    hospital = BulkHospital(population.resources)
    with exporting(plain_parts, hospital) as parts:
        pull(parts)
        hospital.resources = without(population, gone)
        hospital.deleted = [f"Patient/{gone}"]
        report = pull(parts, "last")
        known = Memory(parts, NAME).find(gone)
    assert (report["state"], report["screened"], report["ineligible"]) == ("complete", 1, 1)
    assert known
    assert known.withdrawn == "deleted"


def test_unproven_export_takes_nobody_for_gone(plain_parts: Parts, population: Population) -> None:
    hospital = BulkHospital(population.resources)
    with exporting(plain_parts, hospital) as parts:
        pull(parts)
        before = stored(parts)
        hospital.fault, hospital.resources = "manifest-without-counts", without(population, ours(population)[0])
        assert pull(parts)["state"] == "partial"
        assert stored(parts) == before
