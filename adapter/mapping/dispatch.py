"""Which way a resource goes into the case: by look-up where its codes are spelled as we write them, else by trying.

Takes from: mapping.select.  Gives to: mapping.intake.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from adapter.errors import Issue, Json
from adapter.mapping.path import parse_path
from adapter.mapping.rules import Map
from adapter.mapping.select import Way, codings_of, collect

Index = dict[tuple[Any, Any], Way]
Pick = Callable[[Json], Way | None]


def make_picks(ways: list[Way]) -> dict[str, Pick]:
    """For each resource type the function that finds the way of a resource; None when no map takes it."""
    by_type: dict[str, list[Way]] = {}
    for way in ways:
        by_type.setdefault(way.mapping.resource, []).append(way)
    return {kind: _make_pick(found) for kind, found in by_type.items()}


def _make_pick(ways: list[Way]) -> Pick:
    indexes: dict[str, Index] = {}
    for way in ways:
        if len(way.path.steps) == 1:
            index = indexes.setdefault(way.path.steps[0].name, {})
            for key in way.keys:
                index.setdefault(key, way)
    if not indexes:
        only = ways[0]
        return (lambda _: only) if len(ways) == 1 and not only.mapping.get("select") else _trying(ways)
    slow = _searching(indexes, _trying(ways))
    element, index = next(iter(indexes.items()))

    def pick(resource: Json) -> Way | None:
        try:
            found = resource[element]
            coding = (found if found.__class__ is dict else found[0])["coding"][0]
            way = index[coding["system"], coding["code"]]
        except (KeyError, IndexError, TypeError):
            return slow(resource)
        return way if way.rest is None else slow(resource)

    return pick


def _trying(ways: list[Way]) -> Pick:
    return lambda resource: next((way for way in ways if way.test(resource)), None)


def _searching(indexes: dict[str, Index], otherwise: Pick) -> Pick:
    places = [(parse_path(element, {}), index) for element, index in indexes.items()]

    def search(resource: Json) -> Way | None:
        for path, index in places:
            for coding in codings_of(collect(resource, path)):
                way = index.get((coding.get("system"), coding.get("code")))
                if way is not None and (way.rest is None or way.rest(resource)):
                    return way
        return otherwise(resource)

    return search


def make_unselected(maps: tuple[Map, ...]) -> Callable[[Json, int], Iterator[Issue]]:
    """What to say of a resource that no map takes: nothing for types nobody maps, else that its code is unknown."""
    mapped = {mapping.resource for mapping in maps}
    hints = {mapping.resource: mapping for mapping in maps if mapping.get("hint")}

    def unselected(resource: Json, number: int) -> Iterator[Issue]:
        kind = resource.get("resourceType")
        place = f"Bundle.entry[{number}].resource"
        if (mapping := hints.get(str(kind))) and _hinted(mapping, resource):
            text = "the words suggest the disease and no code says it; a person must confirm"
            french = "les mots évoquent la maladie et aucun code ne la dit ; une personne doit confirmer"
            origin = f"{mapping.file.name}:{mapping.file.line(('hint',))}"
            place = f"{place}.{mapping.get('hint')['fhir']}"
            yield Issue(
                "warning", "business-rule", place, "mapping:hint", text, "mapping", origin=origin, text_fr=french
            )
        elif kind in mapped:
            text = f"no map takes this {kind}: its code is in no table"
            french = f"aucune carte ne prend cette ressource {kind} : son code n'est dans aucune table"
            yield Issue("information", "not-found", place, "mapping:unselected", text, "mapping", text_fr=french)

    return unselected


def _hinted(mapping: Map, resource: Json) -> bool:
    hint = mapping.get("hint")
    texts = collect(resource, parse_path(hint["fhir"], {}))
    table = mapping.tables[hint["table"]]
    return any(isinstance(text, str) and table.find_name(text) is not None for text in texts)
