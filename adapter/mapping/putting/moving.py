"""Where each place of the case as it was told stands in the changed case.

Takes from: mapping.putting.pairing, surveying.  Gives to: mapping.putting.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from adapter.errors import InvalidContentError, Json
from adapter.mapping.putting.pairing import AmbiguousError, Moves, pair_items
from adapter.mapping.putting.refusals import ambiguous
from adapter.mapping.putting.surveying import Pointer, Survey
from adapter.mapping.rules import Language


@dataclass(frozen=True)
class Moving:
    """Shapes:  lists  name of a list -> old place -> new place"""

    old: Json
    new: Json
    lists: dict[str, Moves]

    def of(self, pointer: Pointer) -> Pointer | None:
        """The new place of an old one; None when the changed case has it no more."""
        if len(pointer) < 2 or pointer[0] not in self.lists:
            return pointer if find(self.new, pointer) is not None else None
        name, number, *rest = pointer
        moved = self.lists[str(name)].get(int(number))
        there = None if moved is None else (name, moved, *rest)
        return there if there and find(self.new, there) is not None else None

    def unchanged(self, pointer: Pointer) -> bool:
        """Whether an item of a list of the changed case was told already, word for word."""
        before = {new: old for old, new in self.lists.get(str(pointer[0]), {}).items()} if pointer else {}
        if len(pointer) < 2 or pointer[1] not in before:
            return False
        return bool(find(self.old, (pointer[0], before[int(pointer[1])], *pointer[2:])) == find(self.new, pointer))


def find(case: Json, pointer: Pointer) -> Any:
    """What stands at a place; None when nothing does."""
    found: Any = case
    for part in pointer:
        if isinstance(found, list):
            found = found[int(part)] if int(part) < len(found) else None
        else:
            found = found.get(part) if isinstance(found, dict) else None
    return found


def make_moving(told: Survey, case: Json, language: Language) -> Moving:
    """Errors:  InvalidContentError when the items of a list cannot be told apart"""
    match = {each.case: each.get("match") for each in language.maps if each.place == "list" and each.get("match")}
    lists, issues = {}, []
    for name in [name for name, value in {**told.case, **case}.items() if isinstance(value, list)]:

        def alike(places: list[int], name: str = name) -> bool:
            found = [_resources(told, name, place) for place in places]
            return bool(found[0]) and all(each == found[0] for each in found)

        try:
            lists[name] = pair_items(told.case.get(name, []), case.get(name, []), match.get(name, ()), alike)
        except AmbiguousError:
            issues.append(ambiguous(name, match.get(name, ())))
    if issues:
        raise InvalidContentError(issues)
    return Moving(told.case, case, lists)


def _resources(told: Survey, name: str, place: int) -> list[Json]:
    """What tells of one item, as far as it tells two items apart."""
    mine = [each.resource for each in told.at.values() if each.pointer == (name, place)]
    return [{key: value for key, value in each.items() if key != "id"} for each in mine]
