"""What each rule promises: whether what it carries comes back, and what does not.

    iso      every value comes back as it went, both ways
    checked  likewise for the values it knows; any other is told, never altered
    lossy    a part of what is read is not kept; it says which
    one-way  serves one direction; the other is another rule's

Takes from: mapping.rules.  Gives to: cli.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from adapter.mapping.rules import Language, Map, Rule, flatten

Promise = Literal["iso", "checked", "lossy", "one-way"]

_LOST = {"date": "the time of day", "words": "the wording"}


@dataclass(frozen=True)
class Law:
    """Shapes:  remark  what a lossy rule loses, or which way a one-way rule serves; "" otherwise"""

    rule: str
    origin: str
    promise: Promise
    remark: str


def laws(language: Language) -> list[Law]:
    """One law a plain pair, in the order of the files."""
    return [law for mapping in language.maps for law in _of_map(mapping)]


def _of_map(mapping: Map) -> Iterator[Law]:
    for rule in mapping.rules:
        for pair in pairs_of(rule):
            yield _law(pair, mapping.get("one-way") or pair.direction)


def pairs_of(rule: Rule) -> Iterator[Rule]:
    """The plain pairs inside a rule, whatever its kind."""
    inner = rule.rules if rule.kind in ("first", "choice", "each") else ()
    if inner:
        for branch in inner:
            yield from pairs_of(branch)
    elif rule.kind != "const":
        yield from flatten(rule)


def _law(rule: Rule, direction: str | None) -> Law:
    lost = rule.loses or _LOST.get(rule.codec.name, "")
    if direction:
        return Law(rule.id, rule.origin, "one-way", direction)
    if lost:
        return Law(rule.id, rule.origin, "lossy", lost)
    return Law(rule.id, rule.origin, "checked" if rule.codec.law == "checked" else "iso", "")
