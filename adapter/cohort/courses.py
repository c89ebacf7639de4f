"""Treatments in time: which line a class was, and whether one started after a biopsy. Only what is certain counts.

Takes from: dates, case.  Gives to: cohort.variables.
"""

from __future__ import annotations

from collections.abc import Iterable

from adapter.case.timeline import as_days
from adapter.dates import Interval, before, not_after
from adapter.errors import Json

# Antibiotics are given for another disease; they are no line of treatment of CRMO.
_NO_LINE = ("antibiotic",)


def in_line(treatments: list[Json] | None, line: int, wanted: str | None) -> bool | None:
    """Was the class (any class when None) given in this line? By the recorded line, else by the order of first starts.

    Shapes:  returns  None when treatments are not documented, or neither line nor dates decide
    """
    if treatments is None:
        return None
    classes = {each["class"] for each in treatments} - set(_NO_LINE)
    answers = [_class_in_line(treatments, line, each) for each in classes if wanted in (None, each)]
    return True if True in answers else None if None in answers else False


def _class_in_line(treatments: list[Json], line: int, wanted: str) -> bool | None:
    own = [each for each in treatments if each["class"] == wanted]
    recorded = [each["line"] for each in own if "line" in each]
    if recorded:
        return True if line in recorded else False if len(recorded) == len(own) else None
    starts = _first_starts(treatments)
    mine = starts.get(wanted)
    if mine is None or None in starts.values():
        return None
    orders = [(start, before(start, mine)) for name, start in starts.items() if start and name != wanted]
    if any(order is None for _, order in orders):
        return None
    return len({start for start, order in orders if order}) + 1 == line


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


def started_after(treatments: list[Json] | None, wanted: str, events: Iterable[Json] | None) -> bool | None:
    """Did a treatment of this class start on or after one of the events (biopsies)?

    A course that starts and stops on one day is peri-operative prophylaxis and does not count.
    """
    if treatments is None or events is None:
        return None
    courses = [each for each in treatments if each["class"] == wanted and not _is_single_day(each)]
    starts = [as_days(each.get("start")) for each in courses]
    days = [as_days(event.get("date")) for event in events]
    orders = [not_after(day, start) if day and start else None for start in starts for day in days]
    return True if True in orders else None if None in orders else False


def _is_single_day(treatment: Json) -> bool:
    start = as_days(treatment.get("start"))
    return start is not None and start.is_exact and start == as_days(treatment.get("stop"))
