"""Resources in, one by one: the short way where nothing has to be said, else the long way, which says it.

Takes from: mapping.dispatch, run, reader, sorter, leftovers, assembly, bundle.  Gives to: mapping.engine.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cached_property
from typing import Any

from adapter.bundle import NO_FACT, resources_of
from adapter.errors import Issue, Json
from adapter.mapping.assembly import Assembly
from adapter.mapping.code import Code
from adapter.mapping.dispatch import Pick, make_picks, make_unselected
from adapter.mapping.drops import Drop, make_drops
from adapter.mapping.findings import misshapen, not_understood, reserved
from adapter.mapping.invariants import make_invariants
from adapter.mapping.leftovers import make_finder_code
from adapter.mapping.reader import make_reader_code
from adapter.mapping.rules import Language, Map, Rule
from adapter.mapping.run import Run
from adapter.mapping.select import Way, make_ways
from adapter.mapping.slots import make_slots
from adapter.mapping.sorter import Sort, Sorter
from adapter.mapping.sorting import SHAPE

# Elements that change the meaning of what they stand in: not knowing them is not understanding the rest.
_MODIFIERS = ("modifierExtension", "implicitRules")


class LongWay:
    """The full reader of one map and its finder of leftovers, compiled when the first resource needs them.

    Shapes:  rules  those that the reader names by number when it tells the run what failed
    """

    def __init__(self, mapping: Map, drops: list[Drop]) -> None:
        self.mapping, self.drops, self.invariants = mapping, drops, make_invariants(mapping)
        self.rules: list[Rule] = []

    def __getstate__(self) -> dict[str, Any]:
        return {"mapping": self.mapping, "drops": self.drops, "invariants": self.invariants, "rules": []}

    @cached_property
    def code(self) -> Code:
        code, rules = make_reader_code(self.mapping, self.drops)
        self.rules[:] = rules
        return code

    @cached_property
    def _compiled(self) -> Any:
        return self.code.function("read")

    @cached_property
    def _recording(self) -> Any:
        """The same reader, telling of each value by which branch it came: needed when a trace is asked for."""
        code, rules = make_reader_code(self.mapping, self.drops, recording=True)
        self.rules[:] = rules
        return code.function("read")

    @cached_property
    def finder(self) -> Code:
        return make_finder_code(self.mapping)

    @cached_property
    def _finding(self) -> Any:
        return self.finder.function("find")

    def read(self, resource: Json, run: Run) -> Any:
        return self._compiled(resource, run) if run.taken is None else self._recording(resource, run)

    def find(self, resource: Json, left: list[str]) -> None:
        self._finding(resource, left)


class Intake:
    """Every way into the case."""

    def __init__(self, language: Language) -> None:
        self._maps = language.maps
        self._slots = make_slots(language)
        self.slots = tuple({slot.number: slot for slot in self._slots.values()}.values())
        self.long = {mapping.name: LongWay(mapping, make_drops(mapping)) for mapping in language.maps}
        self.sorter = Sorter(self._ways, self._slots)
        self._sorts: dict[bool, Sort] = {True: self._link(leftovers=True)}

    def _link(self, *, leftovers: bool) -> Sort:
        return self.sorter.link({name: long.find for name, long in self.long.items()}, leftovers=leftovers)

    @property
    def _ways(self) -> list[Way]:
        ways: list[Way] = []
        for name, long in self.long.items():
            told = {"read": long.read, "finder": long.find, "rules": long.rules, "drops": long.drops}
            told["invariants"] = long.invariants
            ways += make_ways(long.mapping, self._slots[name], **told)
        return ways

    @cached_property
    def _picks(self) -> dict[str, Pick]:
        return make_picks(self._ways)

    @cached_property
    def _unselected(self) -> Callable[[Json, int], Iterator[Issue]]:
        return make_unselected(self._maps)

    def __getstate__(self) -> dict[str, Any]:
        """What is compiled for a cache; what is tied together anew is left out."""
        left = ("_sorts", "_picks", "_unselected")
        return {name: value for name, value in self.__dict__.items() if name not in left}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__ |= state
        self._sorts = {True: self._link(leftovers=True)}

    def read(self, bundle: Json, *, leftovers: bool = True) -> tuple[Run, dict[str, int]]:
        """Read every resource.

        Shapes:  returns  the run, and what nobody read: place -> how often
        """
        run = Run(bundle, len(self.slots))
        unread: dict[str, int] = {}
        passed: list[tuple[int, str]] = []

        def behind(find: Callable[[Json, list[str]], None], number: int, resource: Json) -> bool:
            """Count what nobody read; true when the resource must not be used for it."""
            left: list[str] = []
            find(resource, left)
            refused = _count(run, number, left, unread)
            if refused:
                run.refuse(resource)
            return refused

        def slowly(number: int, entry: Json) -> None:
            resource = entry.get("resource")
            if resource.__class__ is not dict or resource.get("resourceType") in NO_FACT:
                return
            if not self._take(run, number, resource, unread if leftovers else None):
                passed.append((number, resource["resourceType"]))

        sort = self._sorts.get(leftovers) or self._sorts.setdefault(leftovers, self._link(leftovers=leftovers))
        sort(bundle.get("entry") or (), run, behind, slowly)
        if passed:
            _count_passed(run, passed, unread)
        return run, unread

    def record(self, bundle: Json) -> Assembly:
        """Read again the long way, keeping where everything came from and where it went."""
        run = Run(bundle, len(self.slots), recording=True)
        for number, resource in resources_of(bundle):
            self._take(run, number, resource, {})
        return self.assemble(run)

    def assemble(self, run: Run) -> Assembly:
        """The case of everything read."""
        return Assembly(run, self.slots)

    def _take(self, run: Run, number: int, resource: Json, unread: dict[str, int] | None) -> bool:
        """Read one resource and say whatever is to be said of it; False when no map takes it."""
        left: list[str] = []
        try:
            pick = self._picks.get(resource["resourceType"])
            if pick is None or (way := pick(resource)) is None:
                run.issues.extend(self._unselected(resource, number))
                return False
            run.at = (way, number, resource)
            item = way.read(resource, run)
            if item is not None and unread is not None:
                way.finder(resource, left)
            broken = [each.issue(number) for each in way.invariants if each.broken(resource)]
        except SHAPE as error:
            run.issues.append(misshapen(number, resource, error))
            return True
        if item is None or (left and unread is not None and _count(run, number, left, unread)):
            run.refuse(resource)
            return True
        run.place(item)
        run.issues += broken
        if way.warn is not None:
            run.issues.append(reserved(f"{run.here.place}.{way.path.reach.fhirpath}", way.mapping, way.warn))
        return True

    def map_of(self, resource: Json) -> Map | None:
        """The map that would take a resource; None when there is none, or when its codes cannot be read."""
        try:
            pick = self._picks.get(resource["resourceType"])
            way = pick(resource) if pick else None
        except SHAPE:
            return None
        return way.mapping if way else None


def _count(run: Run, number: int, left: list[str], unread: dict[str, int]) -> bool:
    """Count what was left; true when it holds a modifier, and the resource must not be used."""
    for place in left:
        unread[place] = unread.get(place, 0) + 1
    modifier = next((place for place in left if place.endswith(_MODIFIERS)), None)
    if modifier:
        run.issues.append(not_understood(f"Bundle.entry[{number}].resource.{modifier.split('.', 1)[1]}"))
    return modifier is not None


def _count_passed(run: Run, passed: list[tuple[int, str]], unread: dict[str, int]) -> None:
    """Resources that no map took, unless another resource pointed at them and they were read there."""
    for number, name in passed:
        if number not in run.references.followed:
            unread[name] = unread.get(name, 0) + 1
