"""Which units a stage has: the searches for candidates, lists of patients, searches for each list, drugs pointed at.

Takes from: errors, hospital, parts, store, questions, way.  Gives to: pull.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from adapter.crawl.handing import medications_wanted
from adapter.crawl.opposing import find_unopposed
from adapter.crawl.questions import first_of
from adapter.hospital import Source
from adapter.hospital.client import is_id
from adapter.parts import Parts
from adapter.store import Connection, candidates, pages, server_profiles, units
from adapter.store.units import Stage, Unit

# A list as long as most servers take, and short enough that a refused one costs little.
PATIENTS_IN_A_SEARCH = 10
IDS_IN_A_LIST = 50


def patients_in_a_search(parts: Parts, source: Source) -> int:
    """One where the doctor has seen that the server does not understand a list."""
    with parts.store.reading() as connection:
        learnt = server_profiles.find(connection, source.base) or {}
    return 1 if learnt.get("patient_list") is False else PATIENTS_IN_A_SEARCH


@dataclass(frozen=True)
class Plan:
    """Makes the units of each stage once; a pull that goes on finds them there."""

    parts: Parts
    source: Source
    pull_id: str

    def note(self, stage: Stage) -> None:
        """Write the units of a stage down, unless that was done before."""
        makers = {
            "changes": self.changes,
            "candidates": self.candidates,
            "patients": self.patients,
            "consents": self.consents,
            "collect": self.collect,
        }
        makers.get(stage, self.linked)()

    def changes(self) -> None:
        """A pull of everything does not ask what has changed."""

    def candidates(self) -> None:
        """The searches that find patients."""
        found = [self._unit("candidates", each.type, _listed(each.parameters)) for each in self.source.candidates]
        self._note("candidates", found)

    def patients(self) -> None:
        """The candidates' Patients, and a line for each in the list of those to be judged."""
        with self.parts.store.writing() as connection:
            if units.has_stage(connection, self.pull_id, "patients"):
                return
            named = self._named(connection)
            candidates.add(connection, self.pull_id, named)
            lists = lists_of(named, IDS_IN_A_LIST)
            units.add(connection, [self._unit("patients", "Patient", {}, each) for each in lists])

    def consents(self) -> None:
        """What the patients have said about research, where the source looks at that."""
        opposition = self.source.opposition
        with self.parts.store.reading() as connection:
            named = candidates.everybody(connection, self.pull_id)
        found = []
        for each in lists_of(named, patients_in_a_search(self.parts, self.source)) if opposition else ():
            for search in opposition.searches(each) if opposition else ():
                asked = {name: values for name, values in _listed(search.parameters).items() if name != "patient"}
                found.append(self._unit("consents", search.type, asked, each))
        self._note("consents", found)

    def collect(self) -> None:
        """Each of the source's searches, for each list of patients who do not object."""
        with self.parts.store.reading() as connection:
            if units.has_stage(connection, self.pull_id, "collect"):
                return
        named = find_unopposed(self.parts, self.source, self.pull_id)
        lists = list(lists_of(named, patients_in_a_search(self.parts, self.source)))
        searches = self.source.collect
        pairs = [(search, each) for each in lists for search in searches]
        self._note("collect", [self._unit("collect", s.type, _listed(s.parameters), each) for s, each in pairs])

    def linked(self) -> None:
        """Drugs that statements point at and that did not come with them."""
        with self.parts.store.reading() as connection:
            wanted = medications_wanted(connection, self.parts, self.pull_id, self.source.base)
        found = []
        for ids in lists_of(sorted(wanted), IDS_IN_A_LIST):
            needing = sorted({patient for id_ in ids for patient in wanted[id_]})
            found.append(self._unit("linked", "Medication", {"_id": ids}, needing))
        self._note("linked", found)

    def _named(self, connection: Connection) -> list[str]:
        """Whom the matches name. A match that names nobody makes its search incomplete: somebody would be missed."""
        found: set[str] = set()
        for unit in units.ended(connection, self.pull_id, "candidates"):
            named = pages.patients_of(connection, unit.id)
            found |= {each for each in named if is_id(each)}
            if not all(is_id(each) for each in named):
                unit.state, unit.proof = "incomplete", ""
                unit.problem = unit.problem or "a match names no patient by reference"
                units.save(connection, unit)
        return sorted(found)

    def _note(self, stage: Stage, found: Sequence[Unit]) -> None:
        with self.parts.store.writing() as connection:
            if not units.has_stage(connection, self.pull_id, stage):
                units.add(connection, found)

    def _unit(
        self, stage: Stage, type_: str, parameters: dict[str, list[str]], patients: list[str] | None = None
    ) -> Unit:
        unit = Unit(self.pull_id, stage, type_, parameters, patients)
        unit.way = first_of(unit).as_json()
        return unit


def _listed(parameters: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    return {name: list(values) for name, values in parameters.items()}


def lists_of(values: Sequence[str], length: int) -> Iterator[list[str]]:
    for start in range(0, len(values), length):
        yield list(values[start : start + length])
