"""Resources in, one by one: find the way, read, and see what nobody read.

Takes from: mapping.dispatch, mapping.run, mapping.reader, mapping.leftovers, bundle.  Gives to: mapping.engine.
"""

from __future__ import annotations

from adapter.bundle import resources_of
from adapter.errors import Json
from adapter.mapping.code import Code
from adapter.mapping.dispatch import make_picks, make_unselected
from adapter.mapping.findings import misshapen, not_understood, reserved
from adapter.mapping.leftovers import make_finder
from adapter.mapping.reader import make_reader_code
from adapter.mapping.rules import Language, Map
from adapter.mapping.run import Run
from adapter.mapping.select import make_drops, make_ways

# What a resource that passed no gate may do to generated code; anything else is a bug of ours.
SHAPE = (AttributeError, TypeError, KeyError, IndexError, ValueError)
# Elements that change the meaning of what they stand in: not knowing them is not understanding the rest.
_MODIFIERS = ("modifierExtension", "implicitRules")


class Intake:
    """Every way into the case, compiled."""

    def __init__(self, language: Language) -> None:
        self.codes: dict[str, Code] = {}
        ways = []
        for mapping in language.maps:
            code, rules = make_reader_code(mapping, drops := make_drops(mapping))
            self.codes[mapping.name] = code
            read, finder = code.function("read"), make_finder(mapping)
            ways += make_ways(mapping, language, read=read, finder=finder, rules=rules, drops=drops)
        self._picks = make_picks(ways)
        self._unselected = make_unselected(language.maps)

    def read(self, bundle: Json, *, leftovers: bool) -> tuple[Run, dict[str, int]]:
        """Read every resource.

        Shapes:  returns  the run, and what nobody read: place -> how often
        """
        run = Run(bundle)
        unread: dict[str, int] = {}
        left: list[str] = []
        passed: list[tuple[int, str]] = []
        picks, taken = self._picks, run.taken
        for number, resource in resources_of(bundle):
            try:
                pick = picks.get(resource["resourceType"])
                if pick is None or (way := pick(resource)) is None:
                    run.issues.extend(self._unselected(resource, number))
                    passed.append((number, resource["resourceType"]))
                    continue
                run.at = (way, number, resource)
                item = way.read(resource, run)
                if leftovers and item is not None:
                    way.finder(resource, left)
            except SHAPE as error:
                left.clear()
                run.issues.append(misshapen(number, resource, error))
                continue
            if item is not None and not (left and self._count(run, left, unread)):
                taken.append((way, number, resource, item))
                if way.warn is not None:
                    place = f"{run.here.place}.{way.path.reach.fhirpath}"
                    run.issues.append(reserved(place, way.mapping, way.warn))
        for number, name in passed:
            if number not in run.references.followed:
                unread[name] = unread.get(name, 0) + 1
        return run, unread

    def map_of(self, resource: Json) -> Map | None:
        """The map that would take a resource; None when there is none, or when its codes cannot be read."""
        try:
            pick = self._picks.get(resource["resourceType"])
            way = pick(resource) if pick else None
        except SHAPE:
            return None
        return way.mapping if way else None

    def _count(self, run: Run, left: list[str], unread: dict[str, int]) -> bool:
        """Count what was left; true when it holds a modifier, and the resource must not be used."""
        for place in left:
            unread[place] = unread.get(place, 0) + 1
        modifier = next((place for place in left if place.endswith(_MODIFIERS)), None)
        left.clear()
        if modifier:
            run.issues.append(not_understood(f"{run.here.place}.{modifier.split('.', 1)[1]}"))
        return modifier is not None
