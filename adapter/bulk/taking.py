"""A pull by export, seen as the pulling journey sees any pull: take everything, hand over by patient, end.

Takes from: errors, hospital, parts, crawl, store, the other rooms of bulk.  Gives to: pull.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache

from adapter.bulk.asking import Asking
from adapter.bulk.desk import Desk, Stopped
from adapter.bulk.exporting import Exported, end_export, run_export
from adapter.bulk.patients import collect_exported, find_exported, settle
from adapter.bulk.recorded import RecordedSession
from adapter.crawl import Handed
from adapter.crawl.ledger import Scribe
from adapter.errors import Issue, Json
from adapter.hospital.bulk.request import Bulk
from adapter.hospital.client import Hospital
from adapter.parts import Parts
from adapter.store import bulk, candidates, jobs, units
from adapter.store.units import Unit

_NOT_WHOLE = "the export is not whole; the report names the files"


class ExportTaking:
    """The export of one pull.

    Shapes:  since, only  as `Desk`
    """

    def __init__(
        self, parts: Parts, hospital: Hospital, pull_id: str, *, since: str = "", only: tuple[str, ...] = ()
    ) -> None:
        self._parts, self._hospital, self._pull_id = parts, hospital, pull_id
        session = RecordedSession(
            hospital.session, hospital.patience, parts.store, Scribe(hospital.source, parts.pseudonyms), pull_id
        )
        asking = Asking(hospital.source, session)
        self._desk = Desk(
            parts.store,
            parts.seals,
            hospital.source,
            session,
            hospital.patience,
            pull_id,
            parts.clock,
            bulk=hospital.source.bulk or Bulk(),
            since=since,
            only=only,
            count=asking.count,
            members=cache(asking.members),
            read=asking.read,
        )
        self.exported = Exported()

    @property
    def gives_up(self) -> bool:
        """Of a file that cannot be read now; else the pull goes on another time."""
        return self._desk.gives_up

    @gives_up.setter
    def gives_up(self, gives_up: bool) -> None:
        self._desk.gives_up = gives_up

    def take(self, goes_on: Callable[[str], bool]) -> bool:
        """Take the whole export; one that was begun goes on.

        Shapes:  goes_on  asked after every batch that was kept; False stops
                 returns  False when it was stopped
        Errors:  RemoteError when the server refuses the export, or loses it again and again
        """
        self._desk.goes_on = lambda progress: goes_on("export")
        try:
            self.exported = run_export(self._desk)
        except Stopped:
            return False
        self._note()
        return True

    def of(self, patient: str) -> Handed:
        """One patient's resources; nothing while a file is missing, for what did not come would look like a "no"."""
        if not self.exported.whole:
            return Handed(problem=_NOT_WHOLE)
        collected = collect_exported(self._desk, patient)
        if collected.problem:
            return Handed(problem=collected.problem)
        mine = {key: each for key, each in collected.resources.items() if key[0] in self._collected_types}
        return Handed({"/".join(key): resource for key, resource in mine.items()})

    def settle(self, patient: str) -> None:
        """The patient was judged: nothing more is kept here."""
        settle(self._desk, patient)

    def issues(self) -> Iterator[Issue]:
        """Filters are made again line by line; there is nothing to doubt."""
        yield from ()

    def end(self) -> None:
        """Forget what was read; the server's files go when nothing of them was missing."""
        end_export(self._desk, self.exported)

    @property
    def _collected_types(self) -> frozenset[str]:
        return frozenset(self._desk.types) - {"Consent"}

    def _note(self) -> None:
        """Files as units with their proof, and patients who wait for judgement; once."""
        found = sorted({*find_exported(self._desk), *self._absent()})
        opposed = {each for each in found if self.exported.whole and self._opposed(each)}
        with self._parts.store.writing() as connection:
            if units.has_stage(connection, self._pull_id, "export"):
                return
            units.add(connection, [self._unit(each) for each in self.exported.units])
            units.add(connection, [self._loss(each) for each in self.exported.losses])
            candidates.add(connection, self._pull_id, found)
            for patient in opposed:
                candidates.settle(connection, self._pull_id, patient, "opposed")
        for patient in opposed:
            settle(self._desk, patient)

    def _absent(self) -> set[str]:
        """Further patients to be judged: those who should be in the export and are not."""
        return set()

    def _opposed(self, patient: str) -> bool:
        """Whoever objects is counted, and nothing of him is kept."""
        opposition = self._hospital.source.opposition
        if opposition is None:
            return False
        resources = collect_exported(self._desk, patient).resources
        consents = [each for key, each in resources.items() if key[0] == "Consent"]
        told = resources.get(("Patient", patient), {})
        return bool(opposition.verdict(told, consents, self._parts.clock().date()))

    def _unit(self, told: Json) -> Unit:
        unit = Unit(self._pull_id, "export", told.get("type") or "Resource", {})
        unit.state = "complete" if told["complete"] else "incomplete"
        unit.pages, unit.received, unit.expected = 1, told["received"], told.get("expected")
        unit.proof, unit.problem = told.get("proof", ""), told.get("problem", "")
        return unit

    def _loss(self, told: Json) -> Unit:
        """What the server itself says it could not export stands as a unit that never became complete."""
        unit = Unit(self._pull_id, "export", "OperationOutcome", {})
        unit.state, unit.problem = "incomplete", f"{told['what']}: {told['problem']}"
        return unit


def forget_ended(parts: Parts) -> None:
    """Exports whose pull was cancelled, or whose process died when all was done, leave nothing behind either."""
    with parts.store.writing() as connection:
        for pull_id in bulk.pulls(connection):
            if jobs.find(connection, pull_id).state not in jobs.OPEN:
                bulk.forget(connection, pull_id)
