"""Where in the case what was read belongs: one slot for each place that maps fill.

Takes from: mapping.rules.  Gives to: mapping.select, mapping.run, mapping.assembly, mapping.intake.
"""

from __future__ import annotations

from dataclasses import dataclass

from adapter.errors import Json
from adapter.mapping.rules import Language, Map


@dataclass(frozen=True)
class Slot:
    """One place of the case, and how what comes together there becomes one.

    Shapes:  place    root, object, list, keyed or join
             case     the member of the case; `field` the member of its items that a join sets
             several  which of several answers counts
             map      the map that fills it, the first of several
             named    other resources may point at the items by their resource's id
    """

    number: int
    place: str
    case: str
    field: str
    several: Json
    map: Map
    named: bool

    @property
    def preferred(self) -> list[object]:
        """Of several answers to one question, the order in which they win."""
        order: list[object] = self.several.get("prefer", {}).get("value", [])
        return order


def make_slots(language: Language) -> dict[str, Slot]:
    """The slot of each map, by the map's name; maps that fill one place share it."""
    pointed = {each.get("parent")["map"] for each in language.maps if each.get("parent")}
    pointed |= {leaf.codec.option["map"] for leaf in language.leaves() if leaf.codec.name == "key"}
    slots: dict[tuple[str, str, str], Slot] = {}
    for mapping in language.maps:
        key = (mapping.place, mapping.case, mapping.field)
        shared = slots.get(key)
        slots[key] = Slot(
            shared.number if shared else len(slots),
            *key,
            several=(shared and shared.several) or mapping.get("several") or {},
            map=shared.map if shared else mapping,
            named=mapping.name in pointed or bool(shared and shared.named),
        )
    return {mapping.name: slots[mapping.place, mapping.case, mapping.field] for mapping in language.maps}
