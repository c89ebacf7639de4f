"""How long it took, and in which years it was.

Takes from: dates, cohort.answers, cohort.variables.compiler.  Gives to: cohort.variables.
"""

from __future__ import annotations

from datetime import date
from functools import lru_cache
from typing import Any

from adapter.cohort.answers import NO, UNUSABLE, YES, Work
from adapter.cohort.variables.compiler import Compiler
from adapter.dates import days_per
from adapter.errors import Json


def from_word(rule: Json, to: Compiler) -> Work:
    time, days = to.plan.time(rule["from"], rule["to"], rule.get("at_most"), rule["unit"]), days_per(rule["unit"])
    return lambda _, found: found[time][0] / days


def mark_of_time(rule: Json, to: Compiler) -> Work:
    time = to.plan.time(rule["from"], rule["to"], rule.get("at_most"), rule["unit"])
    return lambda _, found: found[time][1]


def unusable_word(rule: Json, to: Compiler) -> Work:
    marks = [to.mark(name) for name in rule["unusable"]]
    return lambda _, found: YES if UNUSABLE in [found[mark] for mark in marks] else NO


def years_word(rule: Json, to: Compiler) -> Work:
    days, span = to.plan.days(rule["years"]), rule["span"]

    def work(_: Json, found: list[Any]) -> str:
        return "" if found[days] is None else _band(*found[days], span)

    return work


@lru_cache(maxsize=65536)
def _band(low: int, high: int, span: int) -> str:
    first, last = (date.fromordinal(day).year // span * span for day in (low, high))
    return f"{first}-{first + span - 1}" if first == last else ""
