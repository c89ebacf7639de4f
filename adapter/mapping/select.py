"""Which resources a map takes: the conditions of `select`, which `drop` uses too.

    status: [cancelled]                 the value is one of these
    code: {table: biopsy}               a coding is in the table (with `words`: stands for one of them)
    category: {coding: {crmo-role: x}}  this coding is there
    category: {no-system: crmo-role}    no coding of that system is there
    modality[*]: {only: other-object}   every coding is in the table, and there is one
    series[*].bodySite: {coded-but-not: bone}   there are codings, and none is in the table
    abatementDateTime: {present: false}         nothing stands there (in `check`)

Takes from: mapping.language, mapping.path, mapping.tables.  Gives to: mapping.engine.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from adapter.errors import Json
from adapter.mapping.path import Path, parse_path
from adapter.mapping.rules import Map, Rule
from adapter.mapping.slots import Slot
from adapter.mapping.tables import Table

Test = Callable[[Json], bool]
Key = tuple[str, Any, Any]

# Words beside the conditions.
ASIDE = ("own", "why", "collapse", "warn")


def collect(value: Any, path: Path, resolve: Callable[[Any], Any] | None = None) -> list[Any]:
    """Every value at a path, lists opened at each step as in FHIRPath; a slice keeps the entries it names."""
    found = [value]
    for step in path.steps:
        if step.pick == "resolve":
            found = [each for each in map(resolve, found) if each is not None] if resolve else []
            continue
        found = list(_open(each.get(step.name) for each in found if isinstance(each, dict)))
        if step.pick == "slice":
            found = [each for each in found if isinstance(each, dict) and step.claims(each)]
        elif step.pick == "first":
            found = found[:1]
    return found


def _open(values: Iterable[Any]) -> Iterable[Any]:
    for value in values:
        if isinstance(value, list):
            yield from _open(value)
        elif value is not None:
            yield value


def codings_of(values: Iterable[Any]) -> list[Json]:
    """The Codings of CodeableConcepts and of bare Codings."""
    found: list[Json] = []
    for value in values:
        if isinstance(value, dict):
            inner = value.get("coding") if "coding" in value else [value]
            found += [each for each in _open([inner]) if isinstance(each, dict)]
    return found


def _codings_in(value: Any) -> list[Json]:
    """The same for one element, quick for a CodeableConcept and for a list of Codings."""
    if value.__class__ is dict and value.get("coding").__class__ is list:
        codings: list[Json] = value["coding"]
        return codings
    if value.__class__ is list and value and value[0].__class__ is dict and "system" in value[0]:
        return list(value)
    return codings_of(value if value.__class__ is list else [value])


@dataclass(frozen=True)
class Way:
    """One alternative of `select`, with all that is needed to take a resource along it.

    Shapes:  keys      (system, code) that such a resource carries at `path`, for finding it by look-up
             rest      what is still to be asked of a resource found that way; None when nothing is
             own       the registry's own mark: such a resource is taken as it is, never collapsed with another
             warn      a reservation to be told of every resource taken this way
             collapse  members by which two items are the same, told twice
    """

    mapping: Map
    test: Test
    rest: Test | None
    keys: frozenset[tuple[Any, Any]]
    path: Path
    collapse: tuple[str, ...]
    own: bool
    warn: Json | None
    slot: Slot
    read: Callable[[Json, Any], Any]
    finder: Callable[[Json, list[str]], None]
    rules: list[Rule]
    drops: list[Any]
    invariants: list[Any]

    @property
    def place(self) -> str:
        return self.slot.place

    @property
    def case(self) -> str:
        return self.slot.case


def make_ways(mapping: Map, slot: Slot, **compiled: Any) -> list[Way]:
    """Shapes:  compiled  read, finder, rules, drops and invariants of the map"""
    return [_way(mapping, spelled, slot, compiled) for spelled in mapping.get("select") or [{}]]


def make_tests(mapping: Map) -> list[Test]:
    """For each alternative of `select` whether a resource goes that way."""
    return [every_test(mapping, spelled) for spelled in mapping.get("select") or [{}]]


def _way(mapping: Map, spelled: Json, slot: Slot, compiled: Json) -> Way:
    keys: set[tuple[Any, Any]] = set()
    path, rest = Path(), {}
    for text, condition in spelled.items():
        if not keys and isinstance(condition, dict) and (keys := _keys(mapping, condition)):
            path = parse_path(text, mapping.systems.uris)
        elif text not in ASIDE:
            rest[text] = condition
    return Way(
        mapping,
        every_test(mapping, spelled),
        every_test(mapping, rest) if rest else None,
        frozenset(keys),
        path,
        collapse=tuple(spelled.get("collapse", ())),
        own=any(isinstance(each, dict) and "coding" in each for each in spelled.values()),
        warn=spelled.get("warn"),
        slot=slot,
        **compiled,
    )


def _keys(mapping: Map, condition: Json) -> set[tuple[Any, Any]]:
    if "coding" in condition:
        return wanted_codings(mapping, condition["coding"])
    if "table" in condition:
        words = mapping.tables[condition["table"]].words
        return {key for key, word in words.items() if word in condition.get("words", [word])}
    return set()


def wanted_codings(mapping: Map, spelled: Json) -> set[tuple[Any, Any]]:
    return {
        (mapping.systems.uri(system), code)
        for system, codes in spelled.items()
        for code in (codes if isinstance(codes, list) else [codes])
    }


def every_test(mapping: Map, spelled: Json) -> Test:
    """Whether a resource meets every condition."""
    tests = [_test(mapping, path, condition) for path, condition in spelled.items() if path not in ASIDE]
    if len(tests) == 1:
        return tests[0]
    return lambda resource: all(test(resource) for test in tests)


def _test(mapping: Map, text: str, condition: Any) -> Test:
    path = parse_path(text, mapping.systems.uris)
    if not isinstance(condition, dict):
        return _is_one_of(path, condition if isinstance(condition, list) else [condition])
    if "present" in condition:
        return lambda resource: bool(collect(resource, path)) is condition["present"]
    name, verdict = path.steps[0].name, _verdict(mapping, condition)
    absent = verdict([])
    if len(path.steps) == 1 and path.steps[0].pick in ("one", "all"):
        return lambda resource: verdict(_codings_in(resource[name])) if name in resource else absent
    return lambda resource: verdict(codings_of(collect(resource, path))) if name in resource else absent


def _is_one_of(path: Path, values: list[Any]) -> Test:
    if len(path.steps) == 1:
        name = path.steps[0].name
        return lambda resource: name in resource and resource[name] in values
    return lambda resource: any(each in values for each in collect(resource, path))


def _verdict(mapping: Map, condition: Json) -> Callable[[list[Json]], bool]:
    kind, option = next((key, value) for key, value in condition.items() if key != "words")
    if kind == "coding":
        wanted = wanted_codings(mapping, option)
        return lambda codings: any((each.get("system"), each.get("code")) in wanted for each in codings)
    if kind == "no-system":
        uri = mapping.systems.uri(option)
        return lambda codings: all(each.get("system") != uri for each in codings)
    return _by_table(kind, mapping.tables[option], condition.get("words"))


def _by_table(kind: str, table: Table, words: list[Any] | None) -> Callable[[list[Json]], bool]:
    find, systems = table.find, {system for system, _ in table.words} | table.loose
    if kind == "table" and words is None:

        def in_table(codings: list[Json]) -> bool:
            for each in codings:
                if each.get("system") in systems:
                    return find(codings) is not None
            return False

        return in_table
    if kind == "table":
        return lambda codings: find(codings) in (words or ())
    if kind == "only":

        def only_of_table(codings: list[Json]) -> bool:
            for each in codings:
                if each.get("system") not in systems or find((each,)) is None:
                    return False
            return bool(codings)

        return only_of_table
    return lambda codings: bool(codings) and find(codings) is None
