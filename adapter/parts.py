"""What a journey is handed: the registry's knowledge, its store, and everything ambient (clock, ids, secrets).

Takes from: mapping, case, eligibility, pseudonym, store, hospital.  Gives to: the journeys, bootstrap.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from adapter.case import Consistency
from adapter.eligibility import Criteria
from adapter.hospital import Source
from adapter.mapping import Mappings
from adapter.pseudonym import Pseudonyms
from adapter.store import Store


@dataclass(frozen=True)
class Knowledge:
    """What experts declared, proven and compiled once."""

    mappings: Mappings
    consistency: Consistency
    criteria: Criteria


@dataclass(frozen=True)
class Parts:
    """Shapes:  clock    aware UTC now
    make_id  a new, unguessable id
    secret   a named secret (the environment, in production); None when it is not set
    """

    knowledge: Knowledge
    pseudonyms: Pseudonyms
    store: Store
    sources: Mapping[str, Source]
    clock: Callable[[], datetime]
    make_id: Callable[[], str]
    secret: Callable[[str], str | None]

    def today(self) -> date:
        return self.clock().date()
