"""Which resources a map takes, as far as one condition can say it: drops by status, and a single select by codes.

Takes from: mapping.language, exporting.codes, exporting.gaps, exporting.structure.  Gives to: exporting.reading.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from adapter.errors import Json
from adapter.mapping.exporting.codes import none_of, one_of
from adapter.mapping.exporting.gaps import Gap, condition_gap
from adapter.mapping.exporting.structure import MapRule, Names, Source
from adapter.mapping.exporting.text import quoted
from adapter.mapping.rules import Map

Wrap = Callable[[tuple[MapRule, ...]], tuple[MapRule, ...]]


def wrap_selected(mapping: Map, names: Names, gaps: list[Gap]) -> Wrap:
    """Puts rules below the map's own conditions; what cannot be said of them goes into `gaps`."""
    wraps = [*_drops(mapping, names, gaps), *_selects(mapping, names, gaps)]

    def wrap(rules: tuple[MapRule, ...]) -> tuple[MapRule, ...]:
        for each in reversed(wraps):
            rules = each(rules)
        return rules

    return wrap


def _drops(mapping: Map, names: Names, gaps: list[Gap]) -> list[Wrap]:
    found = []
    # A condition hangs on an element: only one that is always there can be asked to be something else.
    always = not any(rule.missing for rule in mapping.rules)
    for spelled in mapping.get("drop") or ():
        statuses = spelled.get("status")
        if always and statuses is not None and not set(spelled) - {"status", "why"}:
            listed = statuses if isinstance(statuses, list) else [statuses]
            found.append(_wrap(names, f"{mapping.name}.drop", "status", partial(none_of, words=listed)))
        else:
            gaps.append(condition_gap(mapping, "drop", spelled))
    return found


def _selects(mapping: Map, names: Names, gaps: list[Gap]) -> list[Wrap]:
    spelled: list[Json] = mapping.get("select") or []
    keys = _keys(mapping, spelled[0]) if len(spelled) == 1 else None
    if not keys:
        gaps.extend(condition_gap(mapping, "select", each) for each in spelled)
        return []
    return [_wrap(names, f"{mapping.name}.select", next(iter(spelled[0])), lambda v: _has_coding(v, keys))]


def _keys(mapping: Map, spelled: Json) -> set[tuple[Any, Any]] | None:
    """The (system, code) of which one must be there, when that is all that is asked."""
    [(element, condition), *others] = spelled.items()
    if others or not element.isidentifier():
        return None
    if "coding" in condition:
        listed = (
            (system, codes if isinstance(codes, list) else [codes]) for system, codes in condition["coding"].items()
        )
        return {(mapping.systems.uri(system), code) for system, codes in listed for code in codes}
    if "table" in condition and "words" not in condition:
        return set(mapping.tables[condition["table"]].words)
    return None


def _has_coding(variable: str, keys: set[tuple[Any, Any]]) -> str:
    systems: dict[str, list[str]] = {}
    for system, code in sorted(keys):
        systems.setdefault(system, []).append(code)
    tests = (f"system = {quoted(system)} and {_among(codes)}" for system, codes in systems.items())
    return f"{variable}.coding.where({' or '.join(f'({test})' for test in tests)}).exists()"


def _among(codes: list[str]) -> str:
    return one_of("code", codes)


def _wrap(names: Names, rule_id: str, element: str, condition: Callable[[str], str]) -> Wrap:
    def wrap(rules: tuple[MapRule, ...]) -> tuple[MapRule, ...]:
        variable = names.variable()
        return (MapRule(names.rule(rule_id), Source("sent", element, variable, condition(variable)), (), rules),)

    return wrap
