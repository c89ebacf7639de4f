"""Rules of an overlay set among those of a map.

Takes from: mapping.rules.  Gives to: mapping.language.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from adapter.mapping.rules import Rule


def around(rules: tuple[Rule, ...], name: str, kind: str = "map") -> str:
    """The kind of the rule in which the one of this name stands; "map" when it stands in none, or nowhere."""
    for rule in rules:
        if rule.id == name:
            return kind
        if any(leaf.id == name for leaf in rule.leaves()):
            return around(rule.rules, name, rule.kind)
    return "map"


def exchange(rules: tuple[Rule, ...], name: str, made: tuple[Rule, ...]) -> tuple[Rule, ...]:
    """The rules with others in the place of the one of this name."""
    found: list[Rule] = []
    for rule in rules:
        found += moved(made, rule.at) if rule.id == name else [replace(rule, rules=exchange(rule.rules, name, made))]
    return tuple(found)


def moved(rules: Iterable[Rule], at: int) -> list[Rule]:
    """Rules that come in at another line than their own."""
    return [replace(rule, at=at, rules=tuple(moved(rule.rules, at))) for rule in rules]
