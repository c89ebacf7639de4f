"""What is written in the record: fields, members of lists, laboratory results.

Takes from: case, cohort.answers, cohort.variables.compiler.  Gives to: cohort.variables.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from itertools import product
from typing import Any

from adapter.case.fields import allowed_values
from adapter.case.items import compile_where, words_of
from adapter.case.timeline import as_days
from adapter.cohort.answers import AS_RECORDED, DERIVED, NO, UNKNOWN, YES, Expression, Step, truth
from adapter.cohort.plan import reading
from adapter.cohort.variables.compiler import Compiler
from adapter.errors import Json

# The words of a comparison, as functions and as Python writes them.
SIGNS = {"equals": "==", "at_least": ">=", "above": ">"}
BOUNDS: dict[str, Callable[[Any, Any], bool]] = {"equals": operator.eq, "at_least": operator.ge, "above": operator.gt}


def field_word(rule: Json, to: Compiler) -> Step:
    unknown = {None, "unknown", *rule.get("not_assessed", [])}
    answers: dict[Any, int] = dict.fromkeys(rule["is"], YES) | dict.fromkeys(unknown, UNKNOWN)
    read = reading(rule["field"])
    if "else" not in rule:
        return Expression(f"$0.get({read}, {NO})", (answers,))
    other = to.variable(rule["else"])
    text = f"found[{other}] if (value := {read}) in $1 else $0.get(value, {NO})"
    return Expression(text, (answers, _silent(rule)))


def _silent(rule: Json) -> frozenset[str | None]:
    """What a field says when another variable answers in its place."""
    return frozenset([None, "unknown"]).difference(rule.get("not_assessed", []))


def mark_of_field(rule: Json, to: Compiler) -> Step:
    answered = f"{reading(rule['field'])} in $0 and found[{to.variable(rule['else'])}] != {UNKNOWN}"
    return Expression(f"{DERIVED} if {answered} else {AS_RECORDED}", (_silent(rule),))


def list_word(rule: Json, to: Compiler) -> Step:
    name = rule["list"]
    if "where" not in rule:
        return Expression(f"{UNKNOWN} if (items := case.get({name!r})) is None else {YES} if items else {NO}")
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


def _among_words(rule: Json, keys: tuple[str, ...], to: Compiler) -> Step:
    """Coded fields alone are asked: what they hold is collected once for all who ask, and held against the words."""
    name = rule["list"]
    wanted = frozenset(product(*(words_of(rule["where"][key]) for key in keys)))
    held = ", ".join(f"item.get({key!r})" for key in keys)
    collected = f"None if (items := case.get({name!r})) is None else {{({held},) for item in items}}"
    told = to.plan.place(f"{keys} of {name}", lambda: Expression(collected))
    return Expression(
        f"{UNKNOWN} if (told := found[{told}]) is None else {NO} if $0.isdisjoint(told) else {YES}", (wanted,)
    )


def first_word(rule: Json, _: Compiler) -> Step:
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


def measured_word(rule: Json, _: Compiler) -> Step:
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


def word_word(rule: Json, _: Compiler) -> Step:
    return Expression(f"'' if (value := {reading(rule['word'])}) is None or value == 'unknown' else value")
