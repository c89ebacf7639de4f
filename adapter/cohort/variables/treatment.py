"""Lines of treatment, and courses that followed a biopsy.

Takes from: case, cohort.answers, cohort.courses, cohort.variables.compiler.  Gives to: cohort.variables.
"""

from __future__ import annotations

from typing import Any

from adapter.cohort.answers import NOT_KNOWN, UNKNOWN, Step, truth
from adapter.cohort.courses import NOT_GIVEN, count_lines, in_line, started_after
from adapter.cohort.variables.compiler import Compiler
from adapter.errors import Json


def line_word(rule: Json, to: Compiler) -> Step:
    lines, number, wanted = to.plan.lines(), rule["line"], rule.get("class")

    def work(_: Json, found: list[Any]) -> int:
        given = found[lines]
        if given is None:
            return UNKNOWN
        return truth(in_line([given.get(wanted, NOT_GIVEN)] if wanted else given.values(), number))

    return work


def lines_word(_: Json, to: Compiler) -> Step:
    lines = to.plan.lines()

    def work(_: Json, found: list[Any]) -> float:
        count = None if found[lines] is None else count_lines(found[lines])
        return NOT_KNOWN if count is None else float(count)

    return work


def started_word(rule: Json, _: Compiler) -> Step:
    wanted, events = rule["started"], rule["not_before"]

    def work(case: Json, _: list[Any]) -> int:
        treatments, since = case.get("treatments"), case.get(events)
        return UNKNOWN if treatments is None or since is None else truth(started_after(treatments, wanted, since))

    return work
