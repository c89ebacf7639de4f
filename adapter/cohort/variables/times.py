"""How long it took, and in which years it was.

Takes from: dates, cohort.answers, cohort.variables.compiler.  Gives to: cohort.variables.
"""

from __future__ import annotations

from datetime import date
from functools import lru_cache

from adapter.cohort.answers import NO, UNUSABLE, YES, Expression, Step
from adapter.cohort.variables.compiler import Compiler
from adapter.dates import days_per
from adapter.errors import Json


def from_word(rule: Json, to: Compiler) -> Step:
    time, days = to.plan.time(rule["from"], rule["to"], rule.get("at_most"), rule["unit"]), days_per(rule["unit"])
    return Expression(f"found[{time}][0] / {days!r}")


def mark_of_time(rule: Json, to: Compiler) -> Step:
    time = to.plan.time(rule["from"], rule["to"], rule.get("at_most"), rule["unit"])
    return Expression(f"found[{time}][1]")


def unusable_word(rule: Json, to: Compiler) -> Step:
    marks = [to.mark(name) for name in rule["unusable"]]
    return Expression(f"{YES} if {UNUSABLE} in ({', '.join(f'found[{mark}]' for mark in marks)},) else {NO}")


def years_word(rule: Json, to: Compiler) -> Step:
    days, span = to.plan.days(rule["years"]), rule["span"]
    return Expression(f"'' if found[{days}] is None else $0(*found[{days}], {span})", (_band,))


@lru_cache(maxsize=65536)
def _band(low: int, high: int, span: int) -> str:
    first, last = (date.fromordinal(day).year // span * span for day in (low, high))
    return f"{first}-{first + span - 1}" if first == last else ""
