"""The cohort described: each statistic on patients worked out by hand, and the table in its three shapes."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapter.cohort import (
    count_not_usable,
    describe,
    describe_groups,
    describe_table,
    load_statistics,
    render_csv,
    render_text,
    tabulate,
)
from adapter.errors import DeclarationError, Json, UsageError
from adapter.synthetic import published_cohort, synthesize

MAPPINGS = Path(__file__).parents[2] / "mappings"
STATISTICS = {like: load_statistics(MAPPINGS, like) for like in ("SA", "SB")}
KEYS = {
    *("id", "name", "kind", "n", "N", "assessed", "mean", "sd", "median", "min", "max", "unit", "published", "notes"),
    *("q1", "q3", "ci", "ci_assessed", "marks", "comparison"),
}


def make_case(**sections: Any) -> Json:
    return {"case_id": "c1", "patient": {"sex": "female"}, "diagnosis": {"code": "crmo"}, **sections}


def row(identity: str, *cases: Json) -> Json:
    like = "SA" if identity.startswith("A") else "SB"
    return next(each for each in describe(cases, STATISTICS[like]) if each["id"] == identity)


def counted(identity: str, *cases: Json) -> tuple[int, int, int]:
    found = row(identity, *cases)
    return found["n"], found["N"], found["assessed"]


def lesions(*places: tuple[str, str] | tuple[str, str, str]) -> list[Json]:
    return [dict(zip(("bone", "side", "segment"), place, strict=False)) for place in places]


# Each: the statistic, one case, (n, N, assessed) as worked out by hand, and why.
HAND_WORKED: list[tuple[str, Json, tuple[int, int, int], str]] = [
    ("A02", make_case(), (1, 1, 1), "a girl"),
    ("A03", make_case(patient={"sex": "unknown"}), (0, 1, 0), "a sex asked and unknown is not a boy, nor assessed"),
    ("A07", make_case(), (0, 1, 0), "no lesion list: not known to be unifocal"),
    ("A07", make_case(clinical_lesions=lesions(("tibia", "left"))), (1, 1, 1), "one site"),
    (
        "A07",
        make_case(clinical_lesions=lesions(("tibia", "left", "shaft"), ("tibia", "left", "distal"))),
        (1, 1, 1),
        "two segments of one bone and side are one localisation",
    ),
    ("A07", make_case(clinical_lesions=lesions(("clavicle", "bilateral"))), (0, 1, 1), "both sides are two"),
    (
        "A07",
        make_case(
            clinical_lesions=[{"bone": "tibia", "side": "left"}, {"bone": "femur", "side": "left", "present": False}]
        ),
        (1, 1, 1),
        "a site found free does not count",
    ),
    (
        "A07",
        make_case(clinical_lesions=lesions(("rib", "unknown"), ("rib", "unknown"))),
        (1, 1, 1),
        "unknown side is one",
    ),
    ("A11", make_case(clinical_lesions=lesions(("tibia", "left", "distal"))), (1, 1, 1), "lower tibia is at the ankle"),
    ("A09", make_case(clinical_lesions=lesions(("tibia", "left", "distal"))), (1, 1, 1), "and in the leg"),
    ("A11", make_case(clinical_lesions=lesions(("tibia", "left", "shaft"))), (0, 1, 1), "the shaft is not"),
    ("A08", make_case(clinical_lesions=lesions(("pelvis", "left"))), (0, 1, 1), "the pelvis is not the lower limb"),
    (
        "A08",
        make_case(clinical_lesions=lesions(("tibia", "left"), ("femur", "left"))),
        (0, 0, 0),
        "multifocal: not of N",
    ),
    ("A15", make_case(findings={"fever": "no"}), (0, 1, 1), "a no is assessed"),
    ("A15", make_case(), (0, 1, 0), "silence is not a no"),
    (
        "A15",
        make_case(laboratory=[{"test": "temperature", "value": 38.0, "unit": "Cel"}]),
        (1, 1, 1),
        "38.0 stands in for the finding",
    ),
    (
        "A15",
        make_case(findings={"fever": "no"}, laboratory=[{"test": "temperature", "value": 39, "unit": "Cel"}]),
        (0, 1, 1),
        "the clinician's word goes first",
    ),
    ("A16", make_case(laboratory=[{"test": "crp", "value": 10, "unit": "mg/L"}]), (0, 1, 1), "10 is not above 10"),
    ("A16", make_case(laboratory=[{"test": "crp", "value": 10.1, "unit": "mg/L"}]), (1, 1, 1), "10.1 is"),
    (
        "A16",
        make_case(laboratory=[{"test": "crp", "value": 5, "unit": "mg/L", "comparator": "<"}]),
        (0, 1, 1),
        "<5 is certainly not above 10",
    ),
    (
        "A16",
        make_case(laboratory=[{"test": "crp", "value": 20, "unit": "mg/L", "comparator": "<"}]),
        (0, 1, 0),
        "<20 may be above 10 or not",
    ),
    (
        "A16",
        make_case(laboratory=[{"test": "crp", "value": 10, "unit": "mg/L", "comparator": ">"}]),
        (1, 1, 1),
        ">10 is above 10",
    ),
    (
        "A16",
        make_case(laboratory=[{"test": "crp", "value": 8, "unit": "mg/L", "comparator": ">"}]),
        (0, 1, 0),
        ">8 may be 9 or 90",
    ),
    ("A16", make_case(laboratory=[{"test": "esr", "value": 80, "unit": "mm/h"}]), (0, 1, 0), "no range for the ESR"),
    (
        "A16",
        make_case(
            findings={"inflammatory_syndrome": "unknown"}, laboratory=[{"test": "crp", "value": 40, "unit": "mg/L"}]
        ),
        (1, 1, 1),
        "the finding unknown, the CRP decides",
    ),
    (
        "A18",
        make_case(
            clinical_lesions=lesions(("tibia", "left")),
            imaging_lesions=[{"bone": b, "side": "left", "modality": "MR"} for b in ("tibia", "femur")],
        ),
        (1, 1, 1),
        "imaging shows a second site",
    ),
    ("A19", make_case(biopsies=[{}]), (1, 1, 1), "a biopsy without any detail is a biopsy"),
    ("A20", make_case(biopsies=[{"date": "2010"}]), (0, 1, 0), "no treatment list: not known"),
    (
        "A20",
        make_case(biopsies=[{"date": "2010-05-01"}], treatments=[{"class": "antibiotic", "start": "2010-05-01"}]),
        (1, 1, 1),
        "on the day of the biopsy is after it",
    ),
    (
        "A20",
        make_case(biopsies=[{"date": "2010-05-02"}], treatments=[{"class": "antibiotic", "start": "2010-05-01"}]),
        (0, 1, 1),
        "before",
    ),
    (
        "A20",
        make_case(biopsies=[{"date": "2010"}], treatments=[{"class": "antibiotic", "start": "2010-05-01"}]),
        (0, 1, 0),
        "somewhere in 2010: not certain",
    ),
    (
        "A20",
        make_case(biopsies=[{}], treatments=[{"class": "antibiotic", "start": "2010"}]),
        (0, 1, 0),
        "no biopsy date",
    ),
    ("A20", make_case(biopsies=[{}], treatments=[{"class": "nsaid"}]), (0, 1, 1), "no antibiotics at all"),
    (
        "A20",
        make_case(
            biopsies=[{"date": "2010-05-01"}],
            treatments=[{"class": "antibiotic", "start": "2010-05-01", "stop": "2010-05-01"}],
        ),
        (0, 1, 1),
        "one day around the operation is prophylaxis",
    ),
    ("A22", make_case(treatments=[{"class": "other"}]), (0, 1, 1), "treated, not with an NSAID"),
    (
        "A23",
        make_case(treatments=[{"class": "bisphosphonate", "line": 2}]),
        (1, 1, 1),
        "the recorded line decides",
    ),
    (
        "A23",
        make_case(treatments=[{"class": "nsaid", "start": "2010"}, {"class": "bisphosphonate", "start": "2011"}]),
        (1, 1, 1),
        "second of the first starts",
    ),
    (
        "A23",
        make_case(
            treatments=[
                {"class": "nsaid", "start": "2010"},
                {"class": "methotrexate", "start": "2011"},
                {"class": "bisphosphonate", "start": "2012"},
            ]
        ),
        (0, 1, 1),
        "third",
    ),
    (
        "A23",
        make_case(
            treatments=[
                {"class": "nsaid", "start": "2010"},
                {"class": "antibiotic", "start": "2011"},
                {"class": "bisphosphonate", "start": "2012"},
            ]
        ),
        (1, 1, 1),
        "antibiotics are no line",
    ),
    (
        "A23",
        make_case(treatments=[{"class": "nsaid", "start": "2010"}, {"class": "bisphosphonate", "start": "2010-06"}]),
        (0, 1, 0),
        "the order is not certain",
    ),
    ("A23", make_case(treatments=[{"class": "nsaid"}, {"class": "bisphosphonate"}]), (0, 1, 0), "no dates, no lines"),
    ("A25", make_case(outcome={"status": "remission_off_treatment"}), (1, 1, 1), "remission"),
    (
        "A25",
        make_case(diagnosis={"code": "crmo", "clinical_status": "remission"}),
        (1, 1, 1),
        "no outcome: the clinical status stands in",
    ),
    (
        "A25",
        make_case(diagnosis={"code": "crmo", "clinical_status": "remission"}, outcome={"status": "active"}),
        (0, 1, 1),
        "the outcome goes first",
    ),
    ("A25", make_case(outcome={"status": "lost_to_follow_up"}), (0, 1, 0), "nobody knows how he is"),
    ("A27", make_case(sequelae=[{"type": "other"}]), (1, 1, 1), "any sequela"),
    ("B12", make_case(biopsies=[{"microbiology": "not_done"}]), (0, 0, 0), "no culture, not of N"),
    ("B12", make_case(biopsies=[{"microbiology": "negative"}]), (0, 1, 1), "a negative culture"),
    (
        "B09",
        make_case(
            imaging_studies=[
                {"modality": "DX", "date": "2011", "result": "positive"},
                {"modality": "CR", "date": "2010", "result": "negative"},
                {"modality": "MR", "date": "2009", "result": "positive"},
            ]
        ),
        (1, 1, 1),
        "the first radiograph was normal",
    ),
    (
        "B10",
        make_case(
            clinical_lesions=lesions(("tibia", "left")),
            imaging_lesions=[{"bone": "femur", "side": "left", "modality": "NM"}],
        ),
        (1, 1, 1),
        "scintigraphy shows a femur nobody complained of",
    ),
]


@pytest.mark.parametrize(
    ("identity", "case", "expected", "why"), HAND_WORKED, ids=[f"{e[0]} {e[3]}" for e in HAND_WORKED]
)
def test_counts_as_worked_out_by_hand(identity: str, case: Json, expected: tuple[int, int, int], why: str) -> None:
    assert counted(identity, case) == expected, why


def test_a_culture_that_grew_a_contaminant_is_some_evidence_of_infection() -> None:
    treated = {"treatments": [{"class": "antibiotic", "start": "2011"}]}
    clean = make_case(
        biopsies=[{"date": "2010", "microbiology": "negative"}], findings={"infection_proven": "no"}, **treated
    )
    grew = make_case(biopsies=[{"date": "2010", "microbiology": "contaminant"}], **treated)
    silent = make_case(biopsies=[{"date": "2010"}], **treated)
    assert counted("A21", clean, grew, silent) == (1, 3, 2)


def test_a_measure_gives_mean_sample_sd_median_and_range() -> None:
    """Ages 10, 12 and 17: mean 13, squares 9 + 1 + 16 = 26, over 2 is 13, root 3.6056."""
    cases = [
        make_case(
            patient={"sex": "male", "birth_date": "2000-01-01"}, diagnosis={"code": "crmo", "date": f"{year}-01-01"}
        )
        for year in (2010, 2012, 2017)
    ]
    found = row("A05", *cases)
    assert [round(found[key], 2) for key in ("mean", "sd", "median", "min", "max")] == [13.0, 3.61, 12.0, 10.0, 17.0]


def test_a_partial_date_stands_in_by_its_middle_and_the_row_says_so() -> None:
    case = make_case(patient={"sex": "male", "birth_date": "2000"}, diagnosis={"code": "crmo", "date": "2010"})
    found = row("A05", case)
    assert round(found["mean"], 2) == 10.0
    assert "1 of the values use the middle of a partial date." in found["notes"]


def test_an_impossible_duration_is_counted_in_a_note_and_never_used() -> None:
    case = make_case(patient={"sex": "male", "birth_date": "2012"}, diagnosis={"code": "crmo", "date": "2010"})
    found = row("A05", case)
    assert ("mean" not in found, found["assessed"]) == (True, 0)
    assert "1 not usable: the end comes before the start, or the age is impossible." in found["notes"]


def test_onset_by_age_needs_a_birth_date_to_give_a_delay() -> None:
    diagnosis = {"code": "crmo", "onset": {"age": {"value": 9, "unit": "a"}}, "date": "2012-01-01"}
    born = make_case(patient={"sex": "male", "birth_date": "2000-01-01"}, diagnosis=diagnosis)
    found = row("A06", born, make_case(diagnosis=diagnosis))
    assert (found["assessed"], round(found["mean"], 1)) == (1, 30.0)


def test_an_open_range_gives_no_number() -> None:
    diagnosis = {"code": "crmo", "onset": {"range": {"low": {"value": 9, "unit": "a"}}}, "date": "2012-01-01"}
    assert row("A06", make_case(patient={"sex": "male", "birth_date": "2000"}, diagnosis=diagnosis))["assessed"] == 0


def test_rows_have_the_keys_of_the_contract_and_no_others() -> None:
    rows = [each for like in ("SA", "SB") for each in describe(published_cohort(like, 1), STATISTICS[like])]
    assert [each["id"] for each in rows] == [f"A{i:02}" for i in range(1, 31)] + [f"B{i:02}" for i in range(1, 21)]
    assert all(set(each) <= KEYS for each in rows)


def test_an_empty_cohort_has_every_row() -> None:
    rows = describe([], STATISTICS["SA"])
    assert (len(rows), rows[3]["assessed"], "mean" in rows[3]) == (30, 0, False)
    assert render_text(rows)


@pytest.mark.parametrize("language", ["en", "fr"])
def test_known_inconsistencies_are_named(language: Any) -> None:
    rows = describe(published_cohort("SA", 1), STATISTICS["SA"], language=language)
    marked = [each["id"] for each in rows if any(n.startswith(("Known incon", "Incohérence")) for n in each["notes"])]
    assert marked == ["A08", "A12", "A21"]


def test_sums_that_do_not_hold_are_told() -> None:
    notes = {each["id"]: " ".join(each["notes"]) for each in describe(published_cohort("SA", 1), STATISTICS["SA"])}
    assert "A09 + A10 + A11 = 8, A08 = 7" in notes["A08"]
    assert "A28 + A29 + A30" not in notes["A27"]


def test_multifocal_patients_are_told_apart_from_all() -> None:
    notes = row("A12", *published_cohort("SA", 1))["notes"]
    assert "clinically multifocal patients: 2.82 ± 1.20, 51 of 51 assessed." in notes


def test_text_shows_both_values_side_by_side_and_marks_what_differs() -> None:
    cases = published_cohort("SA", 1)
    lines = {line[:3]: line for line in render_text(describe(cases[:69], STATISTICS["SA"]), 140).splitlines()}
    assert "69/69 (100.0 %)" in lines["A01"]
    assert lines["A01"].endswith("≠")
    assert lines["A09"].endswith("=")


def test_text_folds_its_notes_to_the_width_and_paints_only_when_asked() -> None:
    rows = describe(published_cohort("SA", 1), STATISTICS["SA"])
    assert max(map(len, render_text(rows, 110).splitlines())) <= 110
    assert "\x1b[" not in render_text(rows)
    assert "\x1b[" in render_text(rows, color=True)


def described(like: str, cases: list[Json], by: tuple[str, ...] = ()) -> Json:
    """What `describing` makes of the registry, of cases at hand."""
    statistics = STATISTICS[like]
    table = tabulate(cases, statistics.derivation)
    groups = [
        {"by": name, "name": name, "groups": describe_groups(table, statistics, statistics.derivation.strata[name])}
        for name in by
    ]
    return {
        "rows": describe_table(table, statistics),
        "not_usable": count_not_usable(table, statistics),
        "strata": groups,
    }


def test_csv_reads_back_and_starts_no_formula() -> None:
    found = described("SB", published_cohort("SB", 1))
    rows = found["rows"]
    rows[0]["name"] = "=cmd|calc"
    read = list(csv.DictReader(io.StringIO(render_csv(found))))[: len(rows)]
    assert [each["id"] for each in read] == [each["id"] for each in rows]
    assert read[0]["name"] == "'=cmd|calc"
    assert float(read[3]["mean"]) == rows[3]["mean"]


def test_an_unknown_table_is_refused() -> None:
    with pytest.raises(UsageError, match="SA, SB"):
        load_statistics(MAPPINGS, "SC")


DERIVED, STATED = "derived.yaml", "statistics.yaml"


@pytest.mark.parametrize(
    ("file", "written", "wrong", "message"),
    [
        (
            DERIVED,
            "field: patient.sex, is: [female]",
            "field: patient.sexe, is: [female]",
            "C001 the case has no field",
        ),
        (DERIVED, "is: [female]", "is: [femal]", "C001 unknown word 'femal'; did you mean 'female'"),
        (DERIVED, "number: clinical_sites, equals: 1", "number: clinical_site, equals: 1", "C002 no variable"),
        (DERIVED, "number: clinical_sites, equals: 1", "number: female, equals: 1", "C002 'female' is no number"),
        (DERIVED, "region: leg}", "region: legs}", "C003 no region 'legs'"),
        (DERIVED, "class: anti_tnf}", "class: anti_tfn}", "C001 unknown word 'anti_tfn'; did you mean 'anti_tnf'"),
        (DERIVED, "{no: culture_grew}", "{no: culture_grew_nothing}", "C004 'culture_grew_nothing' is asked to answer"),
        (DERIVED, "to: inclusion_date", "to: inclusion_day", "C001 'inclusion_day' is not a date"),
        (DERIVED, "to: inclusion_date", 'to: "biopsies[].date"', "C001 'biopsies.{3}date' has many dates"),
        (DERIVED, "bones: [ankle, talus]", "bones: [ankel, talus]", "C001 unknown word 'ankel'; did you mean 'ankle'"),
        (DERIVED, "    unit: a\n", "", "C006 a number, and only a number, has a unit"),
        (DERIVED, "    unit: a\n", '    unit: "1"\n', "C006 a time is counted in a, mo, wk or d"),
        (DERIVED, "    of: culture_done", "    of: clinical_sites", "C002 no yes-or-no variable 'clinical_sites'"),
        (DERIVED, "missing: dates", "missing: guessed", "C007 'guessed' is not declared under missing_data"),
        (DERIVED, "source: later", "source: hearsay", "C007 'hearsay' is not declared under sources"),
        (DERIVED, "unusable: [delay,", "unusable: [clinical_sites,", "C002 'clinical_sites' is no time"),
        (DERIVED, "{sex: sex,", "{sex: female,", "C002 no variable 'female' that makes groups"),
        (DERIVED, "unknown_drug]", "period]", "C002 no yes-or-no variable 'period'"),
        (STATED, "sum: [A02, A03]", "sum: [A02, A99]", "C005 no row 'A99'"),
        (STATED, "count: fever", "count: feever", "C002 no variable 'feever'"),
        (STATED, "count: fever", "count: delay", "C002 no variable 'delay' that is a flag"),
        (STATED, "measure: delay\n", "count: fever\n", "C002 a row of kind mean_sd needs a measure"),
        (STATED, "all: clinical_sites", "all: fever", "C002 no variable 'fever' that is a number"),
        (STATED, "source: SB", "source: SD", "C007 no source 'SD'"),
        (STATED, "kind: mean_sd", "kind: mean", "S001"),
    ],
)
def test_a_wrong_declaration_is_refused_with_its_place(
    tmp_path: Path, file: str, written: str, wrong: str, message: str
) -> None:
    for name in (DERIVED, STATED):
        (tmp_path / name).write_text((MAPPINGS / name).read_text(encoding="utf-8"), encoding="utf-8")
    text = (tmp_path / file).read_text(encoding="utf-8")
    assert written in text
    (tmp_path / file).write_text(text.replace(written, wrong, 1), encoding="utf-8")
    with pytest.raises(DeclarationError, match=rf"{file}:\d+:\d+ {message}"):
        load_statistics(tmp_path)


@given(st.integers(0, 1000), st.permutations(range(12)))
def test_the_order_of_cases_does_not_matter(seed: int, order: list[int]) -> None:
    cases = list(synthesize(12, seed))
    table = describe(cases, STATISTICS["SA"])
    shuffled = describe([cases[i] for i in order], STATISTICS["SA"])
    assert [_rounded(each) for each in table] == [_rounded(each) for each in shuffled]


def _rounded(found: Json) -> Json:
    return {key: round(value, 9) if isinstance(value, float) else value for key, value in found.items()}


@given(st.integers(0, 1000))
def test_nobody_is_counted_who_was_not_assessed_and_nobody_assessed_who_does_not_belong(seed: int) -> None:
    rows = describe(synthesize(15, seed), STATISTICS["SA"])
    counts = [each for each in rows if each["kind"] == "count"]
    assert all(each["n"] <= each["assessed"] <= each["N"] <= 15 for each in counts)
