"""Q: does a map take back what it writes? Asked only of files that are sound otherwise.

Takes from: mapping.checks.survey, mapping.select.  Gives to: mapping.check.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from adapter.errors import Json
from adapter.mapping.checks.pairs import Pair, tell_map
from adapter.mapping.checks.survey import Survey
from adapter.mapping.drops import make_drops
from adapter.mapping.path import Path, Step
from adapter.mapping.rules import Map
from adapter.mapping.select import make_tests


def check_selection(survey: Survey) -> Iterator[str]:
    """Skeletons of what each map writes, held against its own `select` and `drop`."""
    for mapping in survey.maps:
        if mapping.get("one-way"):
            continue
        constant, coded = _skeletons(mapping, survey.pairs[mapping.name])
        for number, drop in enumerate(make_drops(mapping)):
            if not drop.hospital_only and drop.test(constant):
                text = "this drops every resource that the map itself writes"
                yield tell_map(mapping, "Q003", text, "drop", number)
        if not any(test(coded) for test in make_tests(mapping)):
            yield tell_map(mapping, "Q003", "no alternative takes a resource that the map itself writes", "select")


def _skeletons(mapping: Map, pairs: list[Pair]) -> tuple[Json, Json]:
    """The parts of a written resource that are always the same; the second time with the first word of each code."""
    constant, coded = ({"resourceType": mapping.resource}, {"resourceType": mapping.resource})
    for pair in pairs:
        if not pair.writes or pair.entry is not None or pair.taken[1] > 0 or not pair.fhir.steps:
            continue
        if pair.rule.kind == "const":
            _place(constant, pair.fhir, pair.rule.const)
            _place(coded, pair.fhir, pair.rule.const)
        elif (value := _first_word(pair)) is not None:
            _place(coded, pair.fhir, value)
    return constant, coded


def _first_word(pair: Pair) -> Any:
    table = pair.rule.codec.table
    if table is None:
        return None
    if pair.rule.codec.name == "code":
        return next(iter(table.plain.values()), None)
    codings = next(iter(table.codings.values()), None)
    return {"coding": codings} if pair.rule.codec.concept else codings


def _place(resource: Json, path: Path, value: Any) -> None:
    node = resource
    for step in path.steps[:-1]:
        node = _inside(node, step)
    last = path.steps[-1]
    if last.pick == "one":
        node[last.name] = value
    else:
        node.setdefault(last.name, []).append(value)


def _inside(node: Json, step: Step) -> Json:
    if step.pick == "one":
        inner: Json = node.setdefault(step.name, {})
        return inner
    entries: list[Json] = node.setdefault(step.name, [])
    known = [entry for entry in entries if step.pick == "first" or (step.pick == "slice" and step.claims(entry))]
    if not known:
        entries.append({step.key: step.discriminator} if step.pick == "slice" else {})
    return known[0] if known else entries[-1]
