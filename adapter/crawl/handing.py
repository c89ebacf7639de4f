"""Hand over what a pull has taken about one patient, each resource with the answer it came in.

Takes from: errors, hospital, parts, store, parcel.  Gives to: plan, pull.
Source: https://hl7.org/fhir/R4/references.html
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from adapter.crawl.parcel import LEFT_OUT, unpack
from adapter.errors import Json
from adapter.hospital.client import is_id
from adapter.hospital.patients import with_centre
from adapter.parts import Parts
from adapter.store import Connection, pages, units
from adapter.store.pages import Place
from adapter.store.units import Stage, Unit

_POINTING = ("MedicationStatement", "MedicationRequest")
_HANDED: tuple[Stage, ...] = ("patients", "collect", "linked")
_KEYS_AT_ONCE = 500


@dataclass(slots=True)
class Handed:
    """What was taken of a patient.

    Shapes:  resources  by key ("Condition/c1")
             requests   ledger number of the answer each came in
             problem    which part is missing, and why; "" when nothing is
    """

    resources: dict[str, Json] = field(default_factory=dict)
    requests: dict[str, int] = field(default_factory=dict)
    problem: str = ""


class Taken:
    """What a pull has taken, found by patient. Make it when every unit has ended."""

    def __init__(
        self, connection: Connection, parts: Parts, pull_id: str, base: str, stages: Sequence[Stage] = _HANDED
    ) -> None:
        self._parts, self._pull_id, self._base = parts, pull_id, base
        self._units: dict[str, list[Unit]] = {}
        for stage in stages:
            for unit in units.ended(connection, pull_id, stage):
                for patient in unit.patients or ():
                    self._units.setdefault(patient, []).append(unit)

    def of(self, connection: Connection, patient: str, centre: str) -> Handed:
        """One patient's resources; nothing when a part is missing, for what did not come would look like a "no"."""
        mine = self._units.get(patient, [])
        missing = next((unit for unit in mine if unit.state != "complete"), None)
        if missing or not mine:
            return Handed(problem=f"{missing.type}: {missing.problem}" if missing else "the patient was not asked for")
        numbers, handed = [unit.id for unit in mine], Handed()
        self._read(connection, pages.places_of(connection, numbers, patient), handed)
        pointed = sorted(set(_references(list(handed.resources.values()), self._base)) - set(handed.resources))
        for start in range(0, len(pointed), _KEYS_AT_ONCE):
            found = pages.find(connection, numbers, pointed[start : start + _KEYS_AT_ONCE])
            self._read(connection, [place for place in found if not place.patient], handed)
        key = f"Patient/{patient}"
        handed.resources[key] = with_centre(handed.resources[key], centre)
        return handed

    def _read(self, connection: Connection, places: Sequence[Place], handed: Handed) -> None:
        """Each resource once, in its latest version, whichever unit brought it."""
        best: dict[str, Place] = {}
        for place in places:
            if place.position != LEFT_OUT and (place.key not in best or place.newer_than(best[place.key])):
                best[place.key] = place
        by_page: dict[int, list[Place]] = {}
        for place in best.values():
            by_page.setdefault(place.page_id, []).append(place)
        for page_id, request_id, seal, body in pages.bodies(connection, list(by_page)):
            resources = unpack(body, seal, self._pull_id, self._parts.seals)
            for place in by_page[page_id]:
                handed.resources[place.key] = resources[place.position]
                handed.requests[place.key] = request_id


def medications_wanted(connection: Connection, parts: Parts, pull_id: str, base: str) -> dict[str, set[str]]:
    """Ids of the Medications that statements point at and that did not come with them, with the patients concerned."""
    wanted: dict[str, set[str]] = {}
    for unit in units.ended(connection, pull_id, "collect"):
        if unit.type not in _POINTING or unit.state != "complete":
            continue
        places = pages.places_of(connection, [unit.id])
        here = {place.key for place in places}
        at = {(place.page_id, place.position): place.patient for place in places if place.matched}
        for page_id, _, seal, body in pages.bodies(connection, sorted({place.page_id for place in places})):
            for position, resource in enumerate(unpack(body, seal, pull_id, parts.seals)):
                patient = at.get((page_id, position))
                for key in _references(resource.get("medicationReference"), base) if patient else ():
                    if key.startswith("Medication/") and key not in here:
                        wanted.setdefault(key.removeprefix("Medication/"), set()).add(str(patient))
    return wanted


def _references(value: Any, base: str) -> Iterator[str]:
    """Keys of what is pointed at on the same server, at any depth."""
    if isinstance(value, list):
        for each in value:
            yield from _references(each, base)
    elif isinstance(value, dict):
        told = value.get("reference")
        if isinstance(told, str) and (key := _key(told, base)):
            yield key
        for each in value.values():
            if isinstance(each, dict | list):
                yield from _references(each, base)


def _key(reference: str, base: str) -> str:
    type_, slash, rest = reference.removeprefix(f"{base}/").partition("/")
    id_ = rest.partition("/_history/")[0]
    return f"{type_}/{id_}" if slash and type_.isalpha() and is_id(id_) else ""


def origins(handed: Handed, ordered: Iterable[Json]) -> Iterator[tuple[int, str, str, int]]:
    """(position, type, version, request) of resources in the order in which they are stored."""
    numbers = {id(handed.resources[key]): number for key, number in handed.requests.items()}
    for position, resource in enumerate(ordered):
        number = numbers.get(id(resource))
        version = (resource.get("meta") or {}).get("versionId")
        if number is not None:
            yield position, resource["resourceType"], str(version or "")[:64], number
