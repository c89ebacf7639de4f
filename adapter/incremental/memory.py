"""What was taken of each patient, so that a change can be told from what is known, and an absence be noticed.

Takes from: errors, hospital, parts, crawl, store.  Gives to: the other rooms of incremental, pull.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from adapter.errors import Json
from adapter.parts import Parts
from adapter.store import Connection, known, pseudonym_keys
from adapter.store.pages import Place

_VERSION_LENGTH = 80


@dataclass(frozen=True)
class Memory:
    """What is known of one source."""

    parts: Parts
    source: str

    def mark(self, key: str) -> str:
        """What "Patient/p1" is known by."""
        return self.parts.pseudonyms.message_mark(["known", self.source, key])

    def everybody(self) -> list[str]:
        """Ids of the patients who were taken before and whom the source still holds."""
        with self.parts.store.reading() as connection:
            return self._ids(each for each in known.patients(connection, self.source) if not each.withdrawn)

    def ids(self, connection: Connection, marks: Iterable[str]) -> list[str]:
        """Ids of some patients who were taken before."""
        return self._ids(known.patients(connection, self.source, marks))

    def find(self, patient: str) -> known.Patient | None:
        with self.parts.store.reading() as connection:
            return known.find(connection, self.source, self.mark(f"Patient/{patient}"))

    def keep(
        self, pull_id: str, patient: str, resources: Mapping[str, Json], case_id: str | None, withdrawn: str = ""
    ) -> None:
        """Remember a patient as he was taken now.

        Shapes:  resources  by key ("Condition/c1")
                 withdrawn  as `known.Patient`
        """
        mark, seals = self.mark(f"Patient/{patient}"), self.parts.seals
        sealed = seals.seal(patient.encode(), mark)
        row = known.Patient(mark, seals.key_id, sealed, case_id, withdrawn)
        versions = {
            self.mark(key): (resource["resourceType"], version_of(resource)) for key, resource in resources.items()
        }
        with self.parts.store.writing() as connection:
            pseudonym_keys.ensure_same(connection, self.parts.pseudonyms.key_id, self.parts.clock())
            known.remember(connection, self.source, row, versions, pull_id)

    def begin(self, pull_id: str, served_at: datetime) -> None:
        """Note the server's time when a pull began."""
        with self.parts.store.writing() as connection:
            known.note_start(connection, pull_id, served_at)

    def end(self, pull_id: str, begin: str | None, *, complete: bool) -> None:
        """A complete pull that left no gap behind the last one moves the time from which the next one asks."""
        with self.parts.store.writing() as connection:
            started, reached = known.start_of(connection, pull_id), known.reached(connection, self.source)
            whole = begin is None or (reached is not None and datetime.fromisoformat(begin) <= reached)
            if complete and whole and started:
                known.reach(connection, self.source, started, pull_id)
            known.forget_start(connection, pull_id)

    def reached(self) -> datetime | None:
        """The server's time up to which everything was taken."""
        with self.parts.store.reading() as connection:
            return known.reached(connection, self.source)

    def _ids(self, found: Iterable[known.Patient]) -> list[str]:
        unseal = self.parts.seals.unseal
        return sorted(unseal(each.sealed_id, each.mark, each.seal).decode() for each in found)


def version_of(resource: Json) -> str:
    """What tells this version from others; "" when the server does not say, which is never the same as another."""
    meta = resource.get("meta")
    meta = meta if isinstance(meta, dict) else {}
    number, updated = meta.get("versionId"), meta.get("lastUpdated")
    digits = number if isinstance(number, str) and number.isdecimal() else ""
    return _version(int(digits) if digits and len(digits) < 19 else 0, updated if isinstance(updated, str) else "")


def version_at(place: Place) -> str:
    """The same, of a resource on a page."""
    return _version(place.version, place.updated)


def _version(number: int, updated: str) -> str:
    return f"{number} {updated}"[:_VERSION_LENGTH] if number or updated else ""
