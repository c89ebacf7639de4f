"""Doubts about filters: one that finds nothing is tried on what it must find; one that finds too much is told.

A server that does not know a parameter answers with everything or with nothing, and with status 200 (R4 lets it).

Takes from: errors, hospital, parts, store, ledger.  Gives to: pull.
Source: https://hl7.org/fhir/R4/search.html#errors
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from adapter.crawl.ledger import Scribe
from adapter.crawl.questions import search
from adapter.crawl.way import Way
from adapter.errors import Issue
from adapter.hospital.answers import Page, read_page
from adapter.hospital.client import Hospital
from adapter.hospital.matching import patient_of, token_of
from adapter.hospital.session import Answer
from adapter.parts import Parts
from adapter.store import ledger, pages, units
from adapter.store.units import BY_PATIENT, Stage, Unit

_FEW = "5"
_DEAD = "the server answers nothing to a search by {name}, although it holds a resource that fits"


@dataclass(frozen=True)
class Control:
    """Control questions about one pull."""

    parts: Parts
    hospital: Hospital
    pull_id: str

    def ensure_filters(self, stage: Stage) -> None:
        """Units that brought nothing lose their proof when their filter cannot find what is there."""
        with self.parts.store.reading() as connection:
            ended = units.ended(connection, self.pull_id, stage)
        by_type: dict[str, list[Unit]] = {}
        for unit in ended:
            by_type.setdefault(unit.type, []).append(unit)
        for type_, same in by_type.items():
            for name in _tried(stage, same):
                asked = [unit for unit in same if name == "patient" or name in unit.parameters]
                silent = all(unit.received == 0 and unit.state == "complete" for unit in asked)
                if silent and not self._finds(type_, name, Way(**asked[0].way)):
                    self._doubt(asked, name)

    def issues(self) -> Iterator[Issue]:
        """What the server did with filters, for the report."""
        with self.parts.store.reading() as connection:
            left_out = pages.count_left_out(connection, self.pull_id)
        for type_, number in sorted(left_out.items()):
            english = (
                f"Answers to searches for {type_} held {number} resources that do not fit them; they were left out."
            )
            french = (
                f"Des réponses à des recherches de {type_} contenaient {number} ressources hors critères, écartées."
            )
            yield Issue("warning", "not-supported", "", "pull:filter-ignored", english, "pull", text_fr=french)

    def _finds(self, type_: str, name: str, way: Way) -> bool:
        """Does the filter find a resource that the server itself has shown? True when there is none to try it on."""
        shown = self._ask(type_, {}, way)
        for resource in shown.matches if shown else ():
            value = patient_of(resource) if name == "patient" else token_of(resource, name)
            if not value:
                continue
            found = self._ask(type_, {name: [value]}, way)
            return found is None or bool(found.matches) or bool(found.total)
        return True

    def _ask(self, type_: str, parameters: dict[str, list[str]], way: Way) -> Page | None:
        """In the way the server was found to want it."""
        source = self.hospital.source
        few = {} if "_count" in way.drop else {"_count": [_FEW]}

        def read(answer: Answer) -> Page:
            return read_page(answer, type_, f"search {type_}", source.max_answer_bytes)

        reply = self.hospital.asker.ask(search(source, type_, {**parameters, **few}, way), read)
        scribe = Scribe(source, self.parts.pseudonyms)
        with self.parts.store.writing() as connection:
            ledger.add(connection, self.pull_id, None, [scribe.request(each) for each in reply.attempts])
        return reply.value

    def _doubt(self, asked: list[Unit], name: str) -> None:
        with self.parts.store.writing() as connection:
            for unit in asked:
                unit.state, unit.proof, unit.problem = "incomplete", "", _DEAD.format(name=name)
                units.save(connection, unit)


def _tried(stage: Stage, same: list[Unit]) -> list[str]:
    """Filters to try: the patient where one is asked for; on consents and candidates, what is declared."""
    declared = sorted({name for unit in same for name in unit.parameters}) if stage != "collect" else []
    return ["patient", *declared] if stage in BY_PATIENT else declared
