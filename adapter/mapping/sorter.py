"""The short way, compiled: what is generated for it, tied together into one function.

Takes from: mapping.sorting, shortcut, select, slots.  Gives to: mapping.intake.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from adapter.errors import Json
from adapter.mapping.code import Code
from adapter.mapping.drops import Drop
from adapter.mapping.select import Way
from adapter.mapping.shortcut import make_shortcut_code
from adapter.mapping.slots import Slot
from adapter.mapping.sorting import Lane, is_plain, known_rule, make_lanes, make_sorter_code

Find = Callable[[Json, list[str]], None]
Sort = Callable[..., None]


@dataclass
class Generated:
    """Shapes:  shorts  of each map that has a short way, its reader; `loop` goes through a Bundle with them"""

    shorts: dict[str, Code]
    loop: Code


class Sorter:
    """The short way with a report of leftovers, and, when somebody asks for it, the one without."""

    def __init__(self, ways: list[Way], slots: dict[str, Slot]) -> None:
        self.lanes, self.slots = make_lanes(ways), slots
        foreign = {way.mapping.name for way in ways if is_plain(way) and not way.own}
        self.gates = {
            way.mapping.name: (_asked(way.drops, way.mapping.name in foreign), way.invariants) for way in ways
        }
        self.generated = {True: self._generate(leftovers=True)}

    def _generate(self, *, leftovers: bool) -> Generated:
        maps = {mapping.name: mapping for lane in self.lanes for mapping in lane.maps}
        shorts = {
            name: make_shortcut_code(each, *self.gates[name], known_rule(each), leftovers=leftovers)
            for name, each in maps.items()
        }
        return Generated(shorts, make_sorter_code(self.lanes, self.slots, leftovers=leftovers))

    @property
    def shorts(self) -> dict[str, Code]:
        return self.generated[True].shorts

    def link(self, finds: dict[str, Find], *, leftovers: bool) -> Sort:
        """The loop through a Bundle."""
        if leftovers not in self.generated:
            self.generated[leftovers] = self._generate(leftovers=leftovers)
        made = self.generated[leftovers]
        ways = {name: (code.function("short"), finds[name]) for name, code in made.shorts.items()}
        linked: dict[str, Any] = {}
        for number, lane in enumerate(self.lanes):
            linked |= self._link_lane(number, lane, ways)
        return made.loop.function("sort", linked)

    def _link_lane(self, number: int, lane: Lane, ways: dict[str, tuple[Any, ...]]) -> dict[str, Any]:
        if not lane.element:
            return dict(zip((f"SHORT_{number}", f"FIND_{number}"), ways[lane.maps[0].name], strict=True))
        index: dict[Any, dict[Any, Any]] = {}
        for (system, code), (name, word) in lane.index.items():
            index.setdefault(system, {})[code] = (self.slots[name].number, *ways[name], word)
        return {f"INDEX_{number}": index}


def _asked(drops: list[Drop], foreign: bool) -> list[Drop]:
    """What the registry itself wrote is not asked what only a hospital's is."""
    return [drop for drop in drops if foreign or not drop.hospital_only]
