"""What an export is worked on with, and what it is asked for.

Takes from: errors, hospital, parts.  Gives to: the other rooms of bulk.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from adapter.errors import Json
from adapter.hospital.bulk.job import Conversation
from adapter.hospital.bulk.lines import BATCH_BYTES
from adapter.hospital.bulk.request import Bulk, Request
from adapter.hospital.matching import matches
from adapter.hospital.retry import Patience
from adapter.hospital.source import Source
from adapter.sealing import Seals
from adapter.store import Store

_ORDER = {"Patient": 0, "Medication": 2}


class Stopped(Exception):
    """The pull was asked to stop; everything up to here is committed."""


@dataclass
class Desk:
    """One export of one source.

    Shapes:  since    instant; "" for everything
             watch    when it is there, everybody whom it names true is a candidate, whatever the line says
             only     ids of the patients to export; empty for all whom the level covers
             gives_up  of a file that cannot be read now; else the pull goes on another time
             goes_on  told the progress after each commit; False means: stop here
             count    how many of a type a search finds, by the server's word; None when it does not say
             members  ids of the exported Group's patients; None when it is not told
             read     a resource that the export does not hold; None when the server has none. It raises as a session
    """

    store: Store
    seals: Seals
    source: Source
    session: Conversation
    patience: Patience
    pull_id: str
    clock: Callable[[], datetime]
    bulk: Bulk = field(default_factory=Bulk)
    since: str = ""
    batch_bytes: int = BATCH_BYTES
    only: tuple[str, ...] = ()
    goes_on: Callable[[Json], bool] = lambda progress: True
    count: Callable[[str, Mapping[str, Sequence[str]]], int | None] = lambda type_, parameters: None
    members: Callable[[], Sequence[str] | None] = lambda: None
    read: Callable[[str, str], Json | None] = lambda type_, id_: None
    watch: Callable[[str], bool] | None = None
    gives_up: bool = True

    @property
    def types(self) -> tuple[str, ...]:
        """Everything a record is made of, Patient first and what is shared between patients last."""
        return tuple(sorted(self.source.types, key=lambda type_: (_ORDER.get(type_, 1), type_)))

    @property
    def deciding(self) -> frozenset[str]:
        """Types that say who is a candidate, and who is whose other self: nobody's lines are dropped before."""
        if self.watch:
            return frozenset(self.types)
        return frozenset({"Patient", *(search.type for search in self.source.candidates)})

    def request(self) -> Request:
        return Request(self.bulk, self.types, self.since, self.only)

    def is_collected(self, resource: Json) -> bool:
        """Does the source's declaration let this resource in?"""
        type_ = resource["resourceType"]
        if type_ in ("Patient", "Medication", "Consent"):
            return type_ in self.source.types
        return any(matches(resource, search) is not False for search in self.source.collect)

    def step(self, progress: Json) -> None:
        """Errors:  Stopped"""
        if not self.goes_on(progress):
            raise Stopped
