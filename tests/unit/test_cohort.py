"""The cohort described: measures worked out by hand, the table in its three shapes, and the laws every count keeps."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapter.cohort import (
    count_not_usable,
    describe,
    describe_groups,
    describe_table,
    render_csv,
    render_text,
    tabulate,
)
from adapter.errors import Json
from adapter.synthetic import published_cohort, synthesize
from tests.unit.cohort_rows import STATISTICS, make_case, row

KEYS = {
    *("id", "name", "kind", "n", "N", "assessed", "mean", "sd", "median", "min", "max", "unit", "published", "notes"),
    *("q1", "q3", "ci", "ci_assessed", "marks", "comparison"),
}


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
