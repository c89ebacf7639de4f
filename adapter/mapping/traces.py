"""Where each value of a case came from: told after the fact, by reading the Bundle once more.

Every value that a reader took is a candidate for its place; the one that stands there now is the one that counts, as
several resources may speak of one thing.

Takes from: mapping.assembly, mapping.run, mapping.rules.  Gives to: mapping.engine.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from adapter.errors import Json
from adapter.mapping.assembly import Assembly, Pointer
from adapter.mapping.path import Path
from adapter.mapping.rules import Rule, flatten
from adapter.mapping.run import Run, Taken
from adapter.mapping.select import collect


@dataclass(frozen=True)
class _Scope:
    """What a rule was run on: an object of a resource, and what became of it.

    Shapes:  source  the resource or the entry of a list; `place` where it stands in the Bundle
             value   the item made of it; `pointer` where it stands in the case
    """

    run: Run
    source: Any
    place: str
    value: Any
    pointer: Pointer

    def below(self, path: Path) -> str:
        """FHIRPath in the Bundle."""
        return f"{self.place}.{path.fhirpath}" if path.steps else self.place


def trace(assembly: Assembly) -> list[Json]:
    """One entry a value of the case.

    Shapes:  returns  [{"case": JSON pointer, "rule", "origin": file:line, "source": FHIRPath in the Bundle[, "table"]
                      [, "default": true]}]; `default`: nothing stands there, the rule says what that means
    """
    found: dict[Pointer, Json] = {}
    for pointer, value, entry in _candidates(assembly):
        if pointer not in found and _stands(assembly.case, pointer, value):
            found[pointer] = {"case": "".join(f"/{part}" for part in pointer), **entry}
    return sorted(found.values(), key=lambda entry: str(entry["case"]))


Candidate = tuple[Pointer, Any, Json]


def _candidates(assembly: Assembly) -> Iterator[Candidate]:
    """Values as they were read; those of what was kept whole come before those that only filled gaps."""
    yield from _of_names(assembly)
    filling: list[Taken] = []
    for taken in assembly.run.taken or ():
        if (pointer := assembly.pointer(taken)) is not None:
            yield from _of_taken(assembly.run, taken, pointer)
        elif taken.way.slot.place == "object":
            filling.append(taken)
    for taken in filling:
        yield from _of_taken(assembly.run, taken, (taken.way.slot.case,))
    yield from _of_feeds(assembly)


def _stands(case: Json, pointer: Pointer, value: Any) -> bool:
    found: Any = case
    try:
        for part in pointer:
            found = found[part]
    except (KeyError, IndexError, TypeError):
        return False
    return bool(found == value)


def _of_taken(run: Run, taken: Taken, pointer: Pointer) -> Iterator[Candidate]:
    value = taken.item if taken.alone is None else taken.alone
    if taken.mapping.place == "join":
        value = value[2]
    elif taken.mapping.place == "keyed":
        # The key of an answer is the name of its place, not a value.
        value = {"value": value[1]}
    scope = _Scope(run, taken.resource, taken.place, value, pointer)
    for pointer, value, entry in _of_rules(scope, taken.mapping.rules):
        yield (pointer[:-1] if taken.mapping.place == "keyed" else pointer), value, entry


def _of_rules(scope: _Scope, rules: tuple[Rule, ...]) -> Iterator[Candidate]:
    for rule in rules:
        if rule.kind == "each" and not rule.feed:
            yield from _of_list(scope, rule)
        elif rule.kind not in ("const", "each") and rule.from_fhir:
            yield from _of_rule(scope, rule)


def _of_rule(scope: _Scope, rule: Rule) -> Iterator[Candidate]:
    took = scope.run.told.get(id(scope.source), ())
    branches = rule.rules if rule.kind in ("first", "choice") else (rule,)
    branch = next((each for each in branches if any(each is told for told in took)), None)
    if branch is None and (rule.kind in ("first", "choice") or rule.default is not None):
        for path in dict.fromkeys(leaf.case for each in branches for leaf in flatten(each)):
            for pointer, value in _values(scope, path):
                yield pointer, value, {**_entry(rule, scope.place), "default": True}
        return
    branch = branch or rule
    for leaf in flatten(branch):
        for pointer, value in _values(scope, leaf.case):
            yield pointer, value, _entry(leaf, scope.below(_place(scope, leaf)), value)
    for path, given in branch.given:
        for pointer, value in _values(scope, path):
            if value == given:
                yield pointer, value, _entry(branch, scope.below(branch.fhir))


def _place(scope: _Scope, leaf: Rule) -> Path:
    """Where a value stood: the whole of it when the member is not there and the codec made do with the others."""
    if leaf.fhir.lazy or collect(scope.source, leaf.fhir):
        return leaf.fhir
    return Path(leaf.fhir.steps[:-1])


def _of_list(scope: _Scope, rule: Rule) -> Iterator[Candidate]:
    items = scope.value
    for step in rule.case.steps:
        items = items.get(step.name) if isinstance(items, dict) else None
    at = (*scope.pointer, *(step.name for step in rule.case.steps))
    for number, item in enumerate(items or ()):
        yield from _of_rules(_entry_of(scope, rule, item, (*at, number)), rule.rules)


def _entry_of(scope: _Scope, rule: Rule, item: Json, pointer: Pointer) -> _Scope:
    number, entry = scope.run.entries[id(item)]
    return replace(scope, source=entry, place=f"{scope.below(rule.fhir)}[{number}]", value=item, pointer=pointer)


def _of_feeds(assembly: Assembly) -> Iterator[Candidate]:
    """Items that came in a second place: each knows its entry of the list it was told in."""
    at = {id(taken.resource): taken for taken in assembly.run.taken or ()}
    for name, items, _, resource in assembly.run.feeds:
        taken, places = at[id(resource)], {id(each): n for n, each in enumerate(assembly.case.get(name, ()))}
        rule = next(each for each in taken.mapping.rules if each.feed and each.case.steps[-1].name == name)
        scope = _Scope(assembly.run, resource, taken.place, None, ())
        for item in (each for each in items if id(each) in places):
            yield from _of_rules(_entry_of(scope, rule, item, (name, places[id(item)])), rule.rules)


def _of_names(assembly: Assembly) -> Iterator[Candidate]:
    """Names that were given to items because another item points at them."""
    for pending, pointer, name in assembly.named:
        scope = _Scope(assembly.run, pending.at.resource, pending.at.place, None, ())
        yield pointer, name, _entry(pending.rule, scope.below(pending.rule.fhir))


def _values(scope: _Scope, path: Path) -> Iterator[tuple[Pointer, Any]]:
    value = scope.value
    for step in path.steps:
        value = value.get(step.name) if isinstance(value, dict) else None
    if value is not None and not isinstance(value, dict | list):
        yield (*scope.pointer, *(step.name for step in path.steps)), value


def _entry(rule: Rule, source: str, value: Any = None) -> Json:
    entry = {"rule": rule.id, "origin": rule.origin, "source": source}
    table = rule.codec.table
    return {**entry, "table": table.origins[value]} if table and value in table.rows else entry
