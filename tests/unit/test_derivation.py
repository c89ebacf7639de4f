"""Derived variables, each on patients worked out by hand; and the same numbers from a second program over the CSV."""

from __future__ import annotations

import csv
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import duckdb
import pytest

from adapter.case.fields import field_schema, list_fields
from adapter.cohort import Derivation, describe_table, load_derivation, load_statistics, tabulate
from adapter.cohort.reading import fields_of
from adapter.errors import Json
from adapter.spreadsheet import write_csv
from adapter.synthetic import published_cohort, synthesize
from tests.unit.cohort_rows import make_case

MAPPINGS = Path(__file__).parents[2] / "mappings"
DERIVATION = load_derivation(MAPPINGS)


def dated(birth: str | None, onset: Any, diagnosis: str | None, visit: str | None = None, entry: str = "") -> Json:
    case = make_case(patient={"sex": "female", "birth_date": birth}, diagnosis={"code": "crmo", "date": diagnosis})
    if onset:
        case["diagnosis"]["onset"] = {"date": onset} if isinstance(onset, str) else onset
    if visit:
        case["outcome"] = {"last_visit_date": visit}
    if entry:
        case["inclusion_date"] = entry
    for section in ("patient", "diagnosis"):
        case[section] = {key: value for key, value in case[section].items() if value is not None}
    return case


def lesions(*places: tuple[str, ...], **more: Any) -> list[Json]:
    return [{**dict(zip(("bone", "side", "segment"), place, strict=False)), **more} for place in places]


def given(name: str, **facts: Any) -> Json:
    return {"class": name, **facts}


# A girl born on 1 January 2000; a year is 365.25 days, a month 30.4375.
GIRL = dated("2000-01-01", "2008-01-01", "2010-01-01", "2014-01-01", "2013-01-01")
LEAP = dated("2004-02-29", "2012-02-29", "2012-03-01")

# The variable, the case, what it is, how it was come by ("" where the variable has no companion), and why.
HAND_WORKED: list[tuple[str, Json, Any, str, str]] = [
    ("age_at_onset", GIRL, 2922 / 365.25, "", "8 years with 2 leap days (2000, 2004): 2922 days, 8.0 a"),
    ("age_at_diagnosis", GIRL, 3653 / 365.25, "", "10 years with 3 leap days: 3653 days"),
    ("age_at_inclusion", GIRL, 4749 / 365.25, "", "13 years with 4 leap days: 4749 days"),
    ("age_at_last_visit", GIRL, 5114 / 365.25, "", "14 years with 4 leap days: 5114 days"),
    ("delay", GIRL, 731 / 30.4375, "", "2008 is a leap year: 366 + 365 days"),
    ("delay_years", GIRL, 731 / 365.25, "", "the same in years"),
    ("follow_up", GIRL, 1461 / 30.4375, "", "four years from diagnosis: 1461 days, 48 mo"),
    ("follow_up_years", GIRL, 4.0, "", "the same in years"),
    ("follow_up_from_onset", GIRL, 2192 / 30.4375, "", "731 + 1461 days"),
    ("age_at_onset", LEAP, 2922 / 365.25, "", "29 February to 29 February eight years later"),
    ("delay", LEAP, 1 / 30.4375, "", "29 February to 1 March is one day"),
    ("age_at_diagnosis", dated("2000", None, "2010-07-02"), 3652.5 / 365.25, "midpoint", "from 1 July 2000, noon"),
    ("age_at_diagnosis", dated("2000-06", None, "2010-06"), 3652 / 365.25, "midpoint", "month to month, 10 years"),
    ("age_at_diagnosis", dated(None, None, "2010"), None, "", "no birth date"),
    ("age_at_diagnosis", dated("2012", None, "2010"), None, "unusable", "diagnosed before birth"),
    ("age_at_diagnosis", dated("1880-01-01", None, "2010-01-01"), None, "unusable", "130 years old"),
    ("age_at_diagnosis", dated("2010-03", None, "2010"), 108 / 365.25, "midpoint", "16 March to 2 July"),
    ("delay", dated("2000", "2012", "2011"), None, "unusable", "diagnosed before the first symptom"),
    ("delay", dated("2000", "2012-09", "2012"), None, "", "overlapping, the middle runs backward: not known, no error"),
    (
        "delay",
        dated("2000-01-01", {"age": {"value": 9, "unit": "a"}}, "2012-01-01"),
        913 / 30.4375,
        "midpoint",
        "from 2 July 2009",
    ),
    ("delay", dated(None, {"age": {"value": 9, "unit": "a"}}, "2012"), None, "", "an age has no date without a birth"),
    ("delay", dated("2000", {"range": {"low": {"value": 9, "unit": "a"}}}, "2012"), None, "", "an open range"),
    ("delay", dated("2000", {"text": "early"}, "2012"), None, "", "words are not computed on"),
    ("delay", dated("2000", {"period": {"start": "2009-03-01"}}, "2009-03-31"), 30 / 30.4375, "", "start of a period"),
    ("period", GIRL, "2010-2014", "", "bands of five years"),
    ("period", dated("2000", None, "2009"), "2005-2009", "", "a year lies in one band"),
    ("period", make_case(), None, "", "no diagnosis date"),
    ("sex", make_case(patient={"sex": "unknown"}), None, "", "asked, and unknown, is no group"),
    ("centre", make_case(centre="centre-4"), "centre-4", "", "as recorded"),
    ("clinical_sites", make_case(clinical_lesions=lesions(("tibia", "left", "shaft"), ("tibia", "left"))), 1, "", ""),
    (
        "clinical_segments",
        make_case(clinical_lesions=lesions(("tibia", "left", "shaft"), ("tibia", "left", "distal"))),
        2,
        "",
        "two segments of one bone and side",
    ),
    ("clinical_sites", make_case(clinical_lesions=lesions(("rib", "bilateral"))), 2, "", "both sides are two"),
    ("clinical_sites", make_case(clinical_lesions=lesions(("rib", "left"), present=False)), 0, "", "found free"),
    ("clinical_sites", make_case(), None, "", "not documented is not none"),
    ("clinical_sites", make_case(clinical_lesions=[]), 0, "", "declared complete and empty"),
    ("imaging_sites", make_case(imaging_lesions=lesions(("rib", "left"), ("rib", "right"), modality="MR")), 2, "", ""),
    ("imaging_segments", make_case(imaging_lesions=lesions(("vertebra", "midline", "T7"), modality="MR")), 1, "", ""),
    ("clinical_focality", make_case(clinical_lesions=lesions(("rib", "left"))), "unifocal", "", "one"),
    ("clinical_focality", make_case(clinical_lesions=[]), None, "", "none is neither"),
    ("imaging_focality", make_case(imaging_lesions=lesions(("rib", "bilateral"), modality="MR")), "multifocal", "", ""),
    (
        "inflammatory_syndrome",
        make_case(laboratory=[{"test": "crp", "value": 40, "unit": "mg/L"}]),
        True,
        "derived",
        "CRP above 10 decides where the finding is silent",
    ),
    (
        "inflammatory_syndrome",
        make_case(findings={"inflammatory_syndrome": "no"}, laboratory=[{"test": "crp", "value": 40, "unit": "mg/L"}]),
        False,
        "",
        "the clinician goes first",
    ),
    ("inflammatory_syndrome", make_case(), None, "", "nobody knows"),
    ("lines_of_treatment", make_case(treatments=[given("nsaid", start="2010")]), 1, "", "one class"),
    (
        "lines_of_treatment",
        make_case(
            treatments=[
                given("nsaid", start="2010-01"),
                given("antibiotic", start="2010-02"),
                given("bisphosphonate", start="2011"),
                given("anti_tnf", start="2013"),
            ]
        ),
        3,
        "",
        "antibiotics are no line",
    ),
    (
        "lines_of_treatment",
        make_case(treatments=[given("nsaid", start="2010-01-05"), given("methotrexate", start="2010-01-05")]),
        1,
        "",
        "two classes started on one day are one line",
    ),
    ("lines_of_treatment", make_case(treatments=[given("nsaid", line=1), given("anti_tnf", line=3)]), 3, "", "as told"),
    ("lines_of_treatment", make_case(treatments=[given("nsaid"), given("anti_tnf")]), None, "", "no dates, no order"),
    ("lines_of_treatment", make_case(treatments=[]), 0, "", "declared untreated"),
    ("lines_of_treatment", make_case(), None, "", "not documented"),
    (
        "antibiotics_after_biopsy",
        make_case(biopsies=[{"date": "2010-05-01"}], treatments=[given("antibiotic", start="2010-05-03")]),
        True,
        "",
        "two days after",
    ),
    (
        "antibiotics_after_biopsy",
        make_case(
            biopsies=[{"date": "2010-05-01"}],
            treatments=[given("antibiotic", start="2010-05-01", stop="2010-05-01")],
        ),
        False,
        "",
        "one day around the operation is prophylaxis",
    ),
    ("remission", make_case(outcome={"status": "remission_off_treatment"}), True, "", "said at the last visit"),
    ("remission", make_case(diagnosis={"code": "crmo", "clinical_status": "remission"}), True, "derived", ""),
    ("remission", make_case(outcome={"status": "lost_to_follow_up"}), None, "", "nobody knows how he is"),
    ("remission_on_treatment", make_case(outcome={"status": "asymptomatic_on_treatment"}), True, "", ""),
    ("remission_off_treatment", make_case(outcome={"status": "asymptomatic_on_treatment"}), False, "", ""),
    ("impossible_age", dated("2012", None, "2010"), True, "", "counted, not dropped"),
    ("impossible_age", GIRL, False, "", "nothing wrong"),
    ("impossible_interval", dated("2000", "2012", "2011"), True, "", "diagnosis before onset"),
    ("lesion_without_bone", make_case(clinical_lesions=lesions(("unspecified", "left"))), True, "", "kept, counted"),
    ("unknown_drug", make_case(treatments=[given("other")]), True, "", "neither code nor known name"),
    (
        "unknown_drug",
        make_case(treatments=[given("other", substance={"system": "urn:x", "code": "N02BE01"})]),
        False,
        "",
        "another drug, and known",
    ),
]


@pytest.mark.parametrize(
    ("name", "case", "value", "by", "why"), HAND_WORKED, ids=[f"{i} {each[0]}" for i, each in enumerate(HAND_WORKED)]
)
def test_is_worked_out_as_by_hand(name: str, case: Json, value: Any, by: str, why: str) -> None:
    row = DERIVATION.row(case)
    assert (row[name], row.get(f"{name}_by", "")) == (pytest.approx(value) if value is not None else None, by), why


def test_every_kind_the_issue_names_is_worked_out_by_hand() -> None:
    assert {each[0] for each in HAND_WORKED} <= {column.name for column in DERIVATION.columns}
    assert len({each[0] for each in HAND_WORKED}) >= 25


def test_every_variable_tells_unit_denominator_missing_data_and_source() -> None:
    names = {column.name for column in DERIVATION.columns}
    for column in DERIVATION.columns:
        assert column.of in names | {""}
        assert (column.unit != "") is (column.type == "number")
        assert all(column.missing[language] and column.label[language] for language in ("en", "fr"))
        assert column.source
        assert column.origin.startswith("derived.yaml:")


def test_a_table_gives_the_rows_it_was_made_of() -> None:
    cases = list(synthesize(300, 4))
    table = tabulate(cases, DERIVATION, keep_ids=True)
    assert [cleared(row) for row in table.rows()] == [cleared(DERIVATION.row(case)) for case in cases]


def test_tables_join_in_any_cut() -> None:
    cases = list(synthesize(90, 5))
    whole = tabulate(cases, DERIVATION, keep_ids=True)
    joined = tabulate(cases[:40], DERIVATION, keep_ids=True)
    joined.extend(tabulate(cases[40:], DERIVATION, keep_ids=True))
    assert [cleared(row) for row in joined.rows()] == [cleared(row) for row in whole.rows()]


def cleared(row: Json) -> Json:
    return {key: round(value, 12) if isinstance(value, float) else value for key, value in row.items()}


# --- The same statistics by another program: DuckDB, over the CSV of derived variables. ---


def write_table(cases: Sequence[Json], derivation: Derivation, file: Path) -> None:
    rows = [derivation.row(case) for case in cases]
    columns = list(rows[0])
    file.write_text(write_csv(columns, ([row[column] for column in columns] for row in rows)), encoding="utf-8")


def query(declared: Json) -> str:
    """The row as SQL: nothing of ours but the names of columns."""
    where = f"WHERE {declared['of']}" if declared["of"] else ""
    if "most_frequent" in declared:
        among = declared["most_frequent"]
        sums = ", ".join(f"sum({name})" for name in among["among"].values())
        return f"SELECT greatest({sums}), sum({among['all']}), count({among['all']}) FROM cases {where}"  # noqa: S608 (names of our own columns)
    if "measure" in declared:
        x = declared["measure"]
        shown = f"count(*), count({x}), avg({x}), stddev_samp({x}), median({x}), min({x}), max({x})"
        return f"SELECT {shown}, quantile_cont({x}, 0.25), quantile_cont({x}, 0.75) FROM cases {where}"  # noqa: S608 (names of our own columns)
    x = declared.get("count", "true")
    return f"SELECT count(*) FILTER ({x}), count(*), count({x}) FROM cases {where}"  # noqa: S608 (names of our own columns)


COUNTED, MEASURED = ("n", "N", "assessed"), ("N", "assessed", "mean", "sd", "median", "min", "max", "q1", "q3")


@pytest.mark.parametrize(
    ("like", "cases"),
    [
        ("SA", published_cohort("SA", 1)),
        ("SB", published_cohort("SB", 1)),
        ("SA", list(synthesize(1500, 7))),
        ("SB", list(synthesize(1500, 7))),
    ],
    ids=["SA as published", "SB as published", "SA of any 1500", "SB of any 1500"],
)
def test_another_program_over_the_csv_computes_the_same_to_the_last_digit(
    like: str, cases: list[Json], tmp_path: Path
) -> None:
    """Every digit that a double has but the last two: the order in which another program adds is its own."""
    statistics = load_statistics(MAPPINGS, like, DERIVATION)
    write_table(cases, DERIVATION, tmp_path / "cases.csv")
    rows = describe_table(tabulate(cases, DERIVATION), statistics)
    with duckdb.connect() as connection:
        connection.execute(f"CREATE TABLE cases AS FROM read_csv('{tmp_path}/cases.csv', sample_size=-1)")
        for declared, row in zip(statistics.rows, rows, strict=True):
            names = MEASURED if "measure" in declared else COUNTED
            found = connection.execute(query(declared)).fetchone()
            ours = [row.get(name) for name in names]
            assert ours == [None if value is None else pytest.approx(value, rel=1e-13) for value in found], row["id"]
            assert [shown(value) for value in ours] == [shown(value) for value in found]


def shown(value: float | None) -> str:
    """A number as the table prints it."""
    return "" if value is None else f"{value:.6f}"


def test_the_csv_of_derived_variables_reads_back(tmp_path: Path) -> None:
    cases = published_cohort("SA", 1)
    write_table(cases, DERIVATION, tmp_path / "cases.csv")
    with (tmp_path / "cases.csv").open(encoding="utf-8", newline="") as file:
        ages = [float(row["age_at_diagnosis"]) for row in csv.DictReader(file)]
    assert (len(ages), round(math.fsum(ages) / 70, 2)) == (70, 10.9)


@pytest.mark.parametrize("like", ["SA", "SB"])
def test_what_a_table_does_not_ask_need_not_be_worked_out(like: str) -> None:
    statistics, cases = load_statistics(MAPPINGS, like, DERIVATION), list(synthesize(200, 9))
    asked = DERIVATION.only(statistics.variables(["period"]))
    assert len(asked.columns) < len(DERIVATION.columns)
    assert describe_table(tabulate(cases, asked), statistics) == describe_table(tabulate(cases, DERIVATION), statistics)


def test_every_variable_names_the_fields_it_looks_at() -> None:
    variables = DERIVATION.declaration.data["variables"]
    for name in variables:
        found = fields_of(name, variables)
        assert found
        assert all(field in list_fields() or field_schema(field) for field in found)
    assert fields_of("delay", variables) == ["diagnosis.onset", "diagnosis.date", "patient.birth_date"]
    assert fields_of("fever", variables) == ["findings.fever", "laboratory"]
