"""Variables made of other variables.

Takes from: cohort.answers, cohort.variables.compiler.  Gives to: cohort.variables.
"""

from __future__ import annotations

from math import isnan
from typing import Any

from adapter.cohort.answers import NO, UNKNOWN, YES, Work, join_all, join_any
from adapter.cohort.variables.compiler import Compiler
from adapter.cohort.variables.record import BOUNDS
from adapter.errors import Json


def number_word(rule: Json, to: Compiler) -> Work:
    word = next(word for word in BOUNDS if word in rule)
    asked, compare, bound = to.variable(rule["number"]), BOUNDS[word], rule[word]

    def work(_: Json, found: list[Any]) -> int:
        value = found[asked]
        return UNKNOWN if isnan(value) else YES if compare(value, bound) else NO

    return work


def all_word(rule: Json, to: Compiler) -> Work:
    asked = [to.variable(name) for name in rule["all"]]
    return lambda _, found: join_all([found[each] for each in asked])


def any_word(rule: Json, to: Compiler) -> Work:
    asked = [to.variable(name) for name in rule["any"]]
    return lambda _, found: join_any([found[each] for each in asked])


def no_word(rule: Json, to: Compiler) -> Work:
    asked = to.variable(rule["no"])
    opposite = (YES, NO, UNKNOWN)
    return lambda _, found: opposite[found[asked]]


def groups_word(rule: Json, to: Compiler) -> Work:
    asked = [(word, to.variable(name)) for word, name in rule["groups"].items()]

    def work(_: Json, found: list[Any]) -> str:
        for word, place in asked:
            if found[place] != NO:
                return word if found[place] == YES else ""
        return ""

    return work
