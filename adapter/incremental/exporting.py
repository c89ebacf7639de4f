"""An export that knows what was taken before: of everything, or first of what has changed, then of those it concerns.

    since ──► export of changes ──► whom they concern ──► export of these patients (POST), else of everything

Takes from: errors, hospital, parts, bulk, crawl, store, memory.  Gives to: incremental.taking.
Source: https://hl7.org/fhir/uv/bulkdata/STU2/export.html#query-parameters (_since, patient)
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from adapter.bulk import Exported, ExportTaking, Stopped, end_export, find_exported, run_export
from adapter.crawl import Handed
from adapter.errors import RemoteError, RemoteTransientError
from adapter.hospital.client import Hospital
from adapter.incremental.memory import Memory
from adapter.parts import Parts
from adapter.store import Connection, known, units
from adapter.store.units import Unit

_UNTOLD = "the server exported a change of this patient, and then not the patient"


class KnownExport(ExportTaking):
    """Shapes:  begin  instant of the server's clock; None for everything"""

    def __init__(self, parts: Parts, hospital: Hospital, pull_id: str, memory: Memory, begin: str | None) -> None:
        super().__init__(parts, hospital, pull_id)
        self.begin, self._memory = begin, memory
        self._concerned: list[str] | None = None
        self._gone: set[str] = set()
        self._time = ""

    def take(self, goes_on: Callable[[str], bool]) -> bool:
        """As `ExportTaking.take`."""
        if self.begin is None:
            return super().take(goes_on)
        self._desk.goes_on = lambda progress: goes_on("changes")
        try:
            self._concerned = self._changes(self.begin)
        except Stopped:
            return False
        if self._concerned == []:
            self.exported = Exported(whole=True)
            return True
        self._desk.only = tuple(self._concerned or ())
        try:
            return super().take(goes_on)
        except RemoteError as error:
            if isinstance(error, RemoteTransientError) or not self._desk.only:
                raise
        self._desk.only = ()  # not every server lets patients be named; then everything is exported
        return super().take(goes_on)

    def of(self, patient: str) -> Handed:
        """As `ExportTaking.of`; nothing, and no problem, of somebody who is proven to be gone."""
        if patient in self._gone:
            return Handed() if self._memory.find(patient) else Handed(problem=_UNTOLD)
        return super().of(patient)

    def served_at(self) -> datetime | None:
        """The server's time of the export: of the changes, when they were asked for."""
        told = self._time or self.exported.since
        return datetime.fromisoformat(told) if told else None

    def _absent(self) -> set[str]:
        """Whoever should be in a proven export and is not; of an export that is not proven, nobody can say."""
        expected = self._memory.everybody() if self._concerned is None else self._concerned
        self._gone = set(expected) - set(find_exported(self._desk)) if self.exported.proven else set()
        return self._gone

    def _changes(self, begin: str) -> list[str] | None:
        """Ids of those whom changes concern, asked once for a pull; None when that cannot be said."""
        with self._parts.store.reading() as connection:
            done = units.ended(connection, self._pull_id, "changes")
        unit = done[0] if done else self._ask_changes(begin)
        self._time = str(unit.way["time"])
        return unit.patients if unit.way["proven"] else None

    def _ask_changes(self, begin: str) -> Unit:
        with self._parts.store.reading() as connection:
            marks = {each.mark for each in known.patients(connection, self._memory.source) if not each.withdrawn}
        desk = replace(self._desk, since=begin, watch=lambda patient: self._memory.mark(f"Patient/{patient}") in marks)
        exported = run_export(desk)
        unit = Unit(self._pull_id, "changes", "Resource", {}, [], state="complete", proof="manifest")
        with self._parts.store.reading() as connection:
            concerned = set(find_exported(desk)) | self._deleted(connection, exported)
        unit.patients = sorted(concerned)
        unit.way = {"time": exported.since, "proven": exported.proven}
        end_export(desk, exported)
        with self._parts.store.writing() as connection:
            units.add(connection, [unit])
        return unit

    def _deleted(self, connection: Connection, exported: Exported) -> set[str]:
        """Who has lost something."""
        marks = [self._memory.mark(key) for key in exported.deleted]
        owners = known.owners(connection, self._memory.source, marks)
        return set(self._memory.ids(connection, {*marks, *(each for told in owners.values() for each, _ in told)}))
