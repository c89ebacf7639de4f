"""One resource brought to say what an item of the changed case says: what no rule reads is not touched.

Takes from: mapping.rules, mapping.putting.  Gives to: mapping.putting.onto.
Source: https://hl7.org/fhir/R4/narrative.html#status, https://hl7.org/fhir/R4/formats.html#choice
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from copy import deepcopy
from typing import Any

from adapter.canonical import DATA_ABSENT_REASON
from adapter.errors import Json
from adapter.mapping.checks.elements import Elements
from adapter.mapping.path import HERE, Path, Step, parse_path
from adapter.mapping.putting.clearing import (
    Keys,
    clear_codings,
    clear_list,
    clear_reference,
    clear_value,
    key_of,
    keys_of,
    merge_codings,
    pick_foreign,
    put_reference,
    put_value,
)
from adapter.mapping.putting.places import Places
from adapter.mapping.putting.units import differs, is_whole, units, value_at
from adapter.mapping.rules import Map, Rule, also_path
from adapter.mapping.select import collect

_ABSENT = Step("extension", "slice", "url", DATA_ABSENT_REASON)
_CODING = Path((Step("coding"),))
# Codecs that may meet a value which means nothing to them.
_UNDERSTOOD = ("concept", "codings", "code", "values", "affix")


class UnreadError(ValueError):
    """Something stands where the rule would write, and the map cannot read it.

    Shapes:  rule, element  whose place that is
    """

    def __init__(self, rule: Rule, element: str) -> None:
        super().__init__(element)
        self.rule, self.element = rule, element


class Rewriting:
    """Acts on the objects that one list of rules speaks of: a resource, or the entries of a list in it."""

    def __init__(self, mapping: Map, rules: tuple[Rule, ...], elements: Elements, base: Path = HERE) -> None:
        self.mapping, self.rules, self.elements, self.base = mapping, rules, elements, base
        self.places = Places(rules)

    def rewrite(self, target: Json, source: Json, old: Any, new: Any, *, thorough: bool = False) -> None:
        """Take out what says otherwise, then put in what the source says.

        Shapes:  source    the new item as the map writes it
                 thorough  also where the value was found among several entries of a list
        Errors:  UnreadError
        """
        changed, before = [rule for rule in self.rules if differs(rule, old, new)], deepcopy(target)
        for rule in changed:
            for unit in units(rule):
                self._erase(target, source, unit, thorough=thorough)
        for rule in changed:
            for unit in units(rule):
                if unit.to_fhir and not unit.fhir.lazy:
                    self._write(target, source, unit, old)
        for path in (path for rule in changed for unit in units(rule) for path in _touched(unit)):
            self.places.tidy(target, path)
        for rule in self._constants() if changed else ():
            # A status that said `preliminary`, and was read as an answer, is gone; the resource needs one.
            if collect(before, rule.fhir) and not collect(target, rule.fhir):
                self.places.copy(target, source, rule.fhir, put_value, self._ready)

    def insist(self, target: Json, source: Json) -> None:
        """What the map always writes, also beside something else: without it nobody would read the resource."""
        for rule in self._constants():
            self.places.copy(target, source, rule.fhir, _beside, self._ready)

    def _constants(self) -> list[Rule]:
        return [rule for rule in self.rules if rule.kind == "const" and rule.to_fhir]

    def _erase(self, target: Json, source: Json, unit: Rule, *, thorough: bool) -> None:
        if any(step.pick == "resolve" for step in unit.fhir.steps) or unit.codec.name == "words":
            return
        if (unit.fhir.lazy and not thorough) or not (unit.fhir.steps or unit.codec.concept):
            return
        there = collect(source, unit.fhir) if unit.fhir.steps else [source]
        if is_whole(unit):
            self._erase_whole(target, unit, keys_of(there))
            return
        keep = keys_of(there)
        if unit.codec.concept:
            self.places.erase(target, unit.fhir + _CODING, clear_codings(unit, keep))
        elif unit.codec.name == "codings":
            self.places.erase(target, unit.fhir, clear_list(unit, keep))
        else:
            clear = clear_reference if unit.codec.name == "key" else clear_value(unit)
            self.places.erase(target, unit.fhir, clear)
            for path in _companions(unit):
                self.places.erase(target, path, lambda holder, step: holder.pop(step.name, None) and None)

    def _erase_whole(self, target: Json, unit: Rule, keep: Keys) -> None:
        tables, names = self.mapping.tables, tuple(step.name for step in unit.fhir.steps)

        def clear(holder: Json, step: Step) -> None:
            listed = holder.get(step.name)
            if not isinstance(listed, list):
                holder.pop(step.name, None)
                return
            free = self.places.unclaimed([each for each in listed if isinstance(each, dict)], names)
            picked = pick_foreign(unit, free, tables)
            if picked is not None and key_of(picked) not in keep:
                holder[step.name] = [each for each in listed if each is not picked]
            if not holder[step.name]:
                del holder[step.name]

        self.places.erase(target, unit.fhir, clear)

    def _write(self, target: Json, source: Json, unit: Rule, old: Any) -> None:
        if is_whole(unit):
            self.places.copy(target, source, unit.fhir, self._put_coding(unit), self._ready)
            return
        path = unit.fhir + _CODING if unit.codec.concept else unit.fhir
        if value_at(old, unit.case) is None and unit.codec.name in _UNDERSTOOD:
            self._ensure_ours(target, source, path, unit)
        put: Callable[[Json, Json, Step], None] = put_value
        if unit.codec.concept or unit.codec.name == "codings":
            put = merge_codings
        elif unit.codec.name == "key":
            put = put_reference
        for each in (path, *_companions(unit)):
            self.places.copy(target, source, each, put if each is path else put_value, self._ready)

    def _ensure_ours(self, target: Json, source: Json, path: Path, unit: Rule) -> None:
        """Codings that no table knows stand there, and nothing was read of them: they may mean something else."""
        there, ours = collect(target, path), collect(source, path)
        if ours and there and not keys_of(ours) & keys_of(there):
            raise UnreadError(unit, unit.fhir.fhirpath)

    def _put_coding(self, unit: Rule) -> Callable[[Json, Json, Step], None]:
        """A Coding among those that no slice claims: the first of them."""
        names = tuple(step.name for step in unit.fhir.steps)

        def put(holder: Json, source: Json, step: Step) -> None:
            theirs, mine = deepcopy(source[step.name]), holder.get(step.name)
            if not isinstance(theirs, list):
                holder[step.name] = theirs
                return
            chosen = self.places.unclaimed(theirs, names) if step.pick == "other" else theirs[:1]
            listed = [each for each in mine or () if isinstance(each, dict)]
            for coding in chosen[:1]:
                same = next((each for each in listed if key_of(each) == key_of(coding)), {})
                rest = [each for each in listed if each is not same]
                claimed = [each for each in rest if each not in self.places.unclaimed([each], names)]
                free = [each for each in rest if each not in claimed]
                holder[step.name] = [*claimed, {**same, **coding}, *free]

        return put

    def _ready(self, holder: Json, path: Path) -> None:
        """Of an element with several types only one may stand: another one that the map knows gives way."""
        way = self.elements.walk(self.mapping.resource, self.base + path, strict=False)
        holders, found = way[-2], way[-1]
        mine = next(iter(found), None)
        if mine is None or not mine.choice or not holders:
            return
        for name, other in self.elements.members(holders[0].inside).elements.items():
            if other.choice == mine.choice and name != mine.name and name in holder:
                if len(path.steps) == 1 and name not in self.places.known:
                    raise UnreadError(_rule_at(self.rules, path), name)
                del holder[name]
                holder.pop(f"_{name}", None)


def _beside(holder: Json, source: Json, step: Step) -> None:
    theirs, mine = deepcopy(source[step.name]), holder.get(step.name)
    if isinstance(theirs, list) and isinstance(mine, list):
        holder[step.name] = [*(each for each in theirs if each not in mine), *mine]
    elif isinstance(theirs, dict) and isinstance(mine, dict) and "coding" in theirs:
        merge_codings(mine, theirs, Step("coding"))
    else:
        holder[step.name] = theirs


def _companions(unit: Rule) -> Iterable[Path]:
    parent = Path(unit.fhir.steps[:-1])
    yield from (parent + parse_path(name, {}) for name in unit.with_ or ())
    yield from (also_path(each) for each in unit.also or ())
    if unit.missing:
        yield parent + Path((Step(f"_{unit.fhir.steps[-1].name}"), _ABSENT, Step("valueCode")))


def _touched(unit: Rule) -> Iterable[Path]:
    path = unit.fhir + _CODING if unit.codec.concept else unit.fhir
    yield from (each for each in (path, *_companions(unit)) if each.steps)


def _rule_at(rules: tuple[Rule, ...], path: Path) -> Rule:
    """The rule whose element it is, for telling."""
    return next(
        (unit for rule in rules for unit in units(rule) if unit.fhir.steps[: len(path.steps)] == path.steps), rules[0]
    )


def mark_narrative(resource: Json) -> None:
    """A narrative made from the data says no longer what they say, and must not claim to."""
    text = resource.get("text")
    if isinstance(text, dict) and text.get("status") in ("generated", "extensions"):
        text["status"] = "additional"
