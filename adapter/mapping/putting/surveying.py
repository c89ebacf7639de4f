"""What a Bundle tells, resource by resource: into which place of the case each of them goes.

Takes from: mapping.intake, mapping.assembly, mapping.run.  Gives to: mapping.putting.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from adapter.errors import Issue, Json
from adapter.mapping.assembly import Assembly
from adapter.mapping.intake import Intake
from adapter.mapping.rules import Map, Rule
from adapter.mapping.run import Run, Taken
from adapter.mapping.select import Way

Pointer = tuple[str | int, ...]


@dataclass(frozen=True)
class Told:
    """One resource that a map took.

    Shapes:  pointer  the place of the case that it speaks of; several resources may speak of one
             counts   whether it is the one that is believed there
    """

    way: Way
    number: int
    resource: Json
    pointer: Pointer
    counts: bool

    @property
    def mapping(self) -> Map:
        return self.way.mapping


@dataclass(frozen=True)
class Survey:
    """Shapes:  at  entry number -> what the resource tells; resources that no map takes are not in it"""

    case: Json
    issues: list[Issue]
    at: dict[int, Told]
    run: Run

    def items_of(self, told: Told, rule: Rule, entries: list[Any]) -> list[Json | None]:
        """What each entry of a list in a resource says to a rule with `each`; None where it says nothing."""
        return [self._item_of(told, rule, entry) for entry in entries]

    def _item_of(self, told: Told, rule: Rule, entry: Any) -> Json | None:
        alone = {**told.resource, rule.fhir.steps[-1].name: [entry]}
        feeds, issues, pending = len(self.run.feeds), len(self.run.issues), len(self.run.pending)
        self.run.at = (told.way, told.number, alone)
        item = told.way.read(alone, self.run)
        fed = self.run.feeds[feeds:]
        del self.run.feeds[feeds:], self.run.issues[issues:], self.run.pending[pending:]
        listed = next((items for name, items, *_ in fed if name == rule.case.steps[-1].name), [])
        if not rule.feed:
            for step in rule.case.steps:
                item = item.get(step.name) if isinstance(item, dict) else None
            listed = item or []
        return listed[0] if listed else None


def survey(intake: Intake, bundle: Json, case_id: str) -> Survey:
    """Read a Bundle and say where each of its resources went.

    Shapes:  case_id  taken for the case's own where the Patient carries no pseudonym: a hospital's need not
    """
    assembly = intake.record(bundle)
    found = (_told(assembly, taken) for taken in assembly.run.taken or ())
    case = {"case_id": case_id, **assembly.case}
    return Survey(case, assembly.run.issues, {told.number: told for told in found if told}, assembly.run)


def _told(assembly: Assembly, taken: Taken) -> Told | None:
    pointer = assembly.pointer(taken)
    counts, place = pointer is not None, taken.mapping.place
    if pointer is None and place == "object":
        pointer = (taken.mapping.case,)
    elif pointer is not None and place == "keyed":
        counts = assembly.case[taken.mapping.case].get(taken.item[0]) == taken.item[1]
    if pointer is None:
        return None
    return Told(taken.way, taken.number, taken.resource, pointer, counts)
