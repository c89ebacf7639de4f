"""A cohort of any size: the shares of the reports, what goes with what, and a hospital that holds it.

Tolerances are three standard errors of a share in 4,000 children or 5 per cent of a mean, whichever is wider.
"""

from __future__ import annotations

import itertools
import statistics
from datetime import date
from functools import cache
from pathlib import Path

import pytest

from adapter.case import check_case, load_consistency
from adapter.cohort import load_derivation
from adapter.eligibility import decide, load_criteria
from adapter.errors import Json
from adapter.mapping import load_mappings
from adapter.synthetic import make_cohort
from adapter.synthetic.hospital import make_collection, make_dossiers

MAPPINGS = Path(__file__).parents[2] / "mappings"
N, SEED, TODAY = 4000, 1, date(2025, 1, 1)

# (variable, of whom, share as printed, tolerance)
SHARES = [
    ("female", "", 115 / 164, 0.03),
    ("unifocal", "", 46 / 164, 0.03),
    ("fever", "", 32 / 164, 0.03),
    ("inflammatory_syndrome", "", 109 / 164, 0.03),
    ("skin_inflammation", "", 30 / 70, 0.03),
    ("multifocal_by_imaging", "unifocal", 8 / 19, 0.05),
    ("biopsy", "", 45 / 70, 0.03),
    ("antibiotics_after_biopsy", "biopsy", 15 / 45, 0.04),
    ("nsaid", "", 68 / 70, 0.01),
    ("second_line_bisphosphonate", "", 4 / 70, 0.02),
    ("second_line_anti_tnf", "", 3 / 70, 0.02),
    ("remission", "", 23 / 70, 0.03),
    ("sequela", "", 16 / 70, 0.03),
    ("deformation", "", 8 / 70, 0.02),
    ("growth_delay", "", 6 / 70, 0.02),
    ("vertebral_fracture", "", 2 / 70, 0.01),
]
# (variable, of whom, mean and SD as printed, tolerances)
MEASURES = [
    ("age_at_diagnosis", "", 11.1, 2.9, 0.2, 0.15),
    ("delay", "", 18, 25.5, 1.5, 2.5),
    ("follow_up", "", 50.66, 44.2, 2.5, 2.5),
    ("clinical_sites", "multifocal", 3.4, 1.7, 0.1, 0.1),
]


@cache
def rows() -> list[Json]:
    derivation = load_derivation(MAPPINGS)
    return [derivation.row(case) for case in make_cohort(N, SEED)]


def values(name: str, of: str) -> list[float]:
    return [row[name] for row in rows() if row[name] is not None and (not of or row[of])]


@pytest.mark.parametrize(("name", "of", "share", "tolerance"), SHARES, ids=[each[0] for each in SHARES])
def test_the_shares_are_those_of_the_reports(name: str, of: str, share: float, tolerance: float) -> None:
    assert statistics.fmean(values(name, of)) == pytest.approx(share, abs=tolerance)


@pytest.mark.parametrize(("name", "of", "mean", "sd", "near", "wide"), MEASURES, ids=[each[0] for each in MEASURES])
def test_the_means_are_those_of_the_reports(
    name: str, of: str, mean: float, sd: float, near: float, wide: float
) -> None:
    found = values(name, of)
    assert statistics.fmean(found) == pytest.approx(mean, abs=near)
    assert statistics.stdev(found) == pytest.approx(sd, abs=wide)


@pytest.mark.parametrize(
    ("more", "among", "than"),
    [
        ("inflammatory_syndrome", "male", "female"),
        ("multifocal", "male", "female"),
        ("fever", "inflammatory_syndrome", ""),
        ("biopsy", "unifocal", "multifocal"),
        ("second_line", "multifocal", "unifocal"),
        ("vertebral_fracture", "in_spine", ""),
    ],
)
def test_what_goes_with_what_does(more: str, among: str, than: str) -> None:
    def share(of: str) -> float:
        found = [row for row in rows() if not of or (row["sites_in_spine"] if of == "in_spine" else row[of])]
        return statistics.fmean(row[more] for row in found if row[more] is not None)

    assert share(among) > share(than) * 1.04


def test_everybody_is_coherent_and_eligible() -> None:
    consistency, criteria = load_consistency(MAPPINGS), load_criteria(MAPPINGS, "SA")
    cases = list(make_cohort(150, 5))
    assert [issue for case in cases for issue in check_case(case, consistency, today=TODAY)] == []
    assert {decide(case, criteria, today=TODAY)["status"] for case in cases} == {"eligible"}


def test_a_case_depends_on_the_seed_and_its_number_alone_and_comes_as_it_is_made() -> None:
    endless = make_cohort(10**9, 9)
    assert list(itertools.islice(endless, 4)) == list(make_cohort(4, 9))
    assert list(make_cohort(4, 9)) != list(make_cohort(4, 10))


def test_a_hospital_of_any_size_gives_one_child_at_a_time_and_every_child_is_read_again() -> None:
    mappings = load_mappings(MAPPINGS)
    dossiers = make_dossiers(make_cohort(10**9, 3), mappings, 3)
    for case, resources in zip(make_cohort(5, 3), dossiers, strict=False):
        read = mappings.to_case(make_collection(resources), case_id=case["case_id"]).case
        assert read is not None
        for section in ("clinical_lesions", "findings", "sequelae", "outcome"):
            assert read.get(section) == (case.get(section) or None), section
