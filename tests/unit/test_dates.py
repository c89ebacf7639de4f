"""Partial dates and ages behave as intervals of days."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapter.dates import (
    EVER,
    Interval,
    add_age,
    before,
    birthday,
    duration,
    midpoint,
    not_after,
    parse_date,
    reached,
)

days = st.dates(date(1950, 1, 1), date(2060, 12, 31))


@st.composite
def intervals(draw: st.DrawFn) -> Interval:
    low = draw(days)
    return Interval(low, low + timedelta(days=draw(st.integers(0, 800))))


def day(text: str) -> Interval:
    interval = parse_date(text)
    assert interval is not None
    return interval


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        ("2009", date(2009, 1, 1), date(2009, 12, 31)),
        ("2008-02", date(2008, 2, 1), date(2008, 2, 29)),
        ("2009-03-17", date(2009, 3, 17), date(2009, 3, 17)),
        ("2009-03-17T23:30:00-05:00", date(2009, 3, 17), date(2009, 3, 17)),
        ("2009-03-17T00:10:00.123Z", date(2009, 3, 17), date(2009, 3, 17)),
    ],
)
def test_reads_a_partial_date_as_the_days_it_may_mean(text: str, low: date, high: date) -> None:
    assert parse_date(text) == Interval(low, high)


@pytest.mark.parametrize(
    "text", ["", "09", "2009-13", "2009-00", "2009-02-30", "0000", "17/03/2009", "2009-03-17\n", "2009-3"]
)
def test_gives_nothing_for_what_is_not_a_fhir_date(text: str) -> None:
    assert parse_date(text) is None


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ("2009", "2010", True),
        ("2009-03", "2009", None),
        ("2009-03-17", "2009-03-17", False),
        ("2010", "2009-12-31", False),
        ("2009", "2009-12-31", None),
        ("2009-01-01", "2009", None),
    ],
)
def test_before_is_certain_only_when_every_day_agrees(first: str, second: str, expected: bool | None) -> None:
    assert before(day(first), day(second)) is expected


def test_same_day_is_not_after() -> None:
    assert not_after(day("2009-03-17"), day("2009-03-17")) is True


@pytest.mark.parametrize(
    ("born", "expected"),
    [
        ("2000-02-29", Interval(date(2018, 3, 1), date(2018, 3, 1))),
        ("2000", Interval(date(2018, 1, 1), date(2018, 12, 31))),
        ("2000-02", Interval(date(2018, 2, 1), date(2018, 3, 1))),
    ],
)
def test_eighteenth_birthday_keeps_the_precision_of_the_birth(born: str, expected: Interval) -> None:
    assert birthday(day(born), 18) == expected


@pytest.mark.parametrize(
    ("value", "unit", "low", "high"),
    [
        (9, "a", "2009-06-15", "2010-06-14"),
        (30, "mo", "2002-12-15", "2003-01-14"),
        (2, "wk", "2000-06-29", "2000-07-05"),
        (10, "d", "2000-06-25", "2000-06-25"),
        (0.5, "a", "2000-12-14", "2000-12-14"),
    ],
)
def test_an_age_becomes_the_days_it_lasts(value: float, unit: str, low: str, high: str) -> None:
    assert add_age(day("2000-06-15"), value, unit) == Interval(day(low).low, day(high).low)


def test_an_absurd_age_ends_at_the_end_of_the_calendar() -> None:
    assert add_age(day("2000"), 50000, "a").high == date.max


@pytest.mark.parametrize(
    ("value", "unit", "expected"),
    [
        (17, "a", False),
        (18, "a", True),
        (17.99, "a", False),
        (215, "mo", False),
        (216, "mo", True),
        (6573, "d", False),
        (6574, "d", None),
        (6575, "d", True),
        (938, "wk", False),
        (939, "wk", None),
        (940, "wk", True),
    ],
)
def test_an_age_says_by_itself_whether_eighteen_is_completed(value: float, unit: str, expected: bool | None) -> None:
    assert reached(value, unit, 18) is expected


def test_durations_use_the_declared_lengths_of_month_and_year() -> None:
    start, end = day("2000-01-01"), day("2004-01-01")
    assert (duration(start, end, "a"), duration(start, end, "mo")) == (4.0, 48.0)


def test_midpoint_of_a_year_is_its_middle() -> None:
    assert midpoint(day("2009")) == date(2009, 7, 2).toordinal()


@given(intervals(), intervals())
def test_before_excludes_its_converse(first: Interval, second: Interval) -> None:
    assert not (before(first, second) is True and before(second, first) is True)


@given(intervals(), intervals(), st.data())
def test_narrowing_never_changes_a_certain_answer(first: Interval, second: Interval, data: st.DataObject) -> None:
    certain = before(first, second)
    picked = data.draw(st.dates(first.low, first.high))
    narrowed = before(Interval(picked, picked), second)
    assert certain is None or narrowed is certain


@given(days, days)
def test_birthdays_keep_the_order_of_births(one: date, other: date) -> None:
    young, old = max(one, other), min(one, other)
    assert birthday(Interval(old, old), 18).low <= birthday(Interval(young, young), 18).low


@given(days, st.integers(0, 40), st.sampled_from(["a", "mo", "wk", "d"]))
def test_consecutive_ages_leave_no_day_between(born: date, value: int, unit: str) -> None:
    this, following = (add_age(Interval(born, born), count, unit) for count in (value, value + 1))
    assert this.high + timedelta(days=1) == following.low


@given(st.floats(0, 60, allow_nan=False), days)
def test_an_age_in_years_agrees_with_the_calendar(value: float, born: date) -> None:
    exact = Interval(born, born)
    by_calendar = before(add_age(exact, value, "a"), birthday(exact, 18))
    assert reached(value, "a", 18) is (not by_calendar)


def test_ever_is_open() -> None:
    assert EVER.is_open
    assert not day("2009").is_open
