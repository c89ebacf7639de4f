"""Make every case again from the bytes it came from: does it still say what is kept of it?

Takes from: parts, inbound, store.  Gives to: cli.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from adapter.errors import Json
from adapter.inbound import judge_as_of
from adapter.parts import Parts
from adapter.store import inbox
from adapter.store.integrity import Origin, origins


@dataclass
class Recomputed:
    """Shapes:  versions  how many were made again
    left_out  how many were not: their bytes are forgotten, or other mappings made them
    problems  one sentence for each that says something else now
    """

    versions: int = 0
    left_out: int = 0
    problems: list[str] = field(default_factory=list)


def recompute(parts: Parts) -> Recomputed:
    """I5: judged again, by the mappings that made it, a version says what is kept. As dear as receiving everything."""
    told = Recomputed()
    with parts.store.reading() as connection:
        known = list(origins(connection))
    for origin in known:
        if origin.mapping_version != parts.knowledge_of(origin.source).mappings.version:
            told.left_out += 1
            continue
        found = list(_check(parts, origin))
        told.problems += [each for each in found if each]
        told.versions += "" not in found
        told.left_out += "" in found
    return told


def _check(parts: Parts, origin: Origin) -> Iterator[str]:
    """What is wrong with one version; "" when it cannot be said, because its bytes are forgotten."""
    with parts.store.reading() as connection:
        entry = inbox.find(connection, origin.inbox_id)
        raw = inbox.read_raw(connection, origin.inbox_id, parts.seals)
    if raw is None:
        yield ""
        return
    made = judge_as_of(parts, entry, raw, origin.made_at).case
    if made is None:
        yield f"I5 case {origin.case_id} version {origin.version}: its bytes make no case any more"
    elif not _same(made, origin.case, called=entry.kind != "case"):
        yield f"I5 case {origin.case_id} version {origin.version}: its bytes make another case"


def _same(made: Json, kept: Json, *, called: bool) -> bool:
    """A case that came as such bears the pseudonym of its time; a Bundle is given the one of today."""
    return made == kept if called else {**made, "case_id": ""} == {**kept, "case_id": ""}
