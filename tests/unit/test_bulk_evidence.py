"""Exports whose manifest tells no counts: what else proves them, and what does not."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from adapter.bulk import Exported, collect_exported, find_exported, run_export
from adapter.errors import Json, RemoteError
from adapter.hospital.bulk.request import Bulk
from tests.bulk_hospital import BulkHospital, run_bulk_hospital
from tests.unit.test_bulk_faults import PATIENTS, desk_at, records

PEOPLE = [f"p{number}" for number in range(PATIENTS)]
TYPES = ("Patient", "Condition", "Observation", "MedicationStatement")


@pytest.fixture
def pauses() -> list[float]:
    return []


class Counter:
    """Counts as a server does, and remembers what it was asked."""

    def __init__(self, held: Sequence[Json]) -> None:
        self.held, self.asked = held, list[tuple[str, Mapping[str, Sequence[str]]]]()

    def __call__(self, type_: str, asked: Mapping[str, Sequence[str]]) -> int | None:
        self.asked.append((type_, asked))
        about = {f"Patient/{each}" for each in asked.get("patient", ())}
        named = set(asked.get("_id", ()))
        return sum(
            each["resourceType"] == type_
            and (not about or each["subject"]["reference"] in about)
            and (not named or each["id"] in named)
            for each in self.held
        )


def export(
    folder: Path, pauses: list[float], level: Bulk, hospital: BulkHospital | None = None, **more: Any
) -> Exported:
    hospital = hospital or BulkHospital(records(), "manifest-without-counts")
    with run_bulk_hospital(hospital) as base, desk_at(base, folder, pauses, **more) as desk:
        desk.bulk = level
        return run_export(desk)


def proofs(exported: Exported) -> dict[str, str]:
    return {unit["type"]: unit.get("proof", "") for unit in exported.units if unit["type"] in TYPES}


@pytest.mark.parametrize("level", [Bulk("system"), Bulk("patient"), Bulk("group", "crmo")])
def test_export_of_all_that_the_server_holds_is_proven_by_its_counts(
    level: Bulk, tmp_path: Path, pauses: list[float]
) -> None:
    exported = export(tmp_path, pauses, level, count=Counter(records()))
    assert proofs(exported) == dict.fromkeys(TYPES, "count")
    assert (exported.missing, exported.proven) == ([], True)


def test_export_of_a_group_is_proven_by_counting_its_members(tmp_path: Path, pauses: list[float]) -> None:
    """The server holds more than the Group: counted over everybody, nothing would be proven."""
    strangers = [{**each, "id": f"x-{each['id']}", "subject": {"reference": "Patient/x"}} for each in records()]
    counter = Counter([*records(), *strangers])
    exported = export(tmp_path, pauses, Bulk("group", "crmo"), count=counter, members=lambda: PEOPLE)
    assert (proofs(exported), exported.proven) == (dict.fromkeys(TYPES, "count"), True)
    assert ("Condition", {"patient": PEOPLE}) in counter.asked
    assert ("Patient", {"_id": PEOPLE}) in counter.asked


def test_export_that_lost_something_is_not_proven(tmp_path: Path, pauses: list[float]) -> None:
    more = [*records(), {**records()[1], "id": "c-lost"}]
    for level in (Bulk("system"), Bulk("patient"), Bulk("group", "crmo")):
        exported = export(tmp_path / level.level, pauses, level, count=Counter(more), members=lambda: PEOPLE)
        assert proofs(exported) == {**dict.fromkeys(TYPES, "count"), "Condition": ""}
        assert not exported.proven
        assert "25" in exported.missing[0]["problem"]


@pytest.mark.parametrize(
    "count",
    [lambda type_, asked: None, lambda type_, asked: 0, lambda type_, asked: 10_000],
    ids=["does not count", "does not know the parameter", "ignores the parameter"],
)
def test_server_that_cannot_count_a_group_proves_nothing(
    count: Callable[[str, Any], int | None], tmp_path: Path, pauses: list[float]
) -> None:
    exported = export(tmp_path, pauses, Bulk("group", "crmo"), count=count, members=lambda: PEOPLE)
    assert proofs(exported) == dict.fromkeys(TYPES, "")
    assert (exported.whole, exported.proven, len(exported.missing)) == (True, False, len(TYPES))


def test_filters_of_the_export_are_counted_too(tmp_path: Path, pauses: list[float]) -> None:
    counter = Counter(records())
    export(
        tmp_path,
        pauses,
        Bulk(type_filters=("Condition?code=M86.3,M86", "Observation?category=laboratory")),
        count=counter,
    )
    assert ("Condition", {"code": ["M86.3,M86"]}) in counter.asked
    assert ("Patient", {}) in counter.asked


def test_more_patients_than_can_be_counted_in_lists_are_told(tmp_path: Path, pauses: list[float]) -> None:
    counter = Counter(records())
    members = [f"m{number}" for number in range(20_000)]
    exported = export(tmp_path, pauses, Bulk("group", "crmo"), count=counter, members=lambda: members)
    assert counter.asked == []
    assert "too many" in exported.missing[0]["problem"]


def test_type_that_the_manifest_leaves_out_is_missed_when_the_server_counts_some(
    tmp_path: Path, pauses: list[float]
) -> None:
    """Else a child without a single Observation file would look like one who was never bled."""
    held = records()
    hospital = BulkHospital([each for each in held if each["resourceType"] != "Observation"])
    exported = export(tmp_path, pauses, Bulk(), hospital, count=Counter(held))
    assert (exported.whole, exported.proven) == (False, False)
    assert exported.missing == [
        {"what": "export file(s) of Observation", "problem": "the manifest lists no file, and the server counts 60"}
    ]


def test_drug_that_the_export_leaves_out_is_read(tmp_path: Path, pauses: list[float]) -> None:
    hospital = BulkHospital([each for each in records() if each["resourceType"] != "Medication"])
    drugs = {each["id"]: each for each in records() if each["resourceType"] == "Medication"}
    with (
        run_bulk_hospital(hospital) as base,
        desk_at(base, tmp_path, pauses, read=lambda type_, id_: drugs.get(id_)) as desk,
    ):
        run_export(desk)
        collected = {patient: collect_exported(desk, patient) for patient in find_exported(desk)}
    assert ("Medication", "m0") in collected["p0"].resources
    assert ("Medication", "m1") in collected["p3"].resources


def test_patient_whose_drug_cannot_be_had_is_not_handed_over(tmp_path: Path, pauses: list[float]) -> None:
    hospital = BulkHospital([each for each in records() if each["resourceType"] != "Medication"])

    def refuse(type_: str, id_: str) -> Json | None:
        raise RemoteError("answered 403 to read Medication", "hospital", 403)

    with run_bulk_hospital(hospital) as base, desk_at(base, tmp_path, pauses, read=refuse) as desk:
        run_export(desk)
        collected = collect_exported(desk, "p0")
    assert (collected.resources, "403" in collected.problem) == ({}, True)


def test_drug_that_is_nowhere_is_data(tmp_path: Path, pauses: list[float]) -> None:
    hospital = BulkHospital([each for each in records() if each["resourceType"] != "Medication"])
    with run_bulk_hospital(hospital) as base, desk_at(base, tmp_path, pauses) as desk:
        run_export(desk)
        collected = collect_exported(desk, "p0")
    assert (collected.problem, ("Medication", "m0") in collected.resources) == ("", False)
