"""What would become of the stored cases, were they made again by other mappings? Nothing is kept of it.

Takes from: eligibility, inbound, parts, store.  Gives to: web.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from adapter.eligibility import decide
from adapter.errors import Json
from adapter.inbound import judge_as_of
from adapter.parts import Parts
from adapter.store import inbox, streams
from adapter.store.integrity import Origin, origins


@dataclass
class Remapped:
    """Shapes:  looked_at  how many cases were made again
    changed    how many say something else then; gone: how many would be no case any more
    left_out   how many were not made again: their bytes are forgotten, or they did not come as FHIR
    fields     field -> in how many cases it differs
    statuses   (decision now, then) -> how many, where it differs
    """

    cases: int = 0
    looked_at: int = 0
    changed: int = 0
    gone: int = 0
    left_out: int = 0
    fields: Counter[str] = field(default_factory=Counter)
    statuses: Counter[tuple[str, str]] = field(default_factory=Counter)


def remap(parts: Parts, overlay: str | None = None, *, most: int = 0) -> Remapped:
    """Make the current version of every case again.

    Shapes:  overlay  for every source, instead of its own; "" is none; None: as each source is read now
             most     about so many, spread over all; 0 is all
    Errors:  UsageError when there is no such overlay
    """
    if overlay is not None:
        parts = replace(parts, knowledge=parts.knowledge.of(overlay), sources={})
    told = Remapped()
    with parts.store.reading() as connection:
        told.cases = streams.count(connection)
        step = max(1, told.cases // most) if most else 1
        for number, origin in enumerate(origins(connection, current=True)):
            if number % step == 0:
                _compare(parts, origin, told)
    return told


def _compare(parts: Parts, origin: Origin, told: Remapped) -> None:
    with parts.store.reading() as connection:
        entry = inbox.find(connection, origin.inbox_id)
        raw = None if entry.kind == "case" else inbox.read_raw(connection, origin.inbox_id, parts.seals)
    if raw is None:
        told.left_out += 1
        return
    told.looked_at += 1
    judged = judge_as_of(parts, entry, raw, origin.made_at)
    if judged.case is None or judged.decision is None:
        told.gone += 1
        return
    differing = set(_differing(judged.case, origin.case))
    told.changed += bool(differing)
    told.fields.update(differing)
    before = decide(origin.case, parts.knowledge.criteria, today=origin.made_at.date())["status"]
    if before != judged.decision["status"]:
        told.statuses[before, judged.decision["status"]] += 1


def _differing(one: Json, other: Json) -> Iterator[str]:
    """Fields that differ; lists as a whole."""
    for name in one.keys() | other.keys():
        ours, theirs = one.get(name), other.get(name)
        if name == "case_id" or ours == theirs:
            continue
        if isinstance(ours, dict) and isinstance(theirs, dict):
            yield from (
                f"{name}.{inner}" for inner in ours.keys() | theirs.keys() if ours.get(inner) != theirs.get(inner)
            )
        else:
            yield name
