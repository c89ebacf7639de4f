"""Entries of a list inside a resource that stand for items of the case, brought up to the changed case.

Takes from: mapping.putting.  Gives to: mapping.putting.onto.
"""

from __future__ import annotations

import copy
from typing import Any

from adapter.errors import InvalidContentError, Json
from adapter.mapping.putting.moving import Moving
from adapter.mapping.putting.pairing import AmbiguousError, Moves, pair_items
from adapter.mapping.putting.refusals import ambiguous
from adapter.mapping.putting.rewriting import Rewriting
from adapter.mapping.putting.surveying import Survey, Told
from adapter.mapping.putting.units import fields, value_at
from adapter.mapping.rules import Rule
from adapter.mapping.select import collect


class Entries:
    """The entries of one rule with `each` in one resource.

    Shapes:  source    the resource as its map writes it of the changed case
             listed    items of the changed case that are written here, by their place in the list
    """

    def __init__(self, rule: Rule, told: Told, survey: Survey, source: Json, items: list[Json]) -> None:
        self.rule, self.element = rule, rule.fhir.steps[-1].name
        self.entries: list[Any] = list(told.resource.get(self.element) or ())
        self.items = survey.items_of(told, rule, self.entries)
        kept = [n for n, item in enumerate(items) if not _left_out(rule, item)]
        self.listed = {n: items[n] for n in kept}
        self.written = dict(zip(kept, collect(source, rule.fhir), strict=True))
        self.fields = [path for inner in rule.rules for path in fields(inner)]

    def rewrite(self, target: Json, rewriting: Rewriting, moves: Moves, old: list[Json], *, fresh: set[int]) -> None:
        """Shapes:  moves  old place of an item -> new place; fresh  new places of items that were not told before"""
        taken: dict[int, int] = {}
        made: list[tuple[int, Any]] = []
        for number, (entry, item) in enumerate(zip(self.entries, self.items, strict=True)):
            place = -1 if item is None else self._place(item, moves, old, taken)
            if place is None:
                continue
            taken[place] = number
            if item is not None and not self._says(self.listed[place], item):
                entry = copy.deepcopy(entry)
                rewriting.rewrite(entry, self.written[place], item, self.listed[place])
            made.append((place, entry))
        for n in (n for n in self.listed if n in fresh and n not in taken):
            before = next((at for at, (place, _) in enumerate(made) if place > n), len(made))
            made.insert(before, (n, copy.deepcopy(self.written[n])))
        if not self.rule.feed:
            made.sort(key=lambda each: each[0])
        target[self.element] = [entry for _, entry in made]
        if not made:
            del target[self.element]

    def _place(self, item: Json, moves: Moves, old: list[Json], taken: dict[int, int]) -> int | None:
        """The item of the changed case that an entry is to tell; None when it tells of nothing any more."""
        told = [n for n, each in self.listed.items() if self._says(each, item)]
        # A site without its segment is told by every lesion of that bone, but first by one that has none either;
        # when that one is left out by now, by none.
        if same := [n for n in told if self._is(self.listed[n], item)]:
            return same[0]
        own = next((n for n, each in enumerate(old) if self._is(each, item)), -1)
        if own in moves and moves[own] not in self.listed:
            return None
        if told:
            return told[0]
        before = next((n for n, each in enumerate(old) if self._says(each, item)), -1)
        moved = moves.get(before)
        return moved if moved in self.listed and moved not in taken else None

    def _is(self, known: Json, item: Json) -> bool:
        return self._says(known, item) and self._says(item, known)

    def _says(self, known: Json, item: Json) -> bool:
        if self.rule.feed:
            return all(item.get(key) in (None, "unknown", known.get(key)) for key in self.rule.feed)
        return all(value_at(known, path) == value_at(item, path) for path in self.fields)


def _left_out(rule: Rule, item: Json) -> bool:
    return any(item.get(name) == value for name, value in (rule.unless or {}).items())


def rewrite_entries(
    rewriting: Rewriting, told: Told, survey: Survey, moving: Moving, target: Json, source: Json, item: Any, old: Any
) -> None:
    """Every list of a resource: those of its own item, and those that tell a list of the case a second time."""
    for rule in (each for each in rewriting.rules if each.kind == "each" and len(each.fhir.steps) == 1):
        inner = Rewriting(rewriting.mapping, rule.rules, rewriting.elements, rule.fhir)
        if rule.feed:
            name = rule.case.steps[-1].name
            new = moving.new.get(name) or []
            was = {place: number for number, place in moving.lists.get(name, {}).items()}
            before = moving.old.get(name) or []
            fresh = {n for n in range(len(new)) if n not in was or _left_out(rule, before[was[n]])}
            entries = Entries(rule, told, survey, source, new)
            if moving.old.get(name) != moving.new.get(name):
                entries.rewrite(target, inner, moving.lists.get(name, {}), before, fresh=fresh)
        elif not str(rule.spelled["each"]).startswith("$.") and value_at(old, rule.case) != value_at(item, rule.case):
            before, after = value_at(old, rule.case) or [], value_at(item, rule.case) or []
            try:
                moves = pair_items(before, after, rule.match or (), lambda _: False)
            except AmbiguousError:
                raise InvalidContentError([ambiguous(str(rule.case), rule.match or ())]) from None
            fresh = set(range(len(after))) - set(moves.values())
            Entries(rule, told, survey, source, after).rewrite(target, inner, moves, before, fresh=fresh)
