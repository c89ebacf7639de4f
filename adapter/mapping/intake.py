"""Resources in, one by one: find the way, read, and see what nobody read.

Takes from: mapping.dispatch, run, reader, leftovers, assembly, bundle.  Gives to: mapping.engine.
"""

from __future__ import annotations

from adapter.bundle import resources_of
from adapter.errors import Json
from adapter.mapping.assembly import Assembly
from adapter.mapping.code import Code
from adapter.mapping.dispatch import make_picks, make_unselected
from adapter.mapping.findings import misshapen, not_understood, reserved
from adapter.mapping.leftovers import make_finder
from adapter.mapping.reader import make_reader_code
from adapter.mapping.rules import Language, Map
from adapter.mapping.run import Run
from adapter.mapping.select import make_drops, make_ways
from adapter.mapping.slots import make_slots

# What a resource that passed no gate may do to generated code; anything else is a bug of ours.
SHAPE = (AttributeError, TypeError, KeyError, IndexError, ValueError)
# Elements that change the meaning of what they stand in: not knowing them is not understanding the rest.
_MODIFIERS = ("modifierExtension", "implicitRules")


class Intake:
    """Every way into the case, compiled."""

    def __init__(self, language: Language) -> None:
        self.codes: dict[str, Code] = {}
        slots = make_slots(language)
        self.slots = tuple({slot.number: slot for slot in slots.values()}.values())
        ways = []
        for mapping in language.maps:
            code, rules = make_reader_code(mapping, drops := make_drops(mapping))
            self.codes[mapping.name] = code
            read, finder = code.function("read"), make_finder(mapping)
            ways += make_ways(mapping, slots[mapping.name], read=read, finder=finder, rules=rules, drops=drops)
        self._picks = make_picks(ways)
        self._unselected = make_unselected(language.maps)

    def read(self, bundle: Json, *, leftovers: bool = True, recording: bool = False) -> tuple[Run, dict[str, int]]:
        """Read every resource.

        Shapes:  returns  the run, and what nobody read: place -> how often
        """
        run = Run(bundle, len(self.slots), recording=recording)
        unread: dict[str, int] = {}
        passed: list[tuple[int, str]] = []
        for number, resource in resources_of(bundle):
            if not self._take(run, number, resource, unread if leftovers else None):
                passed.append((number, resource["resourceType"]))
        for number, name in passed:
            if number not in run.references.followed:
                unread[name] = unread.get(name, 0) + 1
        return run, unread

    def record(self, bundle: Json) -> Assembly:
        """Read again, keeping where everything came from and where it went."""
        return self.assemble(self.read(bundle, recording=True)[0])

    def assemble(self, run: Run) -> Assembly:
        """The case of everything read."""
        return Assembly(run, self.slots)

    def _take(self, run: Run, number: int, resource: Json, unread: dict[str, int] | None) -> bool:
        """Read one resource and say whatever is to be said of it; False when no map takes it."""
        try:
            pick = self._picks.get(resource["resourceType"])
            if pick is None or (way := pick(resource)) is None:
                run.issues.extend(self._unselected(resource, number))
                return False
            run.at = (way, number, resource)
            item = way.read(resource, run)
            left: list[str] = []
            if item is not None and unread is not None:
                way.finder(resource, left)
        except SHAPE as error:
            run.issues.append(misshapen(number, resource, error))
            return True
        if item is None or (left and unread is not None and count_left(run, left, unread)):
            run.refuse()
            return True
        run.place(item)
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


def count_left(run: Run, left: list[str], unread: dict[str, int]) -> bool:
    """Count what was left; true when it holds a modifier, and the resource must not be used."""
    for place in left:
        unread[place] = unread.get(place, 0) + 1
    modifier = next((place for place in left if place.endswith(_MODIFIERS)), None)
    if modifier:
        run.issues.append(not_understood(f"{run.here.place}.{modifier.split('.', 1)[1]}"))
    return modifier is not None
