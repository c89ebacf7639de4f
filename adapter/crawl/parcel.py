"""One page made ready to be kept: only what belongs to the unit, packed and sealed, with an index of what is in it.

Made in the thread that asked: what is parsed lives no longer than it takes to pack it.

Takes from: canonical, errors, hospital, resource, sealing, store, way.  Gives to: crawl.
"""

from __future__ import annotations

import hashlib
import zlib
from dataclasses import dataclass, field
from datetime import UTC, datetime

from adapter.crawl.questions import ids_of
from adapter.errors import Json
from adapter.hospital import Search
from adapter.hospital.answers import Page
from adapter.hospital.matching import matches, patient_of
from adapter.resource import dump_json, parse_json
from adapter.sealing import Seals
from adapter.store.pages import Place
from adapter.store.units import BY_PATIENT, Unit

# What stands on a page, belongs to the search by the server's word, and is not kept.
LEFT_OUT = -1
_FAST = 1
_LARGEST_NUMBER = 18


@dataclass(slots=True)
class Parcel:
    """Facts of a page.

    Shapes:  places     of what is kept, and of the matches left out (position LEFT_OUT)
             body       sealed; a JSON list of the resources kept
             matches    entries that are matches, repeated ones too
             strangers  matches about a patient who was not asked for
             nameless   matches that name no patient
             unfit      matches that the search, made again here, would not have found
    """

    places: list[Place] = field(default_factory=list)
    body: bytes = b""
    seal: str = ""
    matches: int = 0
    strangers: int = 0
    nameless: int = 0
    unfit: int = 0
    total: int | None = None
    next: str | None = None
    complaint: str = ""

    @property
    def keys(self) -> set[str]:
        return {place.key for place in self.places if place.matched}


def pack(page: Page, unit: Unit, seals: Seals) -> Parcel:
    """Sort a page out for its unit. A resource that stands on it twice is kept in its latest version."""
    parcel = Parcel(matches=len(page.matches), total=page.total, next=page.next, complaint=page.complaint)
    kept: list[Json] = []
    best: dict[str, Place] = {}
    declared = Search(unit.type, {name: tuple(values) for name, values in unit.parameters.items()})
    for resource, matched in [(each, True) for each in page.matches] + [(each, False) for each in page.included]:
        place = _place(resource, unit, declared, len(kept), matched, parcel)
        if place is None or (place.key in best and not place.newer_than(best[place.key])):
            continue
        best[place.key] = place
        if place.position != LEFT_OUT:
            kept.append(resource)
    parcel.places = list(best.values())
    parcel.body = seals.seal(zlib.compress(dump_json(kept), _FAST), unit.pull_id)
    parcel.seal = seals.key_id
    return parcel


def unpack(sealed: bytes, seal: str, pull_id: str, seals: Seals) -> list[Json]:
    """The resources of a page that was kept.  Errors:  IntegrityError when it was changed"""
    text = zlib.decompress(seals.unseal(sealed, pull_id, seal))
    found: list[Json] = parse_json(text, max_bytes=len(text))[0]
    return found


def _place(resource: Json, unit: Unit, declared: Search, position: int, matched: bool, parcel: Parcel) -> Place | None:
    key, patient = _key(resource), _patient(resource, unit)
    if matched and not _belongs(resource, unit, declared, patient, parcel):
        return Place(key, LEFT_OUT, 0, "", True, "")
    if not matched and unit.patients is not None and patient not in ("", *unit.patients):
        return None  # an include about somebody else
    version, updated = _version(resource)
    return Place(key, position, version, updated, matched, patient)


def _patient(resource: Json, unit: Unit) -> str:
    """Whom a resource is about. Where one patient was asked for, a match that names nobody is about this one."""
    named = patient_of(resource)
    alone = unit.stage in BY_PATIENT and unit.patients is not None and len(unit.patients) == 1
    return (unit.patients or [""])[0] if alone and not named else named


def _belongs(resource: Json, unit: Unit, declared: Search, patient: str, parcel: Parcel) -> bool:
    if (ids := ids_of(unit)) is not None:
        fits = resource.get("id") in ids
        parcel.strangers += not fits
        return fits
    if unit.stage in BY_PATIENT:
        fits = patient in ("", *(unit.patients or []))
        parcel.strangers += not fits
        parcel.nameless += not patient
        if not fits:
            return False
    fits = matches(resource, declared) is not False
    parcel.unfit += not fits
    return fits


def _key(resource: Json) -> str:
    """Without an id a resource cannot be told from another: its content stands for it."""
    id_ = resource.get("id")
    if isinstance(id_, str) and 0 < len(id_) <= 128:
        return f"{resource['resourceType']}/{id_}"
    return f"{resource['resourceType']}/#{hashlib.sha256(dump_json(resource)).hexdigest()}"


def _version(resource: Json) -> tuple[int, str]:
    """Versions that are numbers count up; else the later moment is the newer, whatever its zone."""
    meta = resource.get("meta")
    meta = meta if isinstance(meta, dict) else {}
    number = str(meta.get("versionId", ""))
    numeric = number.isascii() and number.isdecimal() and len(number) <= _LARGEST_NUMBER
    return int(number) if numeric else 0, _moment(str(meta.get("lastUpdated", "")))


def _moment(text: str) -> str:
    try:
        read = datetime.fromisoformat(text)
    except ValueError:
        return ""
    return (read if read.tzinfo else read.replace(tzinfo=UTC)).astimezone(UTC).isoformat()
