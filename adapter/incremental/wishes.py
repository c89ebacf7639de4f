"""Who objects to research by now: looked at in everybody who is known, whatever the server says has changed.

A label may be set without a new version of the Patient, and the list of objections is no resource at all.

Takes from: errors, hospital, parts, crawl, inbound, store, memory.  Gives to: incremental.plan, pull.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import replace

from adapter.crawl.parcel import LEFT_OUT, unpack
from adapter.errors import NotFoundError
from adapter.hospital import Source
from adapter.hospital.opposition import Opposition
from adapter.inbound import receive_case
from adapter.incremental.memory import Memory
from adapter.parts import Parts
from adapter.resource import dump_json
from adapter.store import Connection, candidates, cases, known, pages
from adapter.store.units import Unit

# Of a known patient nothing more than this is asked for.
ELEMENTS = ("id", "meta", "identifier")


def speaks_of_patients(opposition: Opposition | None) -> bool:
    """Can a Patient, or the list, say that somebody objects?"""
    return opposition is not None and bool(opposition.labels or opposition.listed)


def find_objecting(connection: Connection, parts: Parts, source: Source, asked: Iterable[Unit]) -> Iterator[str]:
    """Ids of those who object, among the Patients that some units brought.

    Errors:  ConfigError when the source's list of objections cannot be read
    """
    if source.opposition is None:
        return
    opposition = replace(source.opposition, consents=None)
    for unit in asked:
        places = [each for each in pages.places_of(connection, [unit.id]) if each.position != LEFT_OUT]
        at = {(each.page_id, each.position) for each in places}
        for page_id, _, seal, body in pages.bodies(connection, sorted({page_id for page_id, _ in at})):
            for position, patient in enumerate(unpack(body, seal, unit.pull_id, parts.seals)):
                if (page_id, position) in at and opposition.verdict(patient, (), parts.today()):
                    yield str(patient["id"])


def erase_opposed(parts: Parts, memory: Memory, pull_id: str) -> None:
    """Whoever objects in this pull and was taken before: his case is erased, and he is forgotten."""
    with parts.store.reading() as connection:
        opposed = candidates.settled(connection, pull_id, "opposed")
    for patient in opposed:
        before = memory.find(patient)
        if before is None:
            continue
        if before.case_id:
            with suppress(NotFoundError):  # also when it was erased before
                _erase(parts, memory.source, before.case_id)
        with parts.store.writing() as connection:
            known.forget(connection, memory.source, before.mark)


def _erase(parts: Parts, source: str, case_id: str) -> None:
    """By the way in which any sender says that the family objects."""
    with parts.store.reading() as connection:
        standing = cases.read(connection, case_id).case
    receive_case(parts, dump_json({**standing, "opposition": "opposed"}), source)
