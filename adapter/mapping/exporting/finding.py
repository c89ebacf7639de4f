"""Nested sources that walk down to an element: every step its own rule, since engines differ on paths and filters.

Takes from: conformance, mapping.path, exporting.structure, exporting.codes.  Gives to: exporting.reading.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from adapter.conformance import r4_definitions
from adapter.mapping.exporting.codes import none_of, one_of
from adapter.mapping.exporting.structure import MapRule, Names, Source
from adapter.mapping.exporting.text import quoted
from adapter.mapping.path import Path, Step
from adapter.mapping.rules import Map

Then = Callable[[str], tuple[MapRule, ...]]


@dataclass
class Finder:
    mapping: Map
    names: Names
    slices: dict[str, list[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for rule in self.mapping.rules:
            for leaf in rule.leaves():
                for step in leaf.fhir.steps:
                    if step.pick == "slice":
                        self.slices.setdefault(step.name, []).append(step.value)

    def find(self, steps: tuple[Step, ...], context: str, rule_id: str, then: Then) -> tuple[MapRule, ...]:
        """Rules down the steps; `then` is given the variable of what was found."""
        if not steps:
            return then(context)
        step, rest = steps[0], steps[1:]
        name, variable = self.names.rule(f"{rule_id}.in"), self.names.variable()

        def below(entry: str) -> tuple[MapRule, ...]:
            return self.find(rest, entry, rule_id, then)

        inner = self._of_slice(step, variable, rule_id, below)
        return (MapRule(name, Source(context, step.name, variable, "", step.pick == "first"), (), inner),)

    def _of_slice(self, step: Step, entry: str, rule_id: str, below: Then) -> tuple[MapRule, ...]:
        """The condition hangs on the entry's own member: asked of the list, some engines test its first entry only."""
        if step.pick not in ("slice", "other"):
            return below(entry)
        variable = self.names.variable()
        key = step.key if step.pick == "slice" else "system"
        condition = self._claims(step, variable)
        return (
            MapRule(self.names.rule(f"{rule_id}.slice"), Source(entry, key, variable, condition), (), below(entry)),
        )

    def _claims(self, step: Step, variable: str) -> str:
        if step.pick == "other":
            return none_of(variable, dict.fromkeys(self.slices.get(step.name, [])))
        system, bar, code = step.value.partition("|")
        if not bar:
            return one_of(variable, [step.value])
        return f"{variable}.coding.where(system = {quoted(system)} and code = {quoted(code)}).exists()"

    def codings(
        self, steps: tuple[Step, ...], context: str, rule_id: str, then: Then, *, concept: bool
    ) -> tuple[MapRule, ...]:
        """The same, down to each Coding."""
        return self.find((*steps, Step("coding")) if concept else steps, context, rule_id, then)

    def is_concept(self, path: Path) -> bool:
        """Whether the element is a CodeableConcept and not a Coding."""
        return "CodeableConcept" in set(_types(self.mapping.resource, path))


def _types(resource: str, path: Path) -> Iterator[str]:
    definition = r4_definitions().type_structure(resource) or {}
    wanted = ".".join([resource, *(step.name for step in path.steps)])
    for element in definition.get("snapshot", {}).get("element", ()):
        if element["path"] == wanted:
            yield from (each["code"] for each in element.get("type", ()))
