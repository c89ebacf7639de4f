"""What a journey is handed: the registry's knowledge, its store, and everything ambient (clock, ids, secrets).

Takes from: mapping, case, eligibility, cohort, pseudonym, sealing, store, hospital.  Gives to: the journeys, bootstrap.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from adapter.case import Consistency
from adapter.cohort import Derivation, Statistics
from adapter.eligibility import Criteria
from adapter.hospital import Source
from adapter.mapping import Mappings
from adapter.pseudonym import Pseudonyms
from adapter.sealing import Seals
from adapter.store import Store


@dataclass(frozen=True)
class Published:
    """A founding paper: who was in it, and what it printed."""

    criteria: Criteria
    statistics: Statistics


@dataclass(frozen=True)
class Knowledge:
    """What experts declared, proven and compiled once.

    Shapes:  criteria   those the registry decides by
             packages   FHIR packages whose profiles are enforced when a resource claims them
             published  by the short name of the paper: SA, SB
    """

    mappings: Mappings
    consistency: Consistency
    criteria: Criteria
    published: Mapping[str, Published]
    packages: tuple[Path, ...]

    @property
    def derivation(self) -> Derivation:
        """The derived variables, the same for every paper."""
        return next(iter(self.published.values())).statistics.derivation


@dataclass(frozen=True)
class Parts:
    """Shapes:  clock    aware UTC now
    make_id  a new, unguessable id
    secret   a named secret (the environment, in production); None when it is not set
    client_keys  file of our client keys
    """

    knowledge: Knowledge
    pseudonyms: Pseudonyms
    seals: Seals
    store: Store
    sources: Mapping[str, Source]
    clock: Callable[[], datetime]
    make_id: Callable[[], str]
    secret: Callable[[str], str | None]
    client_keys: Path

    def today(self) -> date:
        return self.clock().date()
