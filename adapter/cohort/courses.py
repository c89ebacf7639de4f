"""Treatments in time: which lines a class was given in, and whether one started after a biopsy. Only what is certain.

Takes from: dates, case.  Gives to: cohort.steps, cohort.variables.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from adapter.case.timeline import as_days
from adapter.dates import Interval, before, not_after
from adapter.errors import Json

# Antibiotics are given for another disease; they are no line of treatment of CRMO.
_NO_LINE = ("antibiotic",)


class Lines(NamedTuple):
    """The lines a class was certainly given in; `complete` when it was given in no other."""

    known: set[int]
    complete: bool


NOT_GIVEN = Lines(set(), True)
_UNTOLD: set[Any] = {None}


def find_lines(treatments: list[Json]) -> dict[str, Lines]:
    """The lines of every class: recorded, else by the order of first starts."""
    told: dict[str, set[Any]] = {}
    for each in treatments:
        name, line = each["class"], each.get("line")
        if name in told:
            told[name].add(line)
        elif name not in _NO_LINE:
            told[name] = {line}
    starts: Mapping[str, Interval | None] = {}
    found: dict[str, Lines] = {}
    for name, lines in told.items():
        if lines == _UNTOLD:
            starts = starts or _first_starts(treatments)
            found[name] = _line_by_order(name, starts)
        else:
            found[name] = Lines(lines - _UNTOLD, None not in lines)
    return found


def _line_by_order(name: str, starts: Mapping[str, Interval | None]) -> Lines:
    mine = starts[name]
    if mine is None or None in starts.values():
        return Lines(set(), False)
    orders = [(start, before(start, mine)) for other, start in starts.items() if start and other != name]
    if any(order is None for _, order in orders):
        return Lines(set(), False)
    return Lines({len({start for start, order in orders if order}) + 1}, True)


def _first_starts(treatments: list[Json]) -> dict[str, Interval | None]:
    """Class -> the days on which it may first have been started; None when one of its starts is unknown."""
    starts: dict[str, Interval | None] = {}
    for each in treatments:
        name, start = each["class"], as_days(each.get("start"))
        if name not in _NO_LINE:
            earlier = starts.get(name, start)
            starts[name] = _earliest(earlier, start) if earlier and start else None
    return starts


def _earliest(one: Interval, other: Interval) -> Interval:
    return Interval(min(one.low, other.low), min(one.high, other.high))


def in_line(given: Iterable[Lines], line: int) -> bool | None:
    """Was one of these classes given in this line?"""
    complete = True
    for lines in given:
        if line in lines.known:
            return True
        complete = complete and lines.complete
    return False if complete else None


def count_lines(lines: Mapping[str, Lines]) -> int | None:
    """How many lines there were: the highest that is known; None when a class may stand in another."""
    if not all(each.complete for each in lines.values()):
        return None
    return max((line for each in lines.values() for line in each.known), default=0)


def started_after(treatments: list[Json], wanted: str, events: Iterable[Json]) -> bool | None:
    """Did a treatment of this class start on or after one of the events (biopsies)?

    A course that starts and stops on one day is peri-operative prophylaxis and does not count.
    """
    courses = [each for each in treatments if each["class"] == wanted and not _is_single_day(each)]
    starts = [as_days(each.get("start")) for each in courses]
    days = [as_days(event.get("date")) for event in events]
    orders = [not_after(day, start) if day and start else None for start in starts for day in days]
    return True if True in orders else None if None in orders else False


def _is_single_day(treatment: Json) -> bool:
    start = as_days(treatment.get("start"))
    return start is not None and start.is_exact and start == as_days(treatment.get("stop"))
