"""Which map takes a resource: by look-up where its codes are spelled as we write them, by trying otherwise.

Takes from: mapping.select, mapping.tables.  Gives to: mapping.engine.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from adapter.errors import Issue, Json
from adapter.mapping.language import Map
from adapter.mapping.path import parse_path
from adapter.mapping.select import Way, codings_of, collect, make_ways


@dataclass
class Dispatch:
    """Ways by resource type.

    Shapes:  ways     type -> every way, in the order of the maps
             indexes  type -> [(element, {(system, code): way})], elements in the order they were first named
    """

    ways: dict[str, list[Way]] = field(default_factory=dict)
    indexes: dict[str, dict[str, dict[tuple[Any, Any], Way]]] = field(default_factory=dict)
    hints: dict[str, Map] = field(default_factory=dict)

    def way(self, resource: Json) -> Way | None:
        kind = resource.get("resourceType")
        ways = self.ways.get(kind)  # type: ignore[arg-type]
        if ways is None:
            return None
        if kind not in self.indexes:
            return ways[0] if len(ways) == 1 and not ways[0].mapping.get("select") else _first(ways, resource)
        for element, index in self.indexes[kind].items():
            for coding in _codings(resource.get(element)):
                way = index.get((coding.get("system"), coding.get("code")))
                if way is not None and (way.rest is None or way.rest(resource)):
                    return way
        return _first(ways, resource)

    def unselected(self, resource: Json, number: int) -> Iterator[Issue]:
        """What to say of a resource that no map takes: nothing for types nobody maps, else that its code is unknown."""
        kind = str(resource.get("resourceType"))
        if kind not in self.ways:
            return
        place = f"Bundle.entry[{number}].resource"
        mapping = self.hints.get(kind)
        hint = mapping.get("hint") if mapping else None
        if mapping and hint and _hinted(mapping, hint, resource):
            place = f"{place}.{hint['fhir']}"
            text = "the words suggest the disease and no code says it; a person must confirm"
            origin = f"{mapping.file.name}:{mapping.file.line(('hint',))}"
            yield Issue("warning", "business-rule", place, "mapping:hint", text, "mapping", origin=origin)
            return
        text = f"no map takes this {kind}: its code is in no table"
        yield Issue("information", "not-found", place, "mapping:unselected", text, "mapping")


def _codings(value: Any) -> Any:
    if value.__class__ is dict:
        return value.get("coding") or ()
    return codings_of(value) if value.__class__ is list else ()


def _first(ways: list[Way], resource: Json) -> Way | None:
    return next((way for way in ways if way.test(resource)), None)


def _hinted(mapping: Map, hint: Json, resource: Json) -> bool:
    texts = collect(resource, parse_path(hint["fhir"], {}))
    table = mapping.tables[hint["table"]]
    return any(isinstance(text, str) and table.find_name(text) is not None for text in texts)


def make_dispatch(maps: tuple[Map, ...]) -> Dispatch:
    dispatch = Dispatch()
    for mapping in maps:
        if mapping.get("hint"):
            dispatch.hints[mapping.resource] = mapping
        for way in make_ways(mapping):
            dispatch.ways.setdefault(mapping.resource, []).append(way)
            if len(way.path.steps) == 1:
                elements = dispatch.indexes.setdefault(mapping.resource, {})
                index = elements.setdefault(way.path.steps[0].name, {})
                for key in way.keys:
                    index.setdefault(key, way)
    return dispatch
