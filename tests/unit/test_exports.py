"""What leaves the registry: tables that say what the cases say, nothing local, and counts that give nobody away."""

from __future__ import annotations

import csv
import hashlib
import json
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import pytest

from adapter.cohort import load_derivation
from adapter.errors import Json, NotPermittedError, UsageError
from adapter.exports import Codes, Form, erdri_row, export_cases, make_phenopacket
from adapter.exports.erdri import COLUMNS
from adapter.exports.parquet import read_lines
from adapter.mapping import load_mappings
from adapter.synthetic import make_cohort, published_cohort, synthesize
from tests.sample_cases import make_case

MAPPINGS = Path(__file__).parents[2] / "mappings"
MADE_AT = "2026-03-17T23:30:00+00:00"
FORMULA = "=cmd|' /C calc'!A0"


@cache
def knowledge() -> tuple[Any, Any]:
    return load_derivation(MAPPINGS), load_mappings(MAPPINGS)


def export(cases: Any, folder: Path, form: Form = "csv", *, outside: bool = False) -> Json:
    derivation, mappings = knowledge()
    told = {"made_at": MADE_AT}
    return export_cases(cases, folder, form, derivation=derivation, mappings=mappings, provenance=told, outside=outside)


def read(file: Path) -> list[dict[str, str]]:
    with file.open(encoding="utf-8", newline="") as opened:
        return list(csv.DictReader(opened))


def test_every_case_is_a_row_and_every_member_of_a_list_too(tmp_path: Path) -> None:
    cases = list(synthesize(60, 4))
    told = export(cases, tmp_path)
    assert told["cases"] == len(read(tmp_path / "cases.csv")) == 60
    for name in ("clinical_lesions", "imaging_lesions", "treatments", "biopsies", "laboratory", "assessments"):
        assert len(read(tmp_path / f"{name}.csv")) == sum(len(case.get(name, [])) for case in cases), name


def test_a_table_says_what_the_case_says(tmp_path: Path) -> None:
    case = published_cohort("SA", 1)[0]
    export([case], tmp_path)
    (row,) = read(tmp_path / "cases.csv")
    lesions = read(tmp_path / "clinical_lesions.csv")
    assert row["patient_sex"] == case["patient"]["sex"]
    assert row["diagnosis_onset_date"] == case["diagnosis"]["onset"]["date"]
    assert [(each["bone"], each["side"]) for each in lesions] == [
        (each["bone"], each["side"]) for each in case["clinical_lesions"]
    ]


def test_names_that_a_hospital_chose_and_free_words_stay_behind(tmp_path: Path) -> None:
    case = make_case(1)
    case["diagnosis"]["onset"] = {"text": "chez Mme Utopie"}
    case["imaging_studies"] = [{"modality": "CR", "id": "ACC-1"}, {"modality": "MR", "id": "ACC-2"}]
    case["imaging_lesions"] = [{"bone": "tibia", "side": "left", "modality": "MR", "study": "ACC-2"}]
    export([case], tmp_path)
    everything = "".join(file.read_text(encoding="utf-8") for file in tmp_path.iterdir())
    assert [word for word in ("Utopie", "ACC-1", "ACC-2") if word in everything] == []
    assert read(tmp_path / "imaging_lesions.csv")[0]["study"] == "2"


def test_a_cell_that_would_run_in_a_spreadsheet_does_not(tmp_path: Path) -> None:
    export([{**make_case(1), "centre": FORMULA}], tmp_path)
    assert read(tmp_path / "cases.csv")[0]["centre"] == f"'{FORMULA}"


def test_numbers_are_numbers_also_below_zero(tmp_path: Path) -> None:
    case = {**make_case(1), "assessments": [{"measure": "height_z", "value": -1.5, "unit": "1", "date": "2020"}]}
    export([case], tmp_path)
    assert read(tmp_path / "assessments.csv")[0]["value"] == "-1.5"


def test_csv_and_parquet_hold_the_same_and_duckdb_counts_what_the_registry_counts(tmp_path: Path) -> None:
    cases = published_cohort("SA", 2011)
    export(cases, tmp_path / "text")
    export(cases, tmp_path / "columns", "parquet")
    found = []
    for table in (f"read_csv('{tmp_path}/text/cases.csv')", f"read_parquet('{tmp_path}/columns/cases.parquet')"):
        question = f"""SELECT count(*), count_if(derived_female), avg(derived_age_at_diagnosis),
                       stddev_samp(derived_age_at_diagnosis), count_if(derived_fever) FROM {table}"""  # noqa: S608
        with duckdb.connect() as connection:
            found.append(connection.execute(question).fetchone())
    assert found[0] == found[1]
    assert found[0] == (70, 46, pytest.approx(10.9, abs=0.005), pytest.approx(3.9, abs=0.005), 14)


def test_the_dictionary_names_every_column_in_both_languages(tmp_path: Path) -> None:
    export([make_case(1)], tmp_path)
    told = {(row["table"], row["column"]) for row in read(tmp_path / "dictionary.csv")}
    for file in tmp_path.glob("*.csv"):
        if file.stem != "dictionary":
            with file.open(encoding="utf-8") as opened:
                assert {(file.stem, name) for name in next(csv.reader(opened))} <= told, file.stem
    silent = [row for row in read(tmp_path / "dictionary.csv") if not (row["label_en"] and row["label_fr"])]
    assert silent == []


def test_the_manifest_vouches_for_every_file(tmp_path: Path) -> None:
    export(published_cohort("SB", 1), tmp_path)
    manifest = json.loads((tmp_path / "manifest.json").read_text(encoding="utf-8"))
    files = {each["name"]: each["sha256"] for each in manifest["files"]}
    sums = (line.split("  ") for line in (tmp_path / "SHA256SUMS").read_text(encoding="utf-8").splitlines())
    assert set(files) == {file.name for file in tmp_path.iterdir()} - {"manifest.json", "SHA256SUMS"}
    for digest, name in sums:
        assert hashlib.sha256((tmp_path / name).read_bytes()).hexdigest() == digest


def test_the_same_cases_make_the_same_bytes(tmp_path: Path) -> None:
    for form in ("csv", "parquet", "phenopackets", "erdri"):
        for copy in ("one", "other"):
            export(published_cohort("SB", 1), tmp_path / form / copy, form)  # type: ignore[arg-type]
        sums = [(tmp_path / form / copy / "SHA256SUMS").read_bytes() for copy in ("one", "other")]
        assert sums[0] == sums[1], form


def test_two_exports_do_not_mix(tmp_path: Path) -> None:
    export([make_case(1)], tmp_path)
    with pytest.raises(UsageError):
        export([make_case(1)], tmp_path)


@pytest.mark.parametrize("form", ["phenopackets", "erdri"])
def test_rows_about_children_do_not_go_outside(tmp_path: Path, form: Form) -> None:
    with pytest.raises(NotPermittedError):
        export([make_case(1)], tmp_path / "out", form, outside=True)
    assert not (tmp_path / "out").exists()


def test_outside_no_cell_is_small_and_no_child_is_named(tmp_path: Path) -> None:
    cases = list(make_cohort(800, 2))
    told = export(cases, tmp_path, outside=True)
    counts = read(tmp_path / "counts.csv")
    shown = [int(row["n"]) for row in counts if row["hidden"] == "false"]
    assert [n for n in shown if 0 < n < 11] == []
    assert [row for row in counts if row["hidden"] == "true" and row["n"]] == []
    assert (told["threshold"], told["cases"], told["hidden"] > 0) == (11, 800, True)
    assert [int(row["n"]) for row in read(tmp_path / "sums.csv") if int(row["n"]) < 11] == []
    everything = "".join(file.read_text(encoding="utf-8") for file in tmp_path.iterdir())
    assert cases[0]["case_id"] not in everything


def test_a_registry_too_small_to_show_shows_nothing_outside(tmp_path: Path) -> None:
    told = export(published_cohort("SB", 1)[:8], tmp_path, outside=True)
    assert (read(tmp_path / "counts.csv"), read(tmp_path / "sums.csv"), told["cases"]) == ([], [], None)


def test_a_phenopacket_tells_ages_not_dates() -> None:
    case = published_cohort("SA", 2011)[0]
    text = json.dumps(make_phenopacket(case, Codes(knowledge()[1]), created=MADE_AT))
    dates = [case["patient"]["birth_date"], case["diagnosis"]["date"], case["outcome"]["last_visit_date"]]
    assert [date for date in dates if date in text] == []


def test_a_phenopacket_holds_disease_findings_places_and_treatments() -> None:
    case = make_case(1)
    case |= {"findings": {"fever": "no", "inflammatory_syndrome": "unknown"}}
    case["clinical_lesions"] = [{"bone": "tibia", "side": "left"}]
    case["treatments"] = [{"class": "nsaid", "status": "not-taken"}, {"class": "methotrexate"}]
    packet = make_phenopacket(case, Codes(knowledge()[1]), created=MADE_AT)
    features = [(each["type"]["id"], each.get("excluded", False)) for each in packet["phenotypicFeatures"]]
    assert packet["diseases"][0]["term"]["id"] == "ORPHA:324964"
    assert features[:2] == [("HP:0001945", True), ("HP:0002653", False)]
    assert [each["id"] for each in packet["phenotypicFeatures"][1]["modifiers"]] == ["SCT:12611008", "SCT:7771000"]
    agents = [each["treatment"]["agent"]["id"] for each in packet["medicalActions"] if "treatment" in each]
    assert agents == ["crmo-treatment-class:methotrexate"]


def test_every_vocabulary_a_phenopacket_uses_is_declared() -> None:
    codes = Codes(knowledge()[1])
    for case in synthesize(150, 6):
        packet = make_phenopacket(case, codes, created=MADE_AT)
        declared = {each["namespacePrefix"] for each in packet["metaData"]["resources"]}
        parts = {key: value for key, value in packet.items() if key not in ("id", "metaData")}
        used = {each.partition(":")[0] for each in _identifiers(parts)}
        assert used <= declared


def _identifiers(value: Any) -> list[str]:
    if isinstance(value, list):
        return [each for item in value for each in _identifiers(item)]
    if not isinstance(value, dict):
        return []
    own = [value["id"]] if set(value) == {"id", "label"} else []
    return own + [each for item in value.values() for each in _identifiers(item)]


def test_the_european_data_set_has_its_elements_and_no_day_of_birth() -> None:
    row = dict(zip(COLUMNS, erdri_row(published_cohort("SA", 2011)[0], {"crmo": "324964"}), strict=True))
    assert row["6.1 Diagnosis of the rare disease"] == "ORPHA:324964"
    assert len(row["2.1 Date of birth"]) == len("2001-05")
    assert (row["3.1 Patient's status"], row["5.1 Age at onset"], row["7.2 Consent to the reuse of data"]) == (
        *("Alive", "Date", "Yes"),
    )


def test_what_the_record_does_not_say_stays_empty_in_the_european_data_set() -> None:
    case = {"case_id": "C-1", "patient": {"sex": "unknown"}, "diagnosis": {"code": "other"}}
    row = dict(zip(COLUMNS, erdri_row(case, {"crmo": "324964"}), strict=True))
    told = {name: value for name, value in row.items() if value is not None}
    assert told == {
        "1.1 Pseudonym": "C-1",
        "2.2 Sex": "Undetermined",
        "5.1 Age at onset": "Undetermined",
        "5.2 Age at diagnosis": "Undetermined",
    }


def test_lines_come_back_out_of_parquet(tmp_path: Path) -> None:
    lines = [f'{{"n": {number}}}' for number in range(2500)]
    rows = ", ".join(f"('{line}', {i})" for i, line in enumerate(lines))
    with duckdb.connect() as connection:
        connection.execute(f"COPY (SELECT * FROM (VALUES {rows}) t(line, n)) TO '{tmp_path}/lines.parquet'")  # noqa: S608
    assert [line.decode() for line in read_lines(tmp_path / "lines.parquet")] == lines


def test_a_file_that_is_no_parquet_is_refused(tmp_path: Path) -> None:
    (tmp_path / "lines.parquet").write_text("{}", encoding="utf-8")
    with pytest.raises(UsageError):
        list(read_lines(tmp_path / "lines.parquet"))
