"""Keep what a question brought: ledger, page, index and the unit's new standing in one transaction.

Takes from: errors, hospital, parts, store, ledger, parcel, questions, walk, way.  Gives to: crawl.engine.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import Any

from adapter.crawl.ledger import CONTROLS, Scribe
from adapter.crawl.parcel import Parcel
from adapter.crawl.questions import first_of
from adapter.crawl.trust import Trust
from adapter.crawl.walk import Step, Walk
from adapter.crawl.way import Way
from adapter.errors import RemoteError
from adapter.hospital.asking import Question, Reply
from adapter.store import Connection, ledger, pages, units
from adapter.store.pages import Place
from adapter.store.units import Unit


@dataclass(frozen=True, slots=True)
class Answered:
    """A question of a unit with its reply."""

    unit: Unit
    way: Way
    question: Question
    reply: Reply[Parcel]


def book(
    connection: Connection, scribe: Scribe, base: str, trust: Trust, done: Answered, *, splits: bool = True
) -> Step:
    """Write one reply down and move its unit on.

    Shapes:  splits  may the unit be taken apart, when nothing else helps?
    """
    unit, parcel = done.unit, done.reply.value
    kept = len(parcel.places) if parcel else 0
    attempts = done.reply.attempts
    lines = [scribe.request(each, kept if each is attempts[-1] else 0) for each in attempts]
    numbers = ledger.add(connection, unit.pull_id, unit.id, lines)
    walk = Walk(
        unit,
        done.way,
        base,
        digest=lambda: _digest(connection, unit),
        names_last=lambda: (unit.patients or [""])[-1] in pages.patients_of(connection, unit.id),
        seen=lambda url: scribe.mark(url) in ledger.marks(connection, unit.id, done.way.since),
        trust=trust,
        splits=splits,
    )
    step = _step(connection, walk, done, numbers[-1])
    _settle(connection, walk, step, numbers[-1])
    return step


def _step(connection: Connection, walk: Walk, done: Answered, number: int) -> Step:
    parcel = done.reply.value
    if parcel is None:
        error = done.reply.error or RemoteError("did not answer")
        return walk.fail(error, done.reply.outcome)
    if walk.way.asking == "count":
        return walk.count(parcel.total, same=parcel.keys == set(pages.keys_of(connection, walk.unit.id)))
    if walk.way.asking == "control":
        return walk.control(parcel.matches or parcel.total or 0)
    return walk.take(parcel, _keep(connection, walk.unit, parcel, number), done.question.url)


def _keep(connection: Connection, unit: Unit, parcel: Parcel, number: int) -> int:
    """Keep a page; returns how many of its matches are new."""
    before = pages.known(connection, unit.id, [place.key for place in parcel.places]) if unit.pages else {}
    new = [place for place in parcel.places if place.key not in before]
    newer = [_merged(place, before[place.key]) for place in parcel.places if _supersedes(place, before)]
    if newer:
        pages.drop(connection, unit.id, [place.key for place in newer])
    if new or newer:
        pages.keep(connection, unit.id, number, parcel.body, parcel.seal, [*new, *newer])
    grown = sum(place.matched and not before[place.key].matched for place in newer)
    return sum(place.matched for place in new) + grown


def _supersedes(place: Place, before: dict[str, Place]) -> bool:
    known = before.get(place.key)
    if known is None:
        return False
    return place.newer_than(known) or (place.matched and not known.matched)


def _merged(place: Place, known: Place) -> Place:
    """What was a match once stays one, also when it comes again as an include."""
    return replace(place, matched=place.matched or known.matched)


def _settle(connection: Connection, walk: Walk, step: Step, number: int) -> None:
    unit = walk.unit
    if step in ("again", "split"):
        pages.clear(connection, unit.id)
    way = walk.way.again(number) if step == "again" else walk.way
    unit.way = way.as_json()
    units.save(connection, unit)
    if step == "split":
        units.add(connection, parts_of(unit, way))


def parts_of(unit: Unit, way: Way) -> list[Unit]:
    """The units that take the place of a split one: one for each patient, id or value."""
    learnt = {name: value for name, value in way.habits().items() if value}

    def make(**changed: Any) -> Unit:
        part = Unit(unit.pull_id, unit.stage, unit.type, unit.parameters, unit.patients)
        part = replace(part, **changed)
        part.way = {**first_of(part).as_json(), **learnt}
        return part

    if unit.stage == "linked":
        return [make(parameters={"_id": [each]}) for each in unit.parameters["_id"]]
    if unit.patients is not None:
        return [make(patients=[each]) for each in unit.patients]
    searched = ((name, values) for name, values in unit.parameters.items() if name not in CONTROLS)
    name, values = max(searched, key=lambda pair: len(pair[1]))
    return [make(parameters={**unit.parameters, name: [value]}) for value in values]


def _digest(connection: Connection, unit: Unit) -> str:
    return hashlib.sha256("\n".join(pages.keys_of(connection, unit.id)).encode()).hexdigest()
