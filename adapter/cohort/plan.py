"""The order of work for one case: every variable after what it asks, and what several ask worked out once.

Takes from: dates, case, cohort.answers, cohort.sites, cohort.courses.  Gives to: cohort.variables, cohort.derivation.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from functools import lru_cache
from typing import Any

from adapter.case.fields import value_reader
from adapter.case.timeline import date_of
from adapter.cohort.answers import AS_RECORDED, MIDPOINT, NOT_KNOWN, UNUSABLE, Expression, Step, Work
from adapter.cohort.courses import find_lines
from adapter.cohort.sites import find_sites
from adapter.dates import Interval, days_per, parse_date
from adapter.errors import Json

# First and last day number of what a partial date may mean; None when unknown or open.
Days = tuple[int, int] | None


class Plan:
    """Steps in working order. Each is a function of the case and of what the steps before it found."""

    def __init__(self) -> None:
        self._steps: list[Step] = []
        self._places: dict[str, int] = {}

    def compile(self) -> Callable[[Json], list[Any]]:
        """One function that takes every step; what it answers is what the steps found, in their order."""
        names: dict[str, Any] = {"EMPTY": {}}
        lines = ["def work_out(case):", f"    found = [None] * {len(self._steps)}"]
        for place, step in enumerate(self._steps):
            text, constants = step if isinstance(step, Expression) else ("$0(case, found)", (step,))
            for number, constant in enumerate(constants):
                names[f"k{place}_{number}"] = constant
                text = text.replace(f"${number}", f"k{place}_{number}")
            lines.append(f"    found[{place}] = {text}")
        exec("\n".join([*lines, "    return found"]), names)  # noqa: S102 (written by us, about a proven declaration)
        made: Callable[[Json], list[Any]] = names["work_out"]
        return made

    def place(self, name: str, make: Callable[[], Step]) -> int:
        """Where the step of this name stands; it is made when it is asked for first, after what it needs itself."""
        if name not in self._places:
            step = make()
            self._steps.append(step)
            self._places[name] = len(self._steps) - 1
        return self._places[name]

    def days(self, field: str) -> int:
        return self.place(f"days of {field}", lambda: _days(field))

    def time(self, start: str, end: str, at_most: float | None, unit: str) -> int:
        """(days between two dates, mark); the longest that is possible is given in the unit."""
        limit = at_most * days_per(unit) if at_most else float(date.max.toordinal())
        return self.place(
            f"time from {start} to {end} within {limit}",
            lambda: _time(self.days(start), self.days(end), limit),
        )

    def sites(self, name: str) -> int:
        text = f"$0(case[{name!r}]) if {name!r} in case else None"
        return self.place(f"sites of {name}", lambda: Expression(text, (find_sites,)))

    def lines(self) -> int:
        text = "$0(case['treatments']) if 'treatments' in case else None"
        return self.place("lines", lambda: Expression(text, (find_lines,)))


def reading(field: str) -> str:
    """The value of a single-valued field as an expression of `case`; None where the record is silent."""
    *sections, name = field.split(".")
    return "".join(["case", *(f".get({section!r}, EMPTY)" for section in sections), f".get({name!r})"])


def _days(field: str) -> Step:
    if field == "diagnosis.onset":
        read = value_reader(field)

        def onset(case: Json, _: list[Any]) -> Days:
            form = read(case)
            if not form or "text" in form:
                return None
            if "date" in form:
                return _numbers(form["date"])
            dated = date_of(case, field)
            return _closed(dated.interval) if dated else None

        return onset
    return Expression(f"None if (text := {reading(field)}) is None else $0(text)", (_numbers,))


@lru_cache(maxsize=65536)
def _numbers(text: str) -> Days:
    found = parse_date(text)
    return _closed(found) if found else None


def _closed(interval: Interval) -> Days:
    return None if interval.is_open else (interval.low.toordinal(), interval.high.toordinal())


def _time(start: int, end: int, limit: float) -> Work:
    def work(_: Json, found: list[Any]) -> tuple[float, int]:
        first, last = found[start], found[end]
        if first is None or last is None:
            return NOT_KNOWN, AS_RECORDED
        length = (last[0] + last[1] - first[0] - first[1]) / 2
        if length < 0:
            return NOT_KNOWN, UNUSABLE if last[1] < first[0] else AS_RECORDED
        if length > limit:
            return NOT_KNOWN, UNUSABLE
        return length, AS_RECORDED if first[0] == first[1] and last[0] == last[1] else MIDPOINT

    return work
