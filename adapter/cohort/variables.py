"""The closed vocabulary of derived variables: each word of statistics.yaml, as a question to one case.

A record that is silent answers "unknown"; a variable over a list is known once the list is documented.

Takes from: dates, case, cohort.answers, cohort.sites, cohort.courses.  Gives to: cohort.statistics.
Source: mappings/statistics.yaml, where every word is explained
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

from adapter.case.fields import read_field
from adapter.case.items import compile_where
from adapter.case.timeline import as_days, date_of
from adapter.cohort.answers import UNKNOWN, Answer, Ask, Variable, join_all, join_any, truth
from adapter.cohort.courses import in_line, started_after
from adapter.cohort.sites import Sites
from adapter.dates import before, duration
from adapter.errors import Json

_BOUNDS: dict[str, Callable[[Any, Any], bool]] = {"equals": operator.eq, "at_least": operator.ge, "above": operator.gt}


def compile_variable(declared: Json, sites: Sites) -> Variable:
    """One variable, already proven."""
    word = next(word for word in _WORDS if word in declared)
    return _WORDS[word](declared, sites)


def _field(declared: Json, _: Sites) -> Variable:
    field, words, fallback = declared["field"], declared["is"], declared.get("else")
    not_assessed = declared.get("not_assessed", [])

    def variable(case: Json, ask: Ask) -> Answer:
        _, value = next(read_field(case, field), ("", None))
        if value in not_assessed:
            return UNKNOWN
        if value is None or value == "unknown":
            return _derived(ask(fallback)) if fallback else UNKNOWN
        return truth(value in words)

    return variable


def _derived(answer: Answer) -> Answer:
    return answer if answer.value is None else answer._replace(mark="derived")


def _list(declared: Json, _: Sites) -> Variable:
    name, matches = declared["list"], compile_where(declared.get("where", {}), {})

    def variable(case: Json, _: Ask) -> Answer:
        return truth(any(matches(item, case) for item in case[name])) if name in case else UNKNOWN

    return variable


def _first(declared: Json, _: Sites) -> Variable:
    name, among = declared["first"], compile_where(declared["where"], {})
    is_so = compile_where(declared["is"], {})

    def variable(case: Json, _: Ask) -> Answer:
        dated = [(as_days(item.get("date")), item) for item in case.get(name, []) if among(item, case)]
        if len(dated) > 1 and any(days is None for days, _ in dated):
            return UNKNOWN
        chosen = min(dated, key=lambda each: each[0].low if each[0] else 0, default=None)
        return truth(is_so(chosen[1], case)) if chosen else UNKNOWN

    return variable


def _number(declared: Json, _: Sites) -> Variable:
    word = next(word for word in _BOUNDS if word in declared)
    name, compare, bound = declared["number"], _BOUNDS[word], declared[word]

    def variable(case: Json, ask: Ask) -> Answer:
        answer = ask(name)
        return answer if answer.value is None else Answer(compare(answer.value, bound), answer.mark)

    return variable


def _measured(declared: Json, _: Sites) -> Variable:
    test, word = declared["measured"], next(word for word in _BOUNDS if word in declared)
    bound = declared[word]

    def variable(case: Json, _: Ask) -> Answer:
        values = [_exceeds(each, word, bound) for each in case.get("laboratory", []) if each["test"] == test]
        return truth(True if True in values else False if values and None not in values else None)

    return variable


def _exceeds(result: Json, word: str, bound: float) -> bool | None:
    """Is the true value certainly beyond the bound? "<5" against 10 is a no, "<20" says nothing."""
    value, comparator = result["value"], result.get("comparator")
    reaches = _BOUNDS[word](value, bound)
    if comparator in (">", ">="):
        certainly = reaches or (comparator == ">" and value == bound)
        return True if certainly else None
    if comparator in ("<", "<="):
        certainly_not = not reaches or (comparator == "<" and value == bound)
        return False if certainly_not else None
    return reaches


def _sites(declared: Json, sites: Sites) -> Variable:
    name, region = declared["sites"], declared.get("region")

    def variable(case: Json, _: Ask) -> Answer:
        found = sites.of(case.get(name), region)
        return UNKNOWN if found is None else Answer(float(len(found)))

    return variable


def _silent(declared: Json, sites: Sites) -> Variable:
    """Lesions seen in one list (of these modalities) and absent from the other."""
    name, other, matches = declared["silent"], declared["not_in"], compile_where(declared["where"], {})

    def variable(case: Json, _: Ask) -> Answer:
        seen = sites.of([item for item in case.get(name, []) if matches(item, case)])
        felt = sites.of(case.get(other))
        return truth(bool(seen - felt)) if seen and felt is not None else UNKNOWN

    return variable


def _from(declared: Json, _: Sites) -> Variable:
    start_field, end_field, unit = declared["from"], declared["to"], declared["unit"]

    def variable(case: Json, _: Ask) -> Answer:
        start, end = date_of(case, start_field), date_of(case, end_field)
        if not start or not end or start.interval.is_open or end.interval.is_open:
            return UNKNOWN
        length = duration(start.interval, end.interval, unit)
        if length < 0:
            return Answer(None, "unusable" if before(end.interval, start.interval) else "")
        exact = start.interval.is_exact and end.interval.is_exact
        return Answer(length, "" if exact else "midpoint")

    return variable


def _line(declared: Json, _: Sites) -> Variable:
    line, wanted = declared["line"], declared.get("class")
    return lambda case, _: truth(in_line(case.get("treatments"), line, wanted))


def _started(declared: Json, _: Sites) -> Variable:
    wanted, events = declared["started"], declared["not_before"]
    return lambda case, _: truth(started_after(case.get("treatments"), wanted, case.get(events)))


def _all(declared: Json, _: Sites) -> Variable:
    return lambda case, ask: join_all([ask(name) for name in declared["all"]])


def _any(declared: Json, _: Sites) -> Variable:
    return lambda case, ask: join_any([ask(name) for name in declared["any"]])


def _no(declared: Json, _: Sites) -> Variable:
    def variable(case: Json, ask: Ask) -> Answer:
        answer = ask(declared["no"])
        return answer if answer.value is None else answer._replace(value=not answer.value)

    return variable


_WORDS: dict[str, Callable[[Json, Sites], Variable]] = {
    "field": _field,
    "list": _list,
    "first": _first,
    "number": _number,
    "measured": _measured,
    "sites": _sites,
    "silent": _silent,
    "from": _from,
    "line": _line,
    "started": _started,
    "all": _all,
    "any": _any,
    "no": _no,
}
