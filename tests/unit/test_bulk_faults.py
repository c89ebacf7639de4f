"""Every fault of the bulk hospital, by name: exact where it can be, loud where it cannot, silent never."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from adapter.bulk import Desk, Exported, collect_exported, end_export, find_exported, run_export
from adapter.errors import Json, RemoteError
from adapter.hospital import Patience, Search, Source, load_sources
from adapter.hospital.bulk.request import Bulk
from adapter.hospital.session import open_session
from adapter.sealing import load_seals
from adapter.store import bulk, open_store
from tests.bulk_answers import EXACT, LOUD
from tests.bulk_hospital import BulkHospital, run_bulk_hospital
from tests.scripted_hospital import NOW

PATIENTS = 12
OURS = {f"p{number}" for number in range(0, PATIENTS, 3)}
DECLARED = """
source: chu-imaginaire
base: {base}
authentication: {{type: bearer, token: {{variable: TOKEN}}}}
allow_plain_http: true
addresses: {{without_credentials: [{elsewhere}]}}
"""


def records() -> list[Json]:
    """Twelve patients; every third has our disease. Their drugs are shared."""
    made: list[Json] = []
    for number in range(PATIENTS):
        about = {"subject": {"reference": f"Patient/p{number}"}}
        code = "M86.3" if f"p{number}" in OURS else "E11.9"
        made.append({"resourceType": "Patient", "id": f"p{number}", "active": True})
        made += [
            {"resourceType": "Condition", "id": f"c{number}-{turn}", **about, "code": _code(code if turn else "J45.9"),
             "clinicalStatus": {"coding": [{"code": "active"}]}}
            for turn in range(2)
        ]  # fmt: skip
        made += [_observation(number, turn, about) for turn in range(5)]
        drug = {"medicationReference": {"reference": f"Medication/m{number % 2}"}}
        made.append({"resourceType": "MedicationStatement", "id": f"s{number}", "status": "active", **about, **drug})
    made += [{"resourceType": "Medication", "id": f"m{number}"} for number in range(3)]
    return made


def _code(code: str) -> Json:
    return {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10", "code": code}]}


def _observation(number: int, turn: int, about: Json) -> Json:
    value = {"valueQuantity": {"value": 1.5, "unit": "mg/L"}}
    return {"resourceType": "Observation", "id": f"o{number}-{turn}", "status": "final", **about, **value}


def truth(patient: str) -> set[tuple[str, str]]:
    number = int(patient[1:])
    ours = [(each["resourceType"], each["id"]) for each in records()]
    mine = {key for key in ours if key[1] in (patient, f"s{number}") or key[1][1:].startswith(f"{number}-")}
    return mine | {("Medication", f"m{number % 2}")}


@pytest.fixture
def hospital() -> BulkHospital:
    return BulkHospital(records())


@pytest.fixture
def pauses() -> list[float]:
    return []


@contextmanager
def desk_at(base: str, folder: Path, pauses: list[float], elsewhere: str = "", **more: Any) -> Iterator[Desk]:
    source = declared(base, folder, elsewhere)
    patience = Patience(attempts=4, pause=pauses.append, chance=lambda low, high: high, now=lambda: NOW)
    store = open_store(f"sqlite:///{folder / 'registry.db'}")
    try:
        with open_session(source, lambda name: "secret-token", patience) as session:
            yield Desk(store, load_seals(folder / "seal.json"), source, session, patience, "pull-1", lambda: NOW,
                       bulk=Bulk("group", "crmo"), batch_bytes=900, **more)  # fmt: skip
    finally:
        store.close()


def declared(base: str, folder: Path, elsewhere: str) -> Source:
    file = folder / "sources" / "chu.yaml"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(DECLARED.format(base=base, elsewhere=elsewhere or "http://127.0.0.1:9/nowhere"))
    source = load_sources(file.parent)["chu-imaginaire"]
    return replace(source, candidates=(Search("Condition", {"code": ("M86.3", "M863")}),))


def handed_over(desk: Desk) -> dict[str, set[tuple[str, str]]]:
    return {patient: set(collect_exported(desk, patient).resources) for patient in find_exported(desk)}


def exported_from(hospital: BulkHospital, folder: Path, pauses: list[float]) -> tuple[Exported, dict[str, Any]]:
    with (
        run_bulk_hospital(hospital) as base,
        desk_at(base, folder, pauses, hospital.elsewhere if "without-token" in hospital.fault else "") as desk,
    ):
        exported = run_export(desk)
        brought = handed_over(desk) if exported.whole else {}
        end_export(desk, exported)
        with desk.store.reading() as connection:
            assert bulk.find(connection, "pull-1") is None
        return exported, brought


@pytest.mark.parametrize("fault", EXACT)
def test_export_is_exact_in_spite_of(fault: str, tmp_path: Path, pauses: list[float]) -> None:
    hospital = BulkHospital([*records(), *strangers(fault)], fault)
    exported, brought = exported_from(hospital, tmp_path, pauses)
    assert exported.missing == []
    assert brought == {patient: truth(patient) for patient in OURS}
    assert hospital.told.deleted == (0 if fault == "delete-unknown" else 1)


def strangers(fault: str) -> list[Json]:
    about = {"subject": {"reference": "Patient/p0"}}
    return [{"resourceType": "Encounter", "id": "e1", **about}] if fault == "types-not-asked" else []


@pytest.mark.parametrize("fault", LOUD)
def test_export_is_loud_and_leaves_the_files_where_they_are_after(
    fault: str, tmp_path: Path, pauses: list[float]
) -> None:
    hospital = BulkHospital(records(), fault)
    try:
        exported, _ = exported_from(hospital, tmp_path, pauses)
    except RemoteError as error:
        told = str(error)
    else:
        told = " ".join(f"{each['what']}: {each['problem']}" for each in exported.missing)
    assert told
    assert "secret-token" not in told
    assert hospital.told.deleted == 0


def test_each_fault_shows_when_nobody_looks_for_it() -> None:
    """A fault that changes no byte would prove nothing: each differs from the clean hospital in an answer."""
    assert len({*EXACT, *LOUD}) == len(EXACT) + len(LOUD) >= 40


@pytest.mark.parametrize(
    ("fault", "asked"), [("poll-retry-after-seconds", 13.0), ("poll-retry-after-date", 17.0), ("file-429", 5.0)]
)
def test_waits_as_long_as_the_server_asks(fault: str, asked: float, tmp_path: Path, pauses: list[float]) -> None:
    exported_from(BulkHospital(records(), fault), tmp_path, pauses)
    assert asked in pauses


def test_wait_of_hours_is_cut_to_one_in_pieces(tmp_path: Path, pauses: list[float]) -> None:
    """Whoever cancels the pull meanwhile is heard after a piece."""
    exported_from(BulkHospital(records(), "poll-retry-after-hours"), tmp_path, pauses)
    assert (sum(pauses), max(pauses)) == (3600.0, 30.0)


def test_goes_on_within_a_file_when_the_server_can(tmp_path: Path, pauses: list[float]) -> None:
    hospital = BulkHospital(records(), "file-range")
    exported_from(hospital, tmp_path, pauses)
    assert [asked.startswith("bytes=") and asked != "bytes=0-" for asked in hospital.told.ranges] == [True]


def test_token_goes_to_no_other_origin(tmp_path: Path, pauses: list[float]) -> None:
    for fault in ("other-origin", "other-origin-without-token"):
        hospital = BulkHospital(records(), fault)
        exported_from(hospital, tmp_path, pauses)
        away = hospital.elsewhere.removeprefix("http://").partition("/")[0]
        seen = {token for place, token in hospital.told.tokens.items() if place.startswith(away)}
        assert seen == (set() if fault == "other-origin" else {None})
        (tmp_path / "registry.db").unlink()


def test_kick_off_says_what_the_source_declares(hospital: BulkHospital, tmp_path: Path, pauses: list[float]) -> None:
    exported_from(hospital, tmp_path, pauses)
    [kickoff] = hospital.told.kickoffs
    types = "Patient,Condition,ImagingStudy,MedicationStatement,Observation,Procedure,Medication"
    assert kickoff == {
        "path": "/fhir/Group/crmo/$export",
        "prefer": "respond-async",
        "asked": {"_outputFormat": ["application/fhir+ndjson"], "_type": [types]},
    }


def test_patients_are_named_in_a_post(hospital: BulkHospital, tmp_path: Path, pauses: list[float]) -> None:
    with run_bulk_hospital(hospital) as base, desk_at(base, tmp_path, pauses, only=("p0", "p3")) as desk:
        desk.bulk = Bulk(version=3)
        run_export(desk)
    [kickoff] = hospital.told.kickoffs
    parameters = kickoff["asked"]["parameter"]
    assert kickoff["path"] == "/fhir/Patient/$export"
    assert [each["valueString"] for each in parameters if each["name"] == "_type"][:2] == ["Patient", "Condition"]
    assert [each["valueReference"] for each in parameters if each["name"] == "patient"] == [
        {"reference": "Patient/p0"},
        {"reference": "Patient/p3"},
    ]


def test_export_without_counts_is_proven_by_the_servers_own_count(tmp_path: Path, pauses: list[float]) -> None:
    hospital = BulkHospital(records(), "manifest-without-counts")
    held = {type_: sum(each["resourceType"] == type_ for each in records()) for type_ in ("Patient", "Condition")}
    with (
        run_bulk_hospital(hospital) as base,
        desk_at(base, tmp_path, pauses, count=lambda type_, asked: held.get(type_)) as desk,
    ):
        desk.bulk = Bulk()
        exported = run_export(desk)
        end_export(desk, exported)
    proofs = {unit["type"]: unit.get("proof", "") for unit in exported.units}
    assert proofs == {
        "Patient": "count",
        "Condition": "count",
        "Observation": "",
        "MedicationStatement": "",
        "Medication": "references",
    }
    assert (exported.whole, exported.proven, hospital.told.deleted) == (True, False, 0)


def test_what_a_merged_patient_left_behind_goes_to_the_one_who_stays(tmp_path: Path, pauses: list[float]) -> None:
    merged = [
        {**each, "link": [{"other": {"reference": "Patient/p1"}, "type": "replaced-by"}]}
        if each["id"] == "p0"
        else each
        for each in records()
    ]
    with run_bulk_hospital(BulkHospital(merged)) as base, desk_at(base, tmp_path, pauses) as desk:
        run_export(desk)
        collected = collect_exported(desk, "p1").resources
        assert list(find_exported(desk)) == ["p1", "p3", "p6", "p9"]
    assert set(collected) == (truth("p0") | truth("p1")) - {("Patient", "p0")}
    assert {resource["subject"]["reference"] for key, resource in collected.items() if key[0] == "Condition"} == {
        "Patient/p1"
    }


def test_patient_who_points_at_a_stranger_is_handed_over(tmp_path: Path, pauses: list[float]) -> None:
    """Lines about strangers are let go unread; whom a Patient's link names is not whom the line is about."""
    seen = {"link": [{"other": {"reference": "Patient/p1"}, "type": "seealso"}]}
    linked = [{**each, **seen} if each["id"] in OURS else each for each in records()]
    _, brought = exported_from(BulkHospital(linked), tmp_path, pauses)
    assert brought == {patient: truth(patient) for patient in OURS}


@pytest.mark.parametrize(
    "reference",
    ["Patient/p0", "Patient\\/p0", "http://h.invalid/fhir/Patient/p0", "\\u0050atient/p0", "Patient/p0/_history/2"],
)
def test_line_about_a_candidate_is_kept_however_its_reference_is_written(
    reference: str, tmp_path: Path, pauses: list[float]
) -> None:
    hospital = BulkHospital(records())
    plain = hospital.body_of
    hospital.body_of = lambda name: plain(name).replace(b'"Patient/p0"', f'"{reference}"'.encode())  # type: ignore[method-assign]
    _, brought = exported_from(hospital, tmp_path, pauses)
    assert brought["p0"] == truth("p0")


def test_what_the_server_deleted_is_told(hospital: BulkHospital, tmp_path: Path, pauses: list[float]) -> None:
    hospital.deleted = ["Condition/c0-1", "http://elsewhere.example/fhir/Observation/o1/_history/3"]
    exported, _ = exported_from(hospital, tmp_path, pauses)
    assert exported.deleted == ("Condition/c0-1", "Observation/o1")


def test_digits_come_through(tmp_path: Path, pauses: list[float]) -> None:
    hospital = BulkHospital(records())
    with run_bulk_hospital(hospital) as base, desk_at(base, tmp_path, pauses) as desk:
        run_export(desk)
        value = collect_exported(desk, "p0").resources["Observation", "o0-0"]["valueQuantity"]["value"]
    assert str(value) == "1.5"


def test_export_goes_on_where_it_was_stopped(tmp_path: Path, pauses: list[float]) -> None:
    """Stopped after every single commit, and taken up by a new process each time: nothing is read twice."""
    from adapter.bulk import Stopped

    hospital = BulkHospital(records(), "file-range")
    seen: list[Json] = []

    def once() -> Callable[[Json], bool]:
        answers = iter([True, False])
        return lambda progress: seen.append(progress) or next(answers)  # type: ignore[func-returns-value]

    with run_bulk_hospital(hospital) as base:
        for _ in range(60):
            with desk_at(base, tmp_path, pauses, goes_on=once()) as desk:
                try:
                    exported = run_export(desk)
                except Stopped:
                    continue
                brought = handed_over(desk)
                break
    assert brought == {patient: truth(patient) for patient in OURS}
    assert (exported.missing, hospital.told.seen["jobs"]) == ([], 1)
