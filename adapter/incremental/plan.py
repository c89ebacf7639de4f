"""Whom to collect again: everybody who is known, or those of whom the server says that something has changed.

Takes from: hospital, parts, crawl, store, history, memory.  Gives to: incremental.taking.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime

from adapter.crawl.parcel import LEFT_OUT
from adapter.crawl.plan import IDS_IN_A_LIST, Plan, lists_of
from adapter.errors import RemoteError
from adapter.hospital.client import Hospital, is_id
from adapter.incremental.history import read_history
from adapter.incremental.memory import Memory, version_at
from adapter.incremental.wishes import ELEMENTS, find_objecting, speaks_of_patients
from adapter.store import Connection, known, pages, units
from adapter.store.pages import Place
from adapter.store.units import Unit

LAST_UPDATED = "_lastUpdated"
# Of strangers nothing more than this is asked for.
_ELEMENTS = ("id", "meta", "subject", "patient")


@dataclass(frozen=True)
class KnownPlan(Plan):
    """Everything the source declares, and everybody who was taken before: whoever is gone is noticed."""

    memory: Memory

    def _named(self, connection: Connection) -> list[str]:
        return sorted({*super()._named(connection), *self.memory.ids(connection, self._all_marks(connection))})

    def _all_marks(self, connection: Connection) -> list[str]:
        return [each.mark for each in known.patients(connection, self.memory.source) if not each.withdrawn]


@dataclass(frozen=True)
class ChangePlan(KnownPlan):
    """Only what has changed since an instant of the server's clock.

    Shapes:  deleted  keys the server says it has deleted, once they were asked for; None among them: it cannot say
    """

    hospital: Hospital
    since: str
    deleted: list[str | None] = field(default_factory=list)

    def changes(self) -> None:
        """What has changed in each type, whoever it is about; only known patients' are looked at. And who objects."""
        asked = self._dated({"_elements": list(_ELEMENTS)})
        found = [self._unit("changes", each, asked) for each in sorted(self.source.types)]
        known_ids = self.memory.everybody() if speaks_of_patients(self.source.opposition) else []
        for ids in lists_of(known_ids, IDS_IN_A_LIST):
            found.append(self._unit("changes", "Patient", {"_id": ids, "_elements": list(ELEMENTS)}))
        self._note("changes", found)

    def candidates(self) -> None:
        """Who is newly found by what the source declares."""
        found = [
            self._unit("candidates", each.type, self._dated({name: list(v) for name, v in each.parameters.items()}))
            for each in self.source.candidates
        ]
        self._note("candidates", found)

    def patients(self) -> None:
        with self.parts.store.reading() as connection:
            if units.has_stage(connection, self.pull_id, "patients"):
                return
            ended, _ = self._ended(connection)
            found = {unit.type: pages.places_of(connection, [unit.id]) for unit in ended}
        self.deleted[:] = self._ask_deleted(ended, found)
        super().patients()

    def _dated(self, parameters: dict[str, list[str]]) -> dict[str, list[str]]:
        return {**parameters, LAST_UPDATED: [f"ge{self.since}"]}

    def _ask_deleted(self, ended: list[Unit], found: dict[str, list[Place]]) -> list[str | None]:
        """Asked type by type; the first that cannot say settles it."""
        deleted: list[str | None] = []
        opposition = self.source.opposition
        permits_count = opposition is not None and opposition.consents is not None and opposition.consents.required
        for unit in ended:
            if unit.type == "Consent" and not permits_count:
                continue  # an objection that was deleted keeps nobody out
            try:
                history = read_history(self.parts, self.hospital, self.pull_id, unit.type, self.since)
            except RemoteError:  # its links lead elsewhere
                history = None
            if history is None or not history.changed >= set(self._surely_changed(found[unit.type])):
                return [None]
            if unit.type == "Consent" and history.deleted:
                return [None]  # nobody knows here whose it was
            deleted += sorted(history.deleted)
        return deleted

    def _surely_changed(self, places: Iterable[Place]) -> Iterator[str]:
        since = datetime.fromisoformat(self.since)
        for place in places:
            if (updated := _instant(place.updated)) and updated >= since:
                yield place.key

    def _named(self, connection: Connection) -> list[str]:
        ended, wishes = self._ended(connection)
        if None in self.deleted or any(unit.state != "complete" for unit in (*ended, *wishes)):
            for unit in (*ended, *wishes):  # asking everybody takes its place
                unit.state = "split"
                units.save(connection, unit)
            return super()._named(connection)
        candidates = Plan._named(self, connection)
        places = [place for unit in ended for place in pages.places_of(connection, [unit.id])]
        marks = self._changed_marks(connection, [place for place in places if place.position != LEFT_OUT])
        again = self.memory.ids(connection, self._held(connection, marks))
        objecting = find_objecting(connection, self.parts, self.source, wishes)
        return sorted({*self._new(connection, candidates, marks), *again, *objecting})

    def _ended(self, connection: Connection) -> tuple[list[Unit], list[Unit]]:
        """Units that say what has changed, and those that say who objects."""
        ended = units.ended(connection, self.pull_id, "changes")
        dated = [unit for unit in ended if LAST_UPDATED in unit.parameters]
        return dated, [unit for unit in ended if LAST_UPDATED not in unit.parameters]

    def _new(self, connection: Connection, candidates: list[str], changed: set[str]) -> Iterator[str]:
        """Candidates whom nobody knows, or who have changed; the overlap brings others again."""
        marks = {self.memory.mark(f"Patient/{each}"): each for each in candidates if is_id(each)}
        here = {each.mark for each in known.patients(connection, self.memory.source, marks) if not each.withdrawn}
        yield from (each for mark, each in marks.items() if mark not in here or mark in changed)

    def _changed_marks(self, connection: Connection, places: list[Place]) -> set[str]:
        """Marks of patients about whom something is new, different or gone."""
        deleted = [self.memory.mark(key) for key in self.deleted if key]
        at = {self.memory.mark(place.key): place for place in places}
        owners = known.owners(connection, self.memory.source, [*at, *deleted])
        changed = set(deleted)
        changed |= {patient for mark in deleted for patient, _ in owners.get(mark, ())}
        for mark, place in at.items():
            told, version = owners.get(mark, set()), version_at(place)
            changed |= {patient for patient, before in told if not version or before != version}
            about = self.memory.mark(f"Patient/{place.patient}") if place.patient else ""
            if about and about not in {patient for patient, _ in told}:
                changed.add(about)
        return changed

    def _held(self, connection: Connection, marks: set[str]) -> list[str]:
        return [each.mark for each in known.patients(connection, self.memory.source, marks) if not each.withdrawn]


def _instant(text: str) -> datetime | None:
    """A lastUpdated without a zone says nothing that can be compared."""
    try:
        told = datetime.fromisoformat(text)
    except ValueError:
        return None
    return told if told.tzinfo else None
