"""The changed case as its maps write it, item by item, each pointing at the resources that are there already.

Takes from: mapping.putting.naming, mapping.rules.  Gives to: mapping.putting.onto.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from adapter.errors import Json
from adapter.mapping.putting.naming import free_id, name_references
from adapter.mapping.putting.surveying import Pointer
from adapter.mapping.rules import Language, Map

Write = Callable[[Map], list[Json]]


@dataclass(frozen=True)
class Written:
    """One item as a resource, under the id that it has or will have."""

    mapping: Map
    resource: Json

    @property
    def name(self) -> str:
        return f"{self.resource['resourceType']}/{self.resource['id']}"


def write_items(
    language: Language, write: Write, case: Json, name: str, known: Mapping[Pointer, str], taken: set[str]
) -> dict[Pointer, Written]:
    """Every item of a case by its place.

    Shapes:  write  the resources that one map makes of the case
             name   the case's id as FHIR allows it
             known  place -> reference to the resource that tells of it already; taken  references that are in use
    """
    plain = {
        place: Written(mapping, made)
        for mapping in language.maps
        if mapping.get("one-way") != "from-fhir"
        for place, made in zip(places_of(mapping, case), write(mapping), strict=True)
    }
    names: dict[str, str] = {}
    ids: dict[Pointer, str] = {}
    used = set(taken)
    for place, made in plain.items():
        if place not in known:
            ids[place] = free_id(made.mapping, name, _number(place), used)
            used.add(f"{made.mapping.resource}/{ids[place]}")
        names[made.name] = known.get(place) or f"{made.mapping.resource}/{ids[place]}"
    return {
        place: Written(
            made.mapping, name_references({**made.resource, "id": ids.get(place, made.resource["id"])}, names)
        )
        for place, made in plain.items()
    }


def _number(place: Pointer) -> int:
    return int(place[1]) + 1 if len(place) > 1 and isinstance(place[1], int) else 1


def places_of(mapping: Map, case: Json) -> Iterator[Pointer]:
    """The places of the case that a map writes, in its order."""
    found = case.get(mapping.case)
    if mapping.place == "root":
        yield ()
    elif mapping.place == "object":
        yield from [(mapping.case,)] if found else []
    elif mapping.place == "keyed":
        yield from ((mapping.case, key) for key in found or ())
    elif mapping.place == "list":
        yield from ((mapping.case, number) for number in range(len(found or ())))
    else:
        there = (number for number, item in enumerate(found or ()) if item.get(mapping.field) is not None)
        yield from ((mapping.case, number, mapping.field) for number in there)
