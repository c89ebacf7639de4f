"""How pages write numbers, dates and sizes: as the reader's language does, and a partial date as partial.

Takes from: nothing.  Gives to: frame.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from typing import Any

from babel.dates import format_date, format_datetime, format_skeleton
from babel.numbers import format_decimal, format_percent

_PARTIAL = re.compile(r"(\d{4})-(\d{2})\Z")
_UNITS = ("o", "Ko", "Mo", "Go", "To"), ("B", "KB", "MB", "GB", "TB")


def number(value: float | None, tongue: str, digits: int | None = None) -> str:
    """Shapes:  digits  exactly so many after the decimal mark; None as many as the value has, three at most"""
    if value is None:
        return "–"
    return str(
        format_decimal(value, "#,##0" + ("." + "0" * digits if digits else "") if digits is not None else None, tongue)
    )


def percent(part: float, whole: float, tongue: str) -> str:
    """A dash when there is nothing to be a part of."""
    return (
        str(format_percent(part / whole, "#,##0.#\u202f%" if tongue == "fr" else "#,##0.#%", tongue)) if whole else "–"
    )


def day(value: str | date | None, tongue: str) -> str:
    """A date in words; "2015-03" stays a month, "2015" a year, and what is no date is left as it is."""
    if value is None or value == "":
        return "–"
    if isinstance(value, str):
        if month := _PARTIAL.match(value):
            return str(format_skeleton("yMMM", datetime(int(month[1]), int(month[2]), 1, tzinfo=UTC), locale=tongue))
        try:
            return day(datetime.fromisoformat(value).date(), tongue)
        except ValueError:
            return value
    return str(format_date(value, "medium", tongue))


def instant(value: datetime | str | None, tongue: str) -> str:
    """Day and minute, in UTC as everything here is."""
    if not value:
        return "–"
    told = datetime.fromisoformat(value) if isinstance(value, str) else value
    return f"{format_datetime(told.astimezone(UTC), 'd MMM y HH:mm', locale=tongue)} UTC"


def size(octets: int, tongue: str) -> str:
    """Octets in a unit that leaves few digits."""
    told, step = float(octets), 0
    while told >= 1000 and step < len(_UNITS[0]) - 1:
        told, step = told / 1000, step + 1
    return f"{number(round(told, 1 if told < 10 and step else 0), tongue)}\u202f{_UNITS[tongue != 'fr'][step]}"


FILTERS: Mapping[str, Callable[..., Any]] = {
    "number": number,
    "percent": percent,
    "day": day,
    "instant": instant,
    "size": size,
}
