"""N and C: is everything written that must be? What R4 requires of a resource, what a rule promises of the case.

Takes from: mapping.checks.survey.  Gives to: mapping.check.
"""

from __future__ import annotations

from collections.abc import Iterator

from adapter.mapping.checks.elements import Element
from adapter.mapping.checks.pairs import Pair, schema_of, tell_map
from adapter.mapping.checks.survey import Survey
from adapter.mapping.rules import Map

Holders = dict[str, tuple[Element, dict[str, list[Pair]]]]


def check_required(survey: Survey) -> Iterator[str]:
    """What R4 requires of each resource, and what `required` promises of the case."""
    for mapping in survey.maps:
        if survey.complete(mapping):
            yield from _required_elements(survey, mapping)
        for pair in survey.pairs[mapping.name]:
            yield from _null_written(pair)


def _required_elements(survey: Survey, mapping: Map) -> Iterator[str]:
    if mapping.get("one-way") == "from-fhir":
        return
    for place, (holder, members) in _holders(survey, mapping).items():
        for element in survey.elements.members(holder.inside).elements.values():
            if not element.required or (element.choice and not _is_first_of(survey, holder, element)):
                continue
            name = f"{element.choice}[x]" if element.choice else element.name
            writers = members.get(element.choice or element.name)
            if writers is None:
                text = f"R4 requires '{name}' in {place}, and no rule writes it"
                yield tell_map(mapping, "N001", text, "resource")
            elif place == mapping.resource and writers and not any(_sure(pair) for pair in writers):
                text = f"R4 requires '{name}', and the case may lack '{writers[0].field}': say `missing`"
                yield writers[0].told("N002", text, "case")


def _is_first_of(survey: Survey, holder: Element, element: Element) -> bool:
    names = survey.elements.members(holder.inside).elements.values()
    return next(each for each in names if each.choice == element.choice) is element


def _holders(survey: Survey, mapping: Map) -> Holders:
    """Every object that a map writes into, with who writes which of its members."""
    root = Element(mapping.resource, mapping.resource, mapping.resource)
    found: Holders = {mapping.resource: (root, {"resourceType": [], "id": []})}
    if parent := mapping.get("parent"):
        found[mapping.resource][1][parent["fhir"].partition("[")[0]] = []
    for pair in survey.pairs[mapping.name]:
        way = survey.ways.get(pair) if pair.writes else None
        place = mapping.resource
        for step, before, after in zip(pair.fhir.steps, way or (), (way or [])[1:], strict=False):
            if not before or not after:
                break
            members = found.setdefault(place, (before[0], {}))[1]
            members.setdefault(after[0].choice or step.name, []).append(pair)
            place = f"{place}.{step}"
            if step.pick == "slice":
                found.setdefault(place, (after[0], {}))[1].setdefault(step.key, [])
    return found


def _sure(pair: Pair) -> bool:
    """Whether a value is there in every case that has the item at all."""
    if pair.rule.kind == "const" or pair.rule.missing:
        return True
    return pair.top.default is None and _always(pair.item, pair.field)


def _always(holder: str, field: str) -> bool:
    """Whether the case schema requires every member on the way."""
    while len(field) > len(holder):
        above, _, name = field.rpartition(".")
        if name not in (schema_of(above) or {}).get("required", []):
            return False
        field = above
    return True


def _null_written(pair: Pair) -> Iterator[str]:
    known = pair.writes and pair.field and schema_of(pair.field) is not None
    if pair.rule.required and not pair.whole and known and not _always(pair.object, pair.field):
        text = f"`required` writes '{pair.field}' always, and the case may lack it"
        yield pair.told("C007", text, "required")
