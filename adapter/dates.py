"""Partial FHIR dates and ages as what they are: intervals of days. Nothing is imputed unless a midpoint is asked for.

Takes from: nothing.  Gives to: case, eligibility, cohort, synthetic, mapping.
Source: https://hl7.org/fhir/R4/datatypes.html#date, https://ucum.org/ucum (a, mo, wk, d)
"""

from __future__ import annotations

import calendar
import re
from datetime import date, timedelta
from functools import lru_cache
from typing import NamedTuple

DAYS_PER_YEAR = 365.25
DAYS_PER_MONTH = 30.4375
_DAYS_PER_UNIT = {"a": DAYS_PER_YEAR, "mo": DAYS_PER_MONTH, "wk": 7.0, "d": 1.0}

# A dateTime is read by its date part as written: moving it to UTC could move the child's first day of illness.
_FHIR_DATE = re.compile(r"([0-9]{4})(?:-([0-9]{2})(?:-([0-9]{2})(?:T[0-9:.]+(?:Z|[+-][0-9]{2}:[0-9]{2})?)?)?)?\Z")


class Interval(NamedTuple):
    """Every day something may have happened on, both ends included; date.min and date.max stand for open ends."""

    low: date
    high: date

    @property
    def is_exact(self) -> bool:
        return self.low == self.high

    @property
    def is_open(self) -> bool:
        return self.low == date.min or self.high == date.max


EVER = Interval(date.min, date.max)


@lru_cache(maxsize=65536)
def parse_date(text: str) -> Interval | None:
    """Read YYYY, YYYY-MM, YYYY-MM-DD or a dateTime as the days it may mean.

    Units:   calendar days as written, no time zone applied
    Errors:  none; None when the text is not a FHIR date
    """
    match = _FHIR_DATE.match(text)
    if not match:
        return None
    year, month, day = (int(part) if part else 0 for part in match.groups())
    try:
        if day:
            return Interval(date(year, month, day), date(year, month, day))
        if month or match[2]:
            return Interval(date(year, month, 1), date(year, month, calendar.monthrange(year, month)[1]))
        return Interval(date(year, 1, 1), date(year, 12, 31))
    except ValueError:  # month 13, 30 February, year 0
        return None


def before(first: Interval, second: Interval) -> bool | None:
    """Did the first happen on an earlier day? True and False are certain; None is possible but not certain."""
    if first.high < second.low:
        return True
    return False if first.low >= second.high else None


def not_after(first: Interval, second: Interval) -> bool | None:
    """Did the first happen on the same or an earlier day? Three-valued, like `before`."""
    later = before(second, first)
    return None if later is None else not later


def birthday(born: Interval, years: int) -> Interval:
    """The days on which `years` may be completed. Born on 29 February: 1 March in a common year."""
    return Interval(_add_months(born.low, 12 * years), _add_months(born.high, 12 * years))


def add_age(born: Interval, value: float, unit: str) -> Interval:
    """The days on which somebody born in `born` was of this age.

    Units:   UCUM a, mo, wk, d. A whole number is a completed count (9 a = from the 9th to the eve of the 10th
             birthday); a decimal number is exact
    """
    if value != int(value):
        return Interval(_exact(born.low, value, unit), _exact(born.high, value, unit))
    first, last = _completed(born.low, int(value), unit), _completed(born.high, int(value) + 1, unit)
    return Interval(first, last if last == date.max else last - timedelta(days=1))


def reached(value: float, unit: str, years: int) -> bool | None:
    """Has somebody of this age completed `years` years? Needs no birth date; None when the calendar decides.

    Units:   UCUM a, mo, wk, d, whole numbers completed, decimals exact; 18 years last 6574 or 6575 days
    """
    value = float(value)  # parsed JSON keeps decimals as Decimal
    until = value + 1 if value == int(value) else value
    if unit in ("a", "mo"):
        limit = years * (1 if unit == "a" else 12)
        shortest = longest = float(limit)
    else:
        shortest, longest = 365 * years + years // 4, 365 * years + -(-years // 4)
        value, until = value * _DAYS_PER_UNIT[unit], until * _DAYS_PER_UNIT[unit]
    if value >= longest:
        return True
    exact = until == value
    return False if until < shortest or (until <= shortest and not exact) else None


def age_days(value: float, unit: str) -> float:
    """The average length of an age.  Units:  UCUM a, mo, wk, d in; days out"""
    return float(value) * _DAYS_PER_UNIT[unit]


def days_per(unit: str) -> float:
    """The average length of one UCUM a, mo, wk or d in days."""
    return _DAYS_PER_UNIT[unit]


def midpoint(interval: Interval) -> float:
    """The middle of an interval as a day number (1 = 1 January of year 1). An imputation: say so where it is used."""
    return (interval.low.toordinal() + interval.high.toordinal()) / 2


def duration(start: Interval, end: Interval, unit: str) -> float:
    """Time between the midpoints of two intervals.

    Units:   days by 365.25 (a), 30.4375 (mo), 7 (wk) or 1 (d); negative when the end comes first
    """
    return (midpoint(end) - midpoint(start)) / _DAYS_PER_UNIT[unit]


def _completed(day: date, count: int, unit: str) -> date:
    if unit in ("a", "mo"):
        return _add_months(day, count * (12 if unit == "a" else 1))
    return _add_days(day, count * _DAYS_PER_UNIT[unit])


def _exact(day: date, value: float, unit: str) -> date:
    whole = int(value)
    return _add_days(_completed(day, whole, unit), float(value - whole) * _DAYS_PER_UNIT[unit])


def _add_days(day: date, days: float) -> date:
    number = day.toordinal() + int(days)
    return date.fromordinal(number) if number <= date.max.toordinal() else date.max


def _add_months(day: date, months: int) -> date:
    if day in (date.min, date.max):
        return day
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    if year > date.max.year:
        return date.max
    if day.day <= calendar.monthrange(year, month + 1)[1]:
        return date(year, month + 1, day.day)
    return _add_months(date(year, month + 1, 1), 1)
