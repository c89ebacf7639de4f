"""The journey of a changed case onto the resources it came from.

Takes from: mapping.putting, mapping.rules, canonical.  Gives to: mapping.engine.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass

from adapter.canonical import BASE
from adapter.errors import InvalidContentError, Json
from adapter.mapping.checks.elements import Elements
from adapter.mapping.intake import Intake
from adapter.mapping.putting.lists import rewrite_entries
from adapter.mapping.putting.moving import Moving, find, make_moving
from adapter.mapping.putting.naming import name_references, reference_to
from adapter.mapping.putting.refusals import ensure_one_case, ensure_readable, stubborn, unread
from adapter.mapping.putting.rewriting import Rewriting, UnreadError, mark_narrative
from adapter.mapping.putting.surveying import Pointer, Survey, Told, survey
from adapter.mapping.putting.written import Write, Written, write_items
from adapter.mapping.rules import Language

# The first pass changes what the case changed; each further one what still reads otherwise.
_PASSES = 5
_REQUESTED = ("transaction", "batch")


@dataclass(eq=False)
class Held:
    """An entry of the Bundle.

    Shapes:  target  the place of the changed case that it is to tell; None: it is none of ours to change
    """

    entry: Json
    target: Pointer | None = None


def put_onto(language: Language, intake: Intake, write: Write, case: Json, name: str, bundle: Json) -> Json:
    """The Bundle with the case written onto its resources.

    Shapes:  write  the resources that one map makes of the case
             name   the case's id as FHIR allows it
    Errors:  InvalidContentError
    """
    told = survey(intake, bundle, case["case_id"])
    if _same(told.case, case):
        made: Json = name_references(bundle, {})
        return made
    ensure_readable(told.issues)
    ensure_one_case(told.case, case)
    putting = _Putting(intake, make_moving(told, case, language), name_references(bundle, {}), told)
    putting.written = write_items(language, write, case, name, putting.known(), putting.taken())
    return putting.run(told)


class _Putting:
    """Shapes:  held  entries of the Bundle, in its order;  written  the changed case by place"""

    written: dict[Pointer, Written]

    def __init__(self, intake: Intake, moving: Moving, bundle: Json, told: Survey) -> None:
        self.intake, self.moving, self.bundle, self.case = intake, moving, bundle, moving.new
        self.elements = Elements()
        self.held = [Held(entry) for entry in bundle.get("entry") or ()]
        for number, each in told.at.items():
            self.held[number].target = moving.of(each.pointer)
        self.gone = [self.held[number] for number in told.at if self.held[number].target is None]

    def known(self) -> dict[Pointer, str]:
        return {each.target: reference_to(each.entry) for each in reversed(self.held) if each.target is not None}

    def taken(self) -> set[str]:
        return {reference_to(each.entry) for each in self.held if "resource" in each.entry}

    def run(self, told: Survey) -> Json:
        """Errors:  InvalidContentError when the resources still say otherwise in the end"""
        for number in range(_PASSES):
            self._rewrite(told, first=number == 0)
            self._remove()
            self._add(told, first=number == 0)
            self._arrange()
            made = {**self.bundle, "entry": [each.entry for each in self.held]}
            told = survey(self.intake, made, self.case["case_id"])
            if _same(told.case, self.case):
                return made
        raise InvalidContentError(stubborn(told.case, self.case))

    def _rewrite(self, told: Survey, *, first: bool) -> None:
        """At first only the resource that is believed at a place is changed, and the others when that is not enough."""
        seen: set[Pointer] = set()
        for number, held in enumerate(self.held):
            each = told.at.get(number)
            if held.target is None or (made := self.written.get(held.target)) is None:
                continue
            leading = held.target not in seen and (each is None or each.counts)
            seen |= {held.target} if leading else set()
            if made.mapping.resource == held.entry["resource"]["resourceType"]:
                self._rewrite_one(held, made, told, each, leading=leading or not first)

    def _rewrite_one(self, held: Held, made: Written, told: Survey, each: Told | None, *, leading: bool) -> None:
        resource, target = held.entry["resource"], held.target or ()
        before = copy.deepcopy(resource)
        old, new = find(told.case, each.pointer) if each else {}, find(self.case, target)
        if made.mapping.place == "keyed":
            old, new = ({"key": target[1], "value": item} for item in (old, new))
        rewriting = Rewriting(made.mapping, made.mapping.rules, self.elements)
        try:
            if each is not None:
                rewrite_entries(rewriting, each, told, self.moving, resource, made.resource, new, old)
            if leading:
                rewriting.rewrite(resource, made.resource, old, new, thorough=each is None)
            if each is None:
                rewriting.insist(resource, made.resource)
        except UnreadError as error:
            place = f"{resource['resourceType']}.{error.element}"
            raise InvalidContentError([unread(place, error.rule, target)]) from error
        if resource != before:
            mark_narrative(resource)

    def _remove(self) -> None:
        """What the case has no more; in a transaction the server is asked to delete it."""
        for held in self.gone:
            number, resource = self.held.index(held), held.entry["resource"]
            if self.bundle.get("type") in _REQUESTED and "id" in resource:
                url = f"{resource['resourceType']}/{resource['id']}"
                self.held[number] = Held({"request": {"method": "DELETE", "url": url}})
            else:
                del self.held[number]
        self.gone = []

    def _add(self, told: Survey, *, first: bool) -> None:
        """Items of which no resource tells: new ones, and such as stood in a list of another resource only."""
        there = {held.target for held in self.held}
        for place, made in self.written.items():
            unsaid = (
                not self.moving.unchanged(place) if first else find(told.case, place[:1]) != find(self.case, place[:1])
            )
            if place not in there and unsaid:
                entry = {"fullUrl": f"{BASE}/{made.name}", "resource": made.resource}
                requested = self.bundle.get("type") in _REQUESTED
                request = {"request": {"method": "PUT", "url": made.name}} if requested else {}
                self.held.append(Held({**entry, **request}, place))

    def _arrange(self) -> None:
        """The resources of a list in the order of the list, in the places that they have among the others."""
        items = [(n, each.target) for n, each in enumerate(self.held) if each.target and len(each.target) == 2]
        for name in {target[0] for _, target in items if isinstance(target[1], int)}:
            places = [number for number, target in items if target[0] == name]
            ordered = sorted((self.held[number] for number in places), key=lambda each: (each.target or ())[1:])
            for number, held in zip(places, ordered, strict=True):
                self.held[number] = held


def _same(told: Json, case: Json) -> bool:
    """Whether the resources tell the case; an empty list says what its absence says."""
    return told == {name: value for name, value in case.items() if value not in ([], {})}
