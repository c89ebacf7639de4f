"""Which printed means and SDs of whole numbers can be right, and the intervals beside ours."""

from __future__ import annotations

import math
import statistics

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from adapter.cohort.intervals import quantile, student, wilson
from adapter.cohort.possible import check_printed, decimals_of


def test_the_localisations_as_printed_are_not_possible_over_the_multifocal() -> None:
    """51 patients with at least 2: sum 119, squares 361 or 363 (odd as the sum), SD 1.291 or 1.306, never 1.30."""
    verdict = check_printed(2.33, 1.3, 51, 2, 2)
    assert (verdict.test, verdict.sums) == ("grimmer", (119,))


def test_read_to_one_decimal_they_need_an_outlier() -> None:
    """Excess 17, its squares 85 to 95: parts up to 5 reach 3·5² + 2² = 79 only; 6, 6, 4, 1 reach 89, so 2 + 6."""
    assert check_printed(2.33, 1.3, 51, 2, 1).largest == 8


def test_over_all_seventy_they_are_possible() -> None:
    verdict = check_printed(2.33, 1.3, 70, 1, 2)
    assert (verdict.possible, verdict.sums) == (True, (163,))


@pytest.mark.parametrize(("n", "possible"), [(70, True), (59, False), (51, True)])
def test_lesions_by_imaging_are_possible_over_some_denominators_only(n: int, possible: bool) -> None:
    """187/70 and 136/51 round to 2.67; 157/59 is 2.66 and 158/59 is 2.68."""
    assert check_printed(2.67, 1.67, n, 1, 2).possible is possible


def test_a_mean_below_the_smallest_value_is_not_possible() -> None:
    assert check_printed(1.5, None, 10, 2, 1).test == "grim"


@given(st.lists(st.integers(0, 12), min_size=2, max_size=40), st.integers(1, 3))
def test_what_real_numbers_make_is_always_possible(values: list[int], decimals: int) -> None:
    mean, sd = round(statistics.fmean(values), decimals), round(statistics.stdev(values), decimals)
    verdict = check_printed(mean, sd, len(values), min(values), max(decimals_of(sd), decimals))
    assert verdict.possible
    assert verdict.largest is None or verdict.largest <= max(values)


@given(st.integers(2, 6), st.integers(0, 12), st.integers(0, 60))
def test_nothing_possible_is_called_impossible_and_nothing_else(n: int, total: int, hundredths: int) -> None:
    """Held against every list of n whole numbers with this sum."""
    mean, sd = round(total / n, 2), hundredths / 10
    lists = partitions(total, n, total)
    found = any(abs(statistics.stdev(each) - sd) <= 0.005 + 1e-12 for each in lists)
    sums = check_printed(mean, None, n, 0, 2).sums
    if sums == (total,):
        assert check_printed(mean, sd, n, 0, 2).possible is found


def partitions(total: int, parts: int, largest: int) -> list[list[int]]:
    if parts == 0:
        return [[]] if total == 0 else []
    return [
        [first, *rest]
        for first in range(min(total, largest), -1, -1)
        for rest in partitions(total - first, parts - 1, first)
    ]


@pytest.mark.parametrize("df", [1, 2, 3, 4, 5, 10, 29, 30, 69, 70, 199, 299, 300, 301, 1000, 999_999])
def test_students_quantile_is_the_one_of_another_program(df: int) -> None:
    assert quantile(df) == pytest.approx(stats.t.ppf(0.975, df), rel=1e-11)


@pytest.mark.parametrize(("n", "whole"), [(0, 17), (1, 3), (19, 70), (68, 70), (70, 70), (300_000, 1_000_000)])
def test_wilsons_interval_is_the_one_of_another_program(n: int, whole: int) -> None:
    ours, theirs = wilson(n, whole), stats.binomtest(n, whole).proportion_ci(0.95, "wilson")
    assert (ours["low"], ours["high"]) == pytest.approx((theirs.low, theirs.high), rel=1e-12, abs=1e-12)


def test_students_interval_by_hand() -> None:
    """Ages 10, 12, 17: mean 13, SD 3.6056, t(2) 4.3027, half 4.3027 · 3.6056 / √3 = 8.957."""
    interval = student(13.0, math.sqrt(13), 3)
    assert (round(interval["low"], 3), round(interval["high"], 3)) == (4.043, 21.957)
