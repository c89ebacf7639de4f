"""Variables made of other variables.

Takes from: cohort.answers, cohort.variables.compiler.  Gives to: cohort.variables.
"""

from __future__ import annotations

from typing import Any

from adapter.cohort.answers import NO, UNKNOWN, YES, Expression, Step, join_all, join_any
from adapter.cohort.variables.compiler import Compiler
from adapter.cohort.variables.record import BOUNDS, SIGNS
from adapter.errors import Json


def number_word(rule: Json, to: Compiler) -> Step:
    word = next(word for word in BOUNDS if word in rule)
    asked = to.variable(rule["number"])
    compared = f"{YES} if value {SIGNS[word]} {rule[word]!r} else {NO}"
    return Expression(f"{UNKNOWN} if (value := found[{asked}]) != value else {compared}")


def all_word(rule: Json, to: Compiler) -> Step:
    asked = [to.variable(name) for name in rule["all"]]
    return Expression(f"$0([{_found(asked)}])", (join_all,))


def any_word(rule: Json, to: Compiler) -> Step:
    asked = [to.variable(name) for name in rule["any"]]
    return Expression(f"$0([{_found(asked)}])", (join_any,))


def _found(places: list[int]) -> str:
    return ", ".join(f"found[{place}]" for place in places)


def no_word(rule: Json, to: Compiler) -> Step:
    return Expression(f"$0[found[{to.variable(rule['no'])}]]", ((YES, NO, UNKNOWN),))


def groups_word(rule: Json, to: Compiler) -> Step:
    asked = [(word, to.variable(name)) for word, name in rule["groups"].items()]

    def work(_: Json, found: list[Any]) -> str:
        for word, place in asked:
            if found[place] != NO:
                return word if found[place] == YES else ""
        return ""

    return work
