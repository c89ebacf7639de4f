"""What a journey is handed: the registry's knowledge, its store, and everything ambient (clock, ids, secrets).

Takes from: mapping, case, eligibility, cohort, pseudonym, sealing, store, hospital.  Gives to: the journeys, bootstrap.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
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

    def of(self, overlay: str) -> Knowledge:
        """The same with an overlay of the mappings; "" is none.  Errors:  UsageError when there is no such overlay"""
        return replace(self, mappings=self.mappings.of(overlay)) if overlay else self

    def check_overlays(self, sources: Iterable[Source]) -> Iterator[str]:
        """Sources that name an overlay which is not there, as "file:line:col code source: message"."""
        known = self.mappings.overlays
        for source in (each for each in sources if each.overlay and each.overlay not in known):
            there = f"there are {', '.join(known)}" if known else "there are none"
            yield f"{source.overlay_at} R120 {source.name}: there is no overlay '{source.overlay}' ({there})"

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

    def knowledge_of(self, source: str) -> Knowledge:
        """What is known of a source's resources: the mappings with the overlay that it names."""
        known = self.sources.get(source)
        return self.knowledge.of(known.overlay if known else "")

    def today(self) -> date:
        return self.clock().date()
