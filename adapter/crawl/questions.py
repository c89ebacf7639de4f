"""The next question of a unit: a page, a count, a control, a resource by its id.

Takes from: errors, hospital, store.units, way.  Gives to: crawl.engine.
Source: https://hl7.org/fhir/R4/search.html, https://hl7.org/fhir/R4/http.html#search
"""

from __future__ import annotations

from urllib.parse import quote

from adapter.crawl.way import Way
from adapter.hospital import Source
from adapter.hospital.asking import Question
from adapter.hospital.client import address
from adapter.store.units import BY_PATIENT, Unit

# Longer addresses are refused by common servers and proxies.
_LONGEST_ADDRESS = 4000
_INCLUDES = ("_include", "_revinclude")

Parameters = dict[str, list[str]]


def ids_of(unit: Unit) -> list[str] | None:
    """The ids a unit asks for one by one or as a list; None when it is a search by something else."""
    if unit.stage == "patients":
        return unit.patients or []
    return unit.parameters.get("_id", []) if unit.stage == "linked" else None


def first_of(unit: Unit) -> Way:
    """A single resource is read; everything else is searched."""
    ids = ids_of(unit)
    return Way(asking="read") if ids is not None and len(ids) == 1 else Way()


def question_of(unit: Unit, way: Way, source: Source) -> Question:
    """What to ask next."""
    if way.asking == "read":
        return Question(f"{source.base}/{unit.type}/{quote((ids_of(unit) or [''])[0], safe='')}")
    if way.asking == "count":
        return search(source, unit.type, {**_plain(unit, unit.patients, way), "_summary": ["count"]}, way)
    if way.asking == "control":
        return search(source, unit.type, _plain(unit, (unit.patients or [])[-1:], way), way)
    if unit.cursor:
        return Question(unit.cursor)
    asked = _filters(unit, unit.patients, way)
    if "_count" not in way.drop:
        asked["_count"] = [str(source.page_size)]
    if way.paging == "offset" and way.entries:
        asked["_offset"] = [str(way.entries)]
    return search(source, unit.type, asked, way)


def plainer(unit: Unit, way: Way, status: int) -> bool:
    """Ask for less than was refused; False when nothing is left to leave out. Which resources match stays the same."""
    if status in (401, 403, 404):
        return False
    if status in (405, 414, 431, 501) and not way.post:
        way.post = True
        return True
    includes = [name for name in _INCLUDES if name in unit.parameters and name not in way.drop]
    if includes:
        way.drop = [*way.drop, *includes]
        return True
    if "_count" not in way.drop:
        way.drop = [*way.drop, "_count"]
        return True
    return False


def _plain(unit: Unit, patients: list[str] | None, way: Way) -> Parameters:
    return {name: values for name, values in _filters(unit, patients, way).items() if name not in _INCLUDES}


def _filters(unit: Unit, patients: list[str] | None, way: Way) -> Parameters:
    asked = {name: list(values) for name, values in unit.parameters.items() if name not in way.drop}
    if unit.stage == "patients":
        asked["_id"] = list(patients or [])
    elif unit.stage in BY_PATIENT:
        asked["patient"] = list(patients or [])
    return asked


def search(source: Source, type_: str, parameters: Parameters, way: Way) -> Question:
    """A search, by POST where the server wants that or the address would be too long."""
    whole = address(source.base, type_, parameters)
    if way.post or len(whole) > _LONGEST_ADDRESS:
        return Question(f"{source.base}/{type_}/_search", whole.partition("?")[2].encode())
    return Question(whole)
