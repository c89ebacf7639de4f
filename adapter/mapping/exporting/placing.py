"""Where values are put: targets for a path, and one opened object for all the rules that meet below it.

Takes from: mapping.path, exporting.structure.  Gives to: exporting.leaves, exporting.writing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from adapter.mapping.exporting.structure import MapRule, Names, Source, Target, copied
from adapter.mapping.path import Step


@dataclass(frozen=True)
class Spot:
    """A place still to be opened: `steps` down from `variable`, after the targets of `before`."""

    variable: str
    steps: tuple[Step, ...] = ()
    before: tuple[Target, ...] = ()

    def open(self, names: Names) -> tuple[tuple[Target, ...], str]:
        """Targets that make every step, and the variable of the last."""
        targets, variable = list(self.before), self.variable
        for step in self.steps:
            inner = names.variable()
            targets += [Target(variable, step.name, inner), *discriminator(step, inner, names)]
            variable = inner
        return tuple(targets), variable

    def open_parent(self, names: Names) -> tuple[tuple[Target, ...], tuple[str, str]]:
        """Targets that make every step but the last, and where the last stands."""
        targets, variable = replace(self, steps=self.steps[:-1]).open(names)
        return targets, (variable, self.steps[-1].name)


def discriminator(step: Step, variable: str, names: Names) -> tuple[Target, ...]:
    """What makes a list entry one of its slice."""
    if step.pick != "slice":
        return ()
    system, bar, code = step.value.partition("|")
    if not bar:
        return (copied(variable, step.key, step.value),)
    concept, coding = names.variable(), names.variable()
    made = (Target(variable, step.key, concept), Target(concept, "coding", coding))
    return (*made, copied(coding, "system", system), copied(coding, "code", code))


@dataclass(frozen=True)
class Unit:
    """Something to write. Units of one owner never write together: they need no common object.

    Shapes:  needs  case paths of which one must be there for the unit to write; None when it always does
    """

    rule: str
    owner: str
    steps: tuple[Step, ...]
    needs: tuple[tuple[str, ...], ...] | None
    emit: Callable[[Spot], tuple[MapRule, ...]]


def lay(units: list[Unit], item: str, spot: Spot, names: Names) -> tuple[MapRule, ...]:
    """Rules for all units below a place; `item` is the variable their case paths start from."""
    found: list[MapRule] = [rule for unit in units if not unit.steps for rule in unit.emit(spot)]
    groups: dict[Step, list[Unit]] = {}
    for unit in units:
        if unit.steps:
            groups.setdefault(unit.steps[0], []).append(unit)
    for step, members in groups.items():
        if len({unit.owner for unit in members}) > 1:
            found.append(_shared(step, members, item, spot, names))
        else:
            found += [rule for unit in members for rule in unit.emit(replace(spot, steps=unit.steps))]
    return tuple(found)


def _shared(step: Step, members: list[Unit], item: str, spot: Spot, names: Names) -> MapRule:
    name, inner, variable = names.rule(f"{members[0].rule}.place"), names.variable(), names.variable()
    needs = [unit.needs for unit in members]
    paths = dict.fromkeys(path for each in needs if each is not None for path in each)
    condition = "" if None in needs else " or ".join(f"{variable}.{'.'.join(path)}.exists()" for path in paths)
    lower = [replace(unit, steps=unit.steps[1:]) for unit in members]
    # Each unit says itself which slice it is of: an engine that skips the condition makes an empty object, no more.
    below = Spot(inner, (), discriminator(step, inner, names))
    made = (*spot.before, Target(spot.variable, step.name, inner))
    source = Source(item, "", variable if condition else "", condition)
    return MapRule(name, source, made, lay(lower, item, below, names))
