"""The words a criterion may use, each a test of one case that answers with evidence or not at all.

A condition holds only when the record makes it certain; then it names the places that made it so. There is no "not":
what the record does not say stays unsaid, and the last row of every criterion says "unknown".

Takes from: dates, case.  Gives to: eligibility.criteria.
Source: mappings/criteria.yaml, where every word is explained
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from adapter.case.fields import read_field
from adapter.case.items import Holds, compile_where
from adapter.case.timeline import birth_of, diagnosis_of, onset_form, onset_of
from adapter.dates import before, birthday, reached
from adapter.errors import Json

Evidence = tuple[str, ...]


@dataclass(frozen=True)
class Facts:
    """One case and the consistency rules it breaks (rule id -> JSON pointers)."""

    case: Json
    breaches: Mapping[str, list[str]]


Condition = Callable[[Facts], Evidence | None]


def compile_condition(declared: Json, lists: Mapping[str, Holds]) -> Condition:
    """One `when`, already proven; answers the evidence (possibly empty) when it holds, None when it does not."""
    word = next(word for word in _WORDS if word in declared)
    return _WORDS[word](declared, lists)


def _all(declared: Json, lists: Mapping[str, Holds]) -> Condition:
    parts = [compile_condition(part, lists) for part in declared["all"]]

    def condition(facts: Facts) -> Evidence | None:
        found: Evidence = ()
        for part in parts:
            if (evidence := part(facts)) is None:
                return None
            found += evidence
        return found

    return condition


def _any(declared: Json, lists: Mapping[str, Holds]) -> Condition:
    parts = [compile_condition(part, lists) for part in declared["any"]]

    def condition(facts: Facts) -> Evidence | None:
        held = [evidence for part in parts if (evidence := part(facts)) is not None]
        return tuple(dict.fromkeys(pointer for evidence in held for pointer in evidence)) if held else None

    return condition


def _field(declared: Json, _: Mapping[str, Holds]) -> Condition:
    field, present = declared["field"], declared.get("documented")
    words = declared.get("is", declared.get("is_not", []))
    words, inside = words if isinstance(words, list) else [words], "is" in declared

    def condition(facts: Facts) -> Evidence | None:
        pointer, value = next(read_field(facts.case, field), ("", None))
        if present is not None:
            holds = (value is not None) is present
        else:
            holds = value is not None and (value in words) is inside
        return ((pointer,) if pointer else ()) if holds else None

    return condition


def _some(declared: Json, lists: Mapping[str, Holds]) -> Condition:
    name, matches = declared["some"], compile_where(declared.get("where", {}), lists)

    def condition(facts: Facts) -> Evidence | None:
        found = [at for at, item in read_field(facts.case, f"{name}[]") if matches(item, facts.case)]
        return tuple(found) or None

    return condition


def _none(declared: Json, lists: Mapping[str, Holds]) -> Condition:
    some = _some({"some": declared["none"], "where": declared.get("where", {})}, lists)
    return lambda facts: () if some(facts) is None else None


def _every(declared: Json, lists: Mapping[str, Holds]) -> Condition:
    name, among = declared["every"], compile_where(declared["where"], lists)
    is_so = compile_where(declared["is"], lists)

    def condition(facts: Facts) -> Evidence | None:
        found = [(at, item) for at, item in read_field(facts.case, f"{name}[]") if among(item, facts.case)]
        good = bool(found) and all(is_so(item, facts.case) for _, item in found)
        return tuple(at for at, _ in found) if good else None

    return condition


def _empty(declared: Json, _: Mapping[str, Holds]) -> Condition:
    name = declared["empty"]
    return lambda facts: (f"/{name}",) if facts.case.get(name) == [] else None


def _broken(declared: Json, _: Mapping[str, Holds]) -> Condition:
    rules, within = declared["broken"], tuple(f"/{section}/" for section in declared["within"])

    def condition(facts: Facts) -> Evidence | None:
        found = [at for rule in rules for at in facts.breaches.get(rule, ()) if at.startswith(within)]
        return tuple(dict.fromkeys(found)) or None

    return condition


def _onset(word: str, wanted: bool) -> Callable[[Json, Mapping[str, Holds]], Condition]:
    return lambda declared, _: lambda facts: _age_evidence(_onset_under(facts.case, declared[word]), wanted)


def _diagnosis(word: str, wanted: bool) -> Callable[[Json, Mapping[str, Holds]], Condition]:
    return lambda declared, _: lambda facts: _age_evidence(_diagnosis_under(facts.case, declared[word]), wanted)


def _age_evidence(answer: tuple[bool | None, Evidence], wanted: bool) -> Evidence | None:
    under, evidence = answer
    return evidence if under is wanted else None


def _onset_under(case: Json, years: int) -> tuple[bool | None, Evidence]:
    """Certainly under, certainly not, or None; an age decides without a birth date, the calendar where it cannot."""
    form, value = onset_form(case)
    if form in ("age", "range") and (by_age := _age_under(form, value, years)) is not None:
        return by_age, (f"/diagnosis/onset/{form}",)
    onset, born = onset_of(case), birth_of(case)
    if not onset or not born:
        return None, ()
    pointers = tuple(dict.fromkeys(onset.pointers + born.pointers))
    return before(onset.interval, birthday(born.interval, years)), pointers


def _age_under(form: str, value: Any, years: int) -> bool | None:
    if form == "age":
        grown = reached(value["value"], value["unit"], years)
        return None if grown is None else not grown
    low, high = value.get("low"), value.get("high")
    if high and reached(high["value"], high["unit"], years) is False:
        return True
    return False if low and reached(low["value"], low["unit"], years) else None


def _diagnosis_under(case: Json, years: int) -> tuple[bool | None, Evidence]:
    diagnosed, born = diagnosis_of(case), birth_of(case)
    if not diagnosed or not born:
        return None, ()
    return before(diagnosed.interval, birthday(born.interval, years)), diagnosed.pointers + born.pointers


_WORDS: dict[str, Callable[[Json, Mapping[str, Holds]], Condition]] = {
    "all": _all,
    "any": _any,
    "field": _field,
    "some": _some,
    "none": _none,
    "every": _every,
    "empty": _empty,
    "broken": _broken,
    "onset_before_age": _onset("onset_before_age", True),
    "onset_from_age": _onset("onset_from_age", False),
    "diagnosis_before_age": _diagnosis("diagnosis_before_age", True),
}
