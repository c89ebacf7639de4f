"""W: one writer for every place, in each direction.

Takes from: mapping.checks.survey.  Gives to: mapping.check.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from adapter.mapping.checks.pairs import Pair, item_field, tell, tell_map
from adapter.mapping.checks.survey import Survey
from adapter.mapping.path import Path, PathError, Step, parse_path
from adapter.mapping.rules import Map

_DATA_ABSENT = parse_path("extension[http://hl7.org/fhir/StructureDefinition/data-absent-reason].valueCode", {})


@dataclass(frozen=True, eq=False)
class Write:
    """One place of the resource that something fills."""

    path: Path
    pair: Pair | None
    name: str
    place: str

    def told(self, other: Write, text: str) -> str:
        return f"{self.place} W001 {self.name}: {text} (the other: {other.name} at {other.place})"


def check_writers(survey: Survey) -> Iterator[str]:
    """Writers of each element, readers of each field, maps of each place."""
    yield from _one_map_each(survey)
    for mapping in survey.maps:
        pairs = survey.pairs[mapping.name]
        yield from _elements(survey, mapping, pairs)
    yield from _fields(survey)


def _one_map_each(survey: Survey) -> Iterator[str]:
    for ways in (("from-fhir", "written"), ("to-fhir", "read")):
        seen: dict[str, Map] = {}
        for mapping in survey.maps:
            if mapping.get("one-way") == ways[0]:
                continue
            first = seen.setdefault(item_field(mapping), mapping)
            if first is not mapping:
                text = f"'{mapping.get('case')}' is {ways[1]} by map '{first.name}' already"
                yield tell_map(mapping, "W003", text, "case")
                break


def _elements(survey: Survey, mapping: Map, pairs: list[Pair]) -> Iterator[str]:
    for entry in {id(pair.entry): pair.entry for pair in pairs}.values():
        inside = [pair for pair in pairs if pair.entry is entry and pair.writes and survey.sound(pair)]
        writes = [*_of_the_map(mapping), *_of_lists(mapping)] if entry is None else []
        writes += [write for pair in inside for write in _writes(pair)]
        for number, late in enumerate(writes):
            if problem := next((p for early in writes[:number] if (p := _clash(survey, early, late))), ""):
                yield problem


def _writes(pair: Pair) -> Iterator[Write]:
    rule, parent = pair.rule, Path(pair.fhir.steps[:-1])
    if pair.whole or not pair.fhir.steps:
        yield from ([Write(_coding(pair), pair, rule.id, _place(pair, "fhir"))] if rule.codec.concept else [])
        return
    yield Write(_coding(pair), pair, rule.id, _place(pair, "fhir"))
    for key, places, base in (("with", rule.with_ or {}, parent), ("also", rule.also or (), pair.base)):
        for spelled in places:
            try:
                yield Write(base + parse_path(spelled, {}), pair, rule.id, _place(pair, key))
            except PathError:
                continue
    if rule.missing:
        absent = parent + Path((Step(f"_{pair.fhir.steps[-1].name}"),)) + _DATA_ABSENT
        yield Write(absent, pair, rule.id, _place(pair, "missing"))


def _coding(pair: Pair) -> Path:
    return pair.fhir + Path((Step("coding"),)) if pair.rule.codec.concept else pair.fhir


def _place(pair: Pair, key: str) -> str:
    return pair.told("W001", "", key).partition(" ")[0]


def _of_the_map(mapping: Map) -> Iterator[Write]:
    """What a map writes without a rule."""
    for name in ("resourceType", "id", "meta"):
        yield Write(Path((Step(name),)), None, mapping.name, mapping.file.at(("id",)))
    if parent := mapping.get("parent"):
        try:
            path = parse_path(parent["fhir"], mapping.systems.uris)
        except PathError:
            return
        yield Write(path + Path((Step("reference"),)), None, mapping.name, mapping.file.at(("parent", "fhir")))


def _of_lists(mapping: Map) -> Iterator[Write]:
    for rule in mapping.rules:
        if rule.kind == "each":
            *parents, last = rule.fhir.steps
            place = tell(mapping, rule, "W001", "", "fhir").partition(" ")[0]
            yield Write(Path((*parents, Step(last.name))), None, rule.id, place)


def _clash(survey: Survey, early: Write, late: Write) -> str:
    one, two = early.pair, late.pair
    exclusive = one is not None and two is not None and one.excludes(two)
    if _overlap(early.path, late.path):
        if not exclusive or early.path == late.path:
            writers = "branches; one codec must know the words of both" if exclusive else "rules"
            return late.told(early, f"'{late.path}' is written by two {writers}")
    elif not exclusive and (choice := _two_types(survey, one, two)):
        return late.told(early, f"{choice}[x] is written as two types")
    return ""


def _overlap(one: Path, two: Path) -> bool:
    for left, right in zip(one.steps, two.steps, strict=False):
        if left.name != right.name:
            return False
        if left != right:
            # A list written as a whole leaves no entry to another rule; neither does [0] beside slices.
            return bool({"one", "first"} & {left.pick, right.pick})
    return True


def _two_types(survey: Survey, one: Pair | None, two: Pair | None) -> str:
    if one is None or two is None or one not in survey.ways or two not in survey.ways:
        return ""
    for number, (left, right) in enumerate(zip(one.fhir.steps, two.fhir.steps, strict=False)):
        if left != right:
            first, second = survey.ways[one][number + 1], survey.ways[two][number + 1]
            same = first and second and first[0].choice == second[0].choice != "" and first[0].name != second[0].name
            return first[0].choice if same else ""
    return ""


def _fields(survey: Survey) -> Iterator[str]:
    """A case field filled by two rules that are no alternatives of each other."""
    seen: dict[tuple[str, int], list[Pair]] = {}
    for pair in survey.all_pairs():
        if not pair.reads or pair.whole:
            continue
        scope = id(pair.entry) if pair.fed else 0
        for field in [pair.field, *(field for field, _ in pair.given)]:
            known = seen.setdefault((field, scope), [])
            other = next((each for each in known if each.taken[0] != pair.taken[0] or pair.taken[0] == 0), None)
            other = other or next((each for each in known if each.branch is pair.branch and field == pair.field), None)
            if other is not None:
                where = f"{other.rule.id} at {_place(other, 'case')}"
                yield pair.told("W002", f"'{field}' is read by two rules (the other: {where})", "case")
            known.append(pair)
