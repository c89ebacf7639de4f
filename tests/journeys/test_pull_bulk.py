"""Pulling a hospital that exports in bulk into a store: the same cases as by search, from one job."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from adapter.bootstrap import open_parts
from adapter.config import load_settings
from adapter.errors import DeclarationError, Json, RemoteError
from adapter.hospital import Patience, Search, load_sources, resolve_source
from adapter.hospital.bulk.request import Bulk
from adapter.hospital.opposition import Opposition
from adapter.parts import Knowledge, Parts
from adapter.pull import exit_code, run_pull, start_pull
from adapter.store import bulk, cases, exported, jobs, ledger
from adapter.synthetic.hospital import Population, make_population
from adapter.synthetic.server import FhirServer, serve_resources
from tests.bulk_hospital import BulkHospital, run_bulk_hospital
from tests.sample_cases import make_case

HASTY = Patience(attempts=2, pause=lambda seconds: None)


@pytest.fixture
def plain_parts(tmp_path: Path, knowledge: Knowledge) -> Iterator[Parts]:
    with open_parts(load_settings({"CRMO_DATA": str(tmp_path)}), knowledge) as opened:
        yield opened


@pytest.fixture
def population(plain_parts: Parts) -> Population:
    return make_population([make_case(number) for number in range(6)], plain_parts.knowledge.mappings, seed=3)


@contextmanager
def exporting(parts: Parts, hospital: BulkHospital, **more: Any) -> Iterator[Parts]:
    with run_bulk_hospital(hospital) as base:
        yield parts_at(parts, base, bulk=Bulk("group", "crmo"), **more)


def parts_at(parts: Parts, base: str, **more: Any) -> Parts:
    source = resolve_source(base, {})
    with_texts = (*source.candidates, Search("Condition", {"code": ("R69",)}))
    return replace(
        parts, sources={"chu-imaginaire": replace(source, name="chu-imaginaire", candidates=with_texts, **more)}
    )


def pull(parts: Parts, **more: Any) -> Json:
    return run_pull(parts, start_pull(parts, "chu-imaginaire"), patience=HASTY, **more)


def stored(parts: Parts) -> list[Json]:
    with parts.store.reading() as connection:
        return [case for case, _ in cases.current(connection)]


def test_brings_the_same_cases_as_the_search(
    plain_parts: Parts, population: Population, tmp_path: Path, knowledge: Knowledge
) -> None:
    with exporting(plain_parts, BulkHospital(population.resources)) as parts:
        report = pull(parts)
        exported = stored(parts)
    settings = load_settings({"CRMO_DATA": str(tmp_path / "searched")})
    with serve_resources(FhirServer(population.resources)) as base, open_parts(settings, knowledge) as opened:
        keyed = replace(opened, pseudonyms=plain_parts.pseudonyms)
        searched_report = pull(parts_at(keyed, base))
        searched = stored(keyed)
    counted = ("screened", "eligible", "undetermined", "ineligible", "quarantined", "failed")
    assert {name: report[name] for name in counted} == {name: searched_report[name] for name in counted}
    assert (report["state"], exit_code(report), len(exported)) == ("complete", 0, 19)
    assert exported == searched


def test_takes_the_job_away_and_keeps_no_line_when_all_is_proven(plain_parts: Parts, population: Population) -> None:
    hospital = BulkHospital(population.resources)
    with exporting(plain_parts, hospital) as parts:
        pull(parts)
    assert hospital.told.deleted == 1
    assert rows_left(plain_parts) == 0


def rows_left(parts: Parts) -> int:
    tables = (bulk.EXPORTS, bulk.FILES, bulk.BATCHES, exported.RESOURCES, exported.PATIENTS)
    with parts.store.reading() as connection:
        return sum(connection.scalar(sa.select(sa.func.count()).select_from(table)) or 0 for table in tables)


def test_judges_nobody_while_a_file_is_missing(plain_parts: Parts, population: Population) -> None:
    hospital = BulkHospital(population.resources, "file-short")
    with exporting(plain_parts, hospital) as parts:
        report = pull(parts)
    assert (report["state"], exit_code(report), report["eligible"]) == ("partial", 5, 0)
    assert report["screened"] == report["failed"] > 0
    assert any("the manifest counts" in each["problem"] for each in report["missing"])
    assert (hospital.told.deleted, stored(plain_parts)) == (0, [])


def test_is_loud_about_what_the_server_could_not_export_and_judges_the_rest(
    plain_parts: Parts, population: Population
) -> None:
    hospital = BulkHospital(population.resources, "manifest-errors")
    with exporting(plain_parts, hospital) as parts:
        report = pull(parts)
    assert (report["eligible"], exit_code(report), hospital.told.deleted) == (6, 5, 0)
    assert any("2 × exception" in each["problem"] for each in report["missing"])


def test_manifest_without_counts_is_proven_by_the_servers_own(plain_parts: Parts, population: Population) -> None:
    """Of the Group's members the server counts every type, so the job may be taken away."""
    hospital = BulkHospital(population.resources, "manifest-without-counts")
    patients = [each["id"] for each in population.resources if each["resourceType"] == "Patient"]
    members = [{"entity": {"reference": f"Patient/{each}"}} for each in patients]
    group = {"resourceType": "Group", "id": "crmo", "type": "person", "actual": True, "member": members}
    hospital.searched = FhirServer([*population.resources, group])
    with exporting(plain_parts, hospital) as parts:
        report = pull(parts)
    assert (report["state"], exit_code(report), report["missing"], hospital.told.deleted) == ("complete", 0, [], 1)


def test_says_that_a_manifest_without_counts_proves_nothing(plain_parts: Parts, population: Population) -> None:
    hospital = BulkHospital(population.resources, "manifest-without-counts")
    with exporting(plain_parts, hospital) as parts:
        report = pull(parts)
    assert (report["eligible"], exit_code(report), hospital.told.deleted) == (6, 5, 0)
    assert all("proves nothing" in each["problem"] for each in report["missing"])


def test_refused_export_ends_the_pull(plain_parts: Parts, population: Population) -> None:
    with exporting(plain_parts, BulkHospital(population.resources, "kickoff-400")) as parts:
        pull_id = start_pull(parts, "chu-imaginaire")
        with pytest.raises(RemoteError, match="400"):
            run_pull(parts, pull_id, patience=HASTY)
        with parts.store.reading() as connection:
            assert jobs.find(connection, pull_id).state == "failed"


def test_whoever_objects_is_counted_and_not_kept(plain_parts: Parts, population: Population) -> None:
    label = {"system": "urn:chu", "code": "no-research"}
    resources = [
        {**each, "meta": {"security": [label]}} if each["resourceType"] == "Patient" else each
        for each in population.resources
    ]
    opposition = Opposition(labels=("urn:chu|no-research",))
    with exporting(plain_parts, BulkHospital(resources), opposition=opposition) as parts:
        report = pull(parts)
    assert (report["opposed"], report["screened"], stored(plain_parts)) == (report["screened"], report["opposed"], [])


def test_every_request_is_in_the_ledger_and_no_file_address(plain_parts: Parts, population: Population) -> None:
    hospital = BulkHospital(population.resources, "file-500")
    with exporting(plain_parts, hospital) as parts:
        pull_id = start_pull(parts, "chu-imaginaire")
        run_pull(parts, pull_id, patience=HASTY)
        with parts.store.reading() as connection:
            lines = ledger.lines(connection, pull_id)
    assert len(lines) == len(hospital.told.requests)
    assert [each.request.status for each in lines if each.request.outcome == "transient"] == [500]


@pytest.mark.parametrize(
    ("declared", "place"),
    [
        ("{level: group}", "group"),
        ("{level: system, group: g1}", "bulk"),
        ("{level: ward}", "level"),
        ("{level: system, type_filters: ['Condition?_include=Condition:subject']}", "type_filters"),
        ("{level: system, version: 9}", "version"),
    ],
)
def test_declaration_of_an_export_is_proven(declared: str, place: str, tmp_path: Path) -> None:
    file = tmp_path / "chu.yaml"
    file.write_text(f"source: chu\nbase: https://chu.example/fhir\nbulk: {declared}\n")
    with pytest.raises(DeclarationError, match=r"chu.yaml:3:\d+"):
        load_sources(tmp_path)


def test_source_says_how_it_exports(tmp_path: Path) -> None:
    file = tmp_path / "chu.yaml"
    file.write_text("source: chu\nbase: https://chu.example/fhir\nbulk: {level: group, group: g1, version: 3}\n")
    assert load_sources(tmp_path)["chu"].bulk == Bulk("group", "g1", 3)
