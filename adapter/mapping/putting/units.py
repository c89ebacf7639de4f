"""The pairs of a rule in the pieces that are rewritten together, and the case values they carry.

Takes from: mapping.rules, mapping.path.  Gives to: mapping.putting.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from adapter.mapping.path import Path
from adapter.mapping.rules import Rule, also_path, flatten


def units(rule: Rule) -> Iterator[Rule]:
    """Plain pairs, places seen from where the rule stands; a Coding, or a text that spells a quantity, stays whole."""
    if rule.kind in ("first", "choice"):
        for branch in rule.rules:
            yield from (replace(each, spelled={**branch.spelled, **each.spelled}) for each in units(branch))
    elif rule.kind == "group" and not is_whole(rule):
        for inner in rule.rules:
            for unit in units(inner):
                also = tuple(rule.fhir + also_path(each) for each in unit.also or ())
                spelled = {**unit.spelled, "also": also} if also else unit.spelled
                yield replace(unit, case=rule.case + unit.case, fhir=rule.fhir + unit.fhir, spelled=spelled)
    elif rule.kind in ("leaf", "group"):
        yield rule


def is_whole(rule: Rule) -> bool:
    return rule.kind == "group" and (rule.codec.name == "coding" or bool((rule.codec.option or {}).get("text")))


def fields(rule: Rule) -> set[Path]:
    """The case values that a rule carries, from the place its map is about."""
    if rule.kind in ("const", "each"):
        return set()
    branches = rule.rules if rule.kind in ("first", "choice") else (rule,)
    carried = {leaf.case for branch in branches for leaf in flatten(branch)}
    return carried | {path for branch in branches for path, _ in branch.given}


def value_at(item: Any, path: Path) -> Any:
    for step in path.steps:
        item = item.get(step.name) if isinstance(item, dict) else None
    return item


def differs(rule: Rule, one: Any, other: Any) -> bool:
    return any(value_at(one, path) != value_at(other, path) for path in fields(rule))
