"""What is written in the record: fields, members of lists, laboratory results.

Takes from: case, cohort.answers, cohort.variables.compiler.  Gives to: cohort.variables.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from itertools import product
from typing import Any

from adapter.case.fields import allowed_values, value_reader
from adapter.case.items import compile_where, words_of
from adapter.case.timeline import as_days
from adapter.cohort.answers import AS_RECORDED, DERIVED, NO, UNKNOWN, YES, Work, truth
from adapter.cohort.variables.compiler import Compiler
from adapter.errors import Json

BOUNDS: dict[str, Callable[[Any, Any], bool]] = {"equals": operator.eq, "at_least": operator.ge, "above": operator.gt}


def field_word(rule: Json, to: Compiler) -> Work:
    read, words, not_assessed = value_reader(rule["field"]), frozenset(rule["is"]), rule.get("not_assessed", [])
    silent, nothing = frozenset([None, "unknown"]), frozenset(not_assessed)
    answers: dict[Any, int] = {word: YES for word in words} | {word: UNKNOWN for word in nothing | silent}
    if "else" not in rule:
        return lambda case, _: answers.get(read(case), NO)
    other = to.variable(rule["else"])

    def work(case: Json, found: list[Any]) -> int:
        value = read(case)
        return found[other] if value in silent and value not in nothing else answers.get(value, NO)

    return work


def mark_of_field(rule: Json, to: Compiler) -> Work:
    read, other = value_reader(rule["field"]), to.variable(rule["else"])
    silent = frozenset([None, "unknown"]).difference(rule.get("not_assessed", []))

    def work(case: Json, found: list[Any]) -> int:
        return DERIVED if read(case) in silent and found[other] != UNKNOWN else AS_RECORDED

    return work


def list_word(rule: Json, to: Compiler) -> Work:
    name = rule["list"]
    if "where" not in rule:
        return lambda case, _: UNKNOWN if (items := case.get(name)) is None else YES if items else NO
    keys = tuple(rule["where"])
    if all(allowed_values(f"{name}[].{key}") for key in keys):
        return _among_words(rule, keys, to)
    matches = compile_where(rule["where"], {})

    def work(case: Json, _: list[Any]) -> int:
        items = case.get(name)
        if items is None:
            return UNKNOWN
        for item in items:
            if matches(item, case):
                return YES
        return NO

    return work


def _among_words(rule: Json, keys: tuple[str, ...], to: Compiler) -> Work:
    """Coded fields alone are asked: what they hold is collected once for all who ask, and held against the words."""
    name = rule["list"]
    wanted = {each for each in product(*(words_of(rule["where"][key]) for key in keys))}
    told = to.plan.place(f"{keys} of {name}", lambda: _collect(name, keys))

    def work(_: Json, found: list[Any]) -> int:
        values = found[told]
        return UNKNOWN if values is None else NO if wanted.isdisjoint(values) else YES

    return work


def _collect(name: str, keys: tuple[str, ...]) -> Work:
    if len(keys) == 1:
        [only] = keys
        return lambda case, _: None if (items := case.get(name)) is None else {(item.get(only),) for item in items}
    return lambda case, _: (
        None if (items := case.get(name)) is None else {tuple([item.get(key) for key in keys]) for item in items}
    )


def first_word(rule: Json, _: Compiler) -> Work:
    name, among = rule["first"], compile_where(rule["where"], {})
    is_so = compile_where(rule["is"], {})

    def work(case: Json, _: list[Any]) -> int:
        chosen = [item for item in case.get(name, ()) if among(item, case)]
        if not chosen:
            return UNKNOWN
        if len(chosen) > 1:
            dated = [(as_days(item.get("date")), item) for item in chosen]
            if any(days is None for days, _ in dated):
                return UNKNOWN
            chosen = [min(dated, key=lambda each: each[0].low)[1]]  # type: ignore[union-attr]
        return truth(is_so(chosen[0], case))

    return work


def measured_word(rule: Json, _: Compiler) -> Work:
    test, word = rule["measured"], next(word for word in BOUNDS if word in rule)
    bound = rule[word]

    def work(case: Json, _: list[Any]) -> int:
        values = [_exceeds(each, word, bound) for each in case.get("laboratory", ()) if each["test"] == test]
        return truth(True if True in values else False if values and None not in values else None)

    return work


def _exceeds(result: Json, word: str, bound: float) -> bool | None:
    """Is the true value certainly beyond the bound? "<5" against 10 is a no, "<20" says nothing."""
    value, comparator = result["value"], result.get("comparator")
    reaches = BOUNDS[word](value, bound)
    if comparator in (">", ">="):
        certainly = reaches or (comparator == ">" and value == bound)
        return True if certainly else None
    if comparator in ("<", "<="):
        certainly_not = not reaches or (comparator == "<" and value == bound)
        return False if certainly_not else None
    return reaches


def word_word(rule: Json, _: Compiler) -> Work:
    read = value_reader(rule["word"])
    return lambda case, _: "" if (value := read(case)) is None or value == "unknown" else value
