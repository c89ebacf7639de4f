"""The short way, compiled: what is generated for it, tied together into two functions.

Takes from: mapping.sorting, shortcut, familiar, select, slots.  Gives to: mapping.intake.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from adapter.errors import Json
from adapter.mapping.drops import Drop
from adapter.mapping.familiar import make_familiar_code
from adapter.mapping.select import Way
from adapter.mapping.shortcut import make_shortcut_code
from adapter.mapping.slots import Slot
from adapter.mapping.sorting import Lane, is_plain, known_rule, make_lanes, make_sorter_code

Find = Callable[[Json, list[str]], None]
Sort = Callable[..., None]


class Sorter:
    """Shapes:  shorts, familiar  of each map that has a short way, its reader and its question for leftovers"""

    def __init__(self, ways: list[Way], slots: dict[str, Slot], drops: dict[str, list[Drop]]) -> None:
        self.lanes = make_lanes(ways)
        maps = {mapping.name: mapping for lane in self.lanes for mapping in lane.maps}
        self.numbers = {name: slots[name].number for name in maps}
        foreign = {way.mapping.name for way in ways if is_plain(way) and not way.own}
        self.shorts = {
            name: make_shortcut_code(each, _asked(drops[name], name in foreign), known_rule(each))
            for name, each in maps.items()
        }
        self.familiar = {name: make_familiar_code(each) for name, each in maps.items()}
        self.loops = {
            leftovers: make_sorter_code(self.lanes, slots, leftovers=leftovers) for leftovers in (True, False)
        }

    def link(self, finds: dict[str, Find]) -> dict[bool, Sort]:
        """The loop with and without a report of leftovers."""
        ways = {
            name: (code.function("short"), self.familiar[name].function("familiar"), finds[name])
            for name, code in self.shorts.items()
        }
        linked: dict[str, Any] = {}
        for number, lane in enumerate(self.lanes):
            linked |= self._link_lane(number, lane, ways)
        return {leftovers: code.function("sort", linked) for leftovers, code in self.loops.items()}

    def _link_lane(self, number: int, lane: Lane, ways: dict[str, tuple[Any, ...]]) -> dict[str, Any]:
        if not lane.element:
            names = (f"SHORT_{number}", f"FAMILIAR_{number}", f"FIND_{number}")
            return dict(zip(names, ways[lane.maps[0].name], strict=True))
        index: dict[Any, dict[Any, Any]] = {}
        for (system, code), (name, word) in lane.index.items():
            index.setdefault(system, {})[code] = (self.numbers[name], *ways[name], word)
        return {f"INDEX_{number}": index}


def _asked(drops: list[Drop], foreign: bool) -> list[Drop]:
    """What the registry itself wrote is not asked what only a hospital's is."""
    return [drop for drop in drops if foreign or not drop.hospital_only]
