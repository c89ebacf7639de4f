"""Which rule wrote each value of a resource, and of which value of the case: told after the fact.

A place of a resource has one writer (proven when the maps are loaded), so the writer follows from the place.

Takes from: mapping.putting, mapping.rules, mapping.path.  Gives to: mapping.engine.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from adapter.canonical import DATA_ABSENT_REASON
from adapter.errors import Json
from adapter.mapping.path import Path, Step, parse_path
from adapter.mapping.putting import Places, Pointer, places_of
from adapter.mapping.rules import Map, Rule, also_path, flatten

_ABSENT = Step("extension", "slice", "url", DATA_ABSENT_REASON)


@dataclass
class _Scope:
    """What the rules wrote of one object of the case.

    Shapes:  holder, at  the resource or an entry of it, and where that is in the resource
             item, pointer  the case value it was written of, and where that is in the case
             authors  pointer in the resource -> what is told of everything there
    """

    case: Json
    places: Places
    holder: Any
    at: Pointer
    item: Any
    pointer: Pointer
    authors: dict[Pointer, Json] = field(default_factory=dict)

    def claim(self, path: Path, told: Json) -> None:
        """What stands at a path is told so, and the entries on the way when nobody else tells of them."""
        for pointer, last in self._positions(path):
            if last:
                self.authors[pointer] = told
            else:
                self.authors.setdefault(pointer, told)

    def _positions(self, path: Path) -> Iterator[tuple[Pointer, bool]]:
        found: list[tuple[Pointer, Any]] = [(self.at, self.holder)]
        for number, step in enumerate(path.steps):
            names = tuple(each.name for each in path.steps[:number])
            found = [each for at, holder in found for each in self._step(at, holder, step, names)]
            if step.pick == "slice":
                yield from ((at, False) for at, _ in found)
        yield from ((at, True) for at, _ in found)

    def _step(self, at: Pointer, holder: Any, step: Step, names: tuple[str, ...]) -> Iterator[tuple[Pointer, Any]]:
        value = holder.get(step.name) if isinstance(holder, dict) else None
        if value is None:
            return
        if step.pick == "one":
            yield (*at, step.name), value
            return
        chosen = {id(each) for each in self.places.entries(holder, step, names)}
        for number, each in enumerate(value):
            if id(each) in chosen or (step.pick == "first" and number == 0):
                yield (*at, step.name, number), each


def trace_written(mapping: Map, case: Json, resources: list[Json]) -> Iterator[Json]:
    """One entry a value of the resources that a map made of a case, in their order.

    Shapes:  returns  {"resource": Type/id, "element": FHIRPath, "rule", "origin": file:line[, "case": JSON pointer]
                      [, "table": file:line]}; without `case` it is the same for every case
    """
    for pointer, resource in zip(places_of(mapping, case), resources, strict=True):
        item: Any = case
        for part in pointer:
            item = item[part]
        scope = _Scope(case, Places(mapping.rules), resource, (), item, pointer)
        scope.authors[()] = {"rule": mapping.name, "origin": f"{mapping.file.name}:{mapping.file.line(('id',))}"}
        if parent := mapping.get("parent"):
            told = {"rule": mapping.name, "origin": f"{mapping.file.name}:{mapping.file.line(('parent',))}"}
            scope.claim(parse_path(parent["fhir"], mapping.systems.uris), told)
        _claim_all(scope, mapping.rules, keyed=mapping.place == "keyed")
        name = f"{resource['resourceType']}/{resource['id']}"
        for at in _leaves(resource, ()):
            author = next(
                scope.authors[at[:length]] for length in range(len(at), -1, -1) if at[:length] in scope.authors
            )
            yield {"resource": name, "element": _fhirpath(resource["resourceType"], at), **author}


def _claim_all(scope: _Scope, rules: tuple[Rule, ...], *, keyed: bool = False) -> None:
    for rule in rules:
        if rule.kind == "const" and rule.to_fhir:
            scope.claim(rule.fhir, _told(rule))
        elif rule.kind == "each":
            _claim_list(scope, rule)
        elif rule.to_fhir:
            for branch in rule.rules if rule.kind in ("first", "choice") else (rule,):
                for leaf in flatten(branch) if branch.to_fhir else ():
                    _claim_leaf(scope, leaf, keyed=keyed)


def _claim_leaf(scope: _Scope, leaf: Rule, *, keyed: bool) -> None:
    names = tuple(step.name for step in leaf.case.steps)
    value = scope.item
    for name in () if keyed else names:
        value = value.get(name) if isinstance(value, dict) else None
    pointer = scope.pointer if keyed else (*scope.pointer, *names)
    word = scope.pointer[-1] if keyed and names == ("key",) else value
    told = {**_told(leaf), "case": "".join(f"/{part}" for part in pointer)}
    table = leaf.codec.table
    if table and isinstance(word, str | bool | int) and word in table.origins:
        told["table"] = table.origins[word]  # type: ignore[index]
    parent = Path(leaf.fhir.steps[:-1])
    scope.claim(leaf.fhir, told)
    for name in leaf.with_ or ():
        scope.claim(parent + parse_path(name, {}), told)
    for also in leaf.also or ():
        scope.claim(also_path(also), told)
    if leaf.missing:
        scope.claim(parent + Path((Step(f"_{leaf.fhir.steps[-1].name}"), _ABSENT, Step("valueCode"))), told)


def _claim_list(scope: _Scope, rule: Rule) -> None:
    """Entries of the resource's list in the order of the items, without those that are not written."""
    at_root = rule.spelled["each"].startswith("$.")
    base, items = ((), scope.case) if at_root else (scope.pointer, scope.item)
    for step in rule.case.steps:
        items = items.get(step.name) if isinstance(items, dict) else None
    kept = [
        (number, item)
        for number, item in enumerate(items or ())
        if not any(item.get(name) == value for name, value in (rule.unless or {}).items())
    ]
    names = tuple(step.name for step in rule.case.steps)
    entries = [(at, last) for at, last in scope._positions(rule.fhir) if last]
    for (at, _), (number, item) in zip(entries, kept, strict=False):
        holder: Any = scope.holder
        for part in at[len(scope.at) :]:
            holder = holder[part]
        pointer = (*base, *names, number)
        inner = _Scope(scope.case, Places(rule.rules), holder, at, item, pointer, scope.authors)
        _claim_all(inner, rule.rules)


def _told(rule: Rule) -> Json:
    return {"rule": rule.id, "origin": rule.origin}


def _leaves(value: Any, at: Pointer) -> Iterator[Pointer]:
    if isinstance(value, dict | list):
        for name, each in value.items() if isinstance(value, dict) else enumerate(value):
            yield from _leaves(each, (*at, name))
    else:
        yield at


def _fhirpath(kind: str, at: Pointer) -> str:
    return kind + "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in at)
