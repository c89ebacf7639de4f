"""The three dates every question about a case starts from: birth, onset, diagnosis; each as an interval.

Takes from: dates, case.fields.  Gives to: case.consistency, eligibility, cohort.
Source: https://hl7.org/fhir/R4/condition-definitions.html#Condition.onset_x_
"""

from __future__ import annotations

from typing import Any, NamedTuple

from adapter.case.fields import read_field
from adapter.dates import EVER, Interval, add_age, parse_date
from adapter.errors import Json


class Dated(NamedTuple):
    """An interval and the JSON pointers of what it was read from."""

    interval: Interval
    pointers: tuple[str, ...]


def birth_of(case: Json) -> Dated | None:
    return date_of(case, "patient.birth_date")


def diagnosis_of(case: Json) -> Dated | None:
    return date_of(case, "diagnosis.date")


def date_of(case: Json, field: str) -> Dated | None:
    """The date a single-valued field holds; `diagnosis.onset` is read in whichever form it has."""
    if field == "diagnosis.onset":
        return onset_of(case)
    return next((Dated(days, (at,)) for at, value in read_field(case, field) if (days := as_days(value))), None)


def as_days(value: Any) -> Interval | None:
    return parse_date(value) if isinstance(value, str) else None


def onset_of(case: Json) -> Dated | None:
    """The days on which the first symptom may have come; None when silent, in words, or an age without birth date.

    A period without end is one that started then and goes on: its start is the onset.
    """
    form, value = onset_form(case)
    at = (f"/diagnosis/onset/{form}",)
    if form == "date":
        return (days := as_days(value)) and Dated(days, at)
    if form == "period":
        return (days := _of_period(value)) and Dated(days, at)
    born = birth_of(case)
    if born and form == "age":
        return Dated(add_age(born.interval, value["value"], value["unit"]), at + born.pointers)
    if born and form == "range":
        return Dated(_of_range(value, born.interval), at + born.pointers)
    return None


def onset_form(case: Json) -> tuple[str, Any]:
    """Which of date, age, period, range, text the onset is written in, and what it holds; ("", None) when silent."""
    onset = case.get("diagnosis", {}).get("onset") or {}
    return next(iter(onset.items()), ("", None))


def _of_period(period: Json) -> Interval | None:
    start, end = as_days(period.get("start")), as_days(period.get("end"))
    if start and end and end.high >= start.low:
        return Interval(start.low, end.high)
    return start or (Interval(EVER.low, end.high) if end else None)


def _of_range(ages: Json, born: Interval) -> Interval:
    low, high = ages.get("low"), ages.get("high")
    first = add_age(born, low["value"], low["unit"]).low if low else born.low
    last = add_age(born, high["value"], high["unit"]).high if high else EVER.high
    return Interval(min(first, last), max(first, last))
