"""From the resources read to one case: which of several counts, what belongs together, what points at what.

Takes from: mapping.run, mapping.slots.  Gives to: mapping.engine.
"""

from __future__ import annotations

from typing import Any

from adapter.bundle import resources_of
from adapter.declaration import load_schema
from adapter.errors import Json
from adapter.mapping.findings import Standing
from adapter.mapping.run import Pending, Run, Taken
from adapter.mapping.slots import Slot

Item = tuple[Slot, Json, Json]
Pointer = tuple[str | int, ...]
_ORDER = tuple(load_schema("case")["properties"])


class Assembly:
    """The case made of what was placed, and where each resource went (for traces).

    Shapes:  named  names that were given here: what points at the item, the name's place in the case, the name
    """

    def __init__(self, run: Run, slots: tuple[Slot, ...]) -> None:
        self.run = run
        self.case: Json = {}
        self.named: list[tuple[Pending, Pointer, str]] = []
        joins = []
        for slot, placed in zip(slots, run.placed, strict=True):
            if not placed:
                continue
            if slot.place == "list":
                self.case[slot.case] = placed
            elif slot.place == "join":
                joins.append((slot, placed))
            else:
                self._settle_one(slot, placed)
        for slot, answers in joins:
            self._join(slot, answers)
        if run.feeds:
            self._feed()
        if run.pending:
            self._settle()
        self.case = {name: self.case[name] for name in _ORDER if name in self.case}

    def pointer(self, taken: Taken) -> Pointer | None:
        """Where in the case a resource's item went; None when another one won over it."""
        slot, item = taken.way.slot, taken.item
        if slot.place == "root":
            return ()
        if slot.place == "list":
            return (slot.case, self._index(slot.case, item))
        if slot.place == "keyed":
            return (slot.case, item[0])
        if slot.place == "join":
            joined = self._joined(slot, item[1], taken.resource)
            return (slot.case, self._index(slot.case, joined), slot.field) if joined is not None else None
        return (slot.case,) if item.items() <= self.case[slot.case].items() else None

    def _index(self, name: str, item: Json) -> int:
        kept = self.run.same.get(id(item), item)
        return next(n for n, each in enumerate(self.case[name]) if each is kept)

    def _settle_one(self, slot: Slot, placed: list[Any]) -> None:
        """What fills one place: the root, an object of which one counts, answers of which one a question counts."""
        if slot.place == "root":
            for item in placed:
                self.case.update(item)
        elif slot.place == "object":
            self.case[slot.case] = _best(slot.several, placed)
        else:
            self.case[slot.case] = answers = dict(placed)
            if len(answers) < len(placed):
                self.case[slot.case] = _answers(slot.preferred, placed)

    def _join(self, slot: Slot, answers: list[tuple[Json, Json, Any]]) -> None:
        """Facts that stand in resources of their own, put onto the items they speak of."""
        for resource, reference, value in answers:
            if (joined := self._joined(slot, reference, resource)) is None:
                text = "what this speaks of is not in the Bundle; left out"
                self.run.issue("warning", "not-found", slot.map.rules[-1], "dangling", text, self._at(slot, resource))
            else:
                joined.setdefault(slot.field, value)

    def _joined(self, slot: Slot, reference: Any, holder: Json) -> Json | None:
        """The item that a fact is put onto; None when what it speaks of is no item of that list."""
        target: Item | None
        try:
            target = self.run.items[reference["reference"]]
        except (KeyError, TypeError):
            target = self._item_of(reference, holder)
        return target[2] if target and target[0].case == slot.case else None

    def _at(self, slot: Slot, resource: Json) -> Standing:
        """Where a resource stood: looked up only when something is to be said of it."""
        number = next(number for number, each in resources_of(self.run.references.bundle) if each is resource)
        return Standing(slot.map, number, resource)

    def _item_of(self, reference: Any, holder: Json) -> Item | None:
        """The item that another resource of the Bundle became."""
        if not isinstance(reference, dict):
            return None
        if (found := self.run.items.get(reference.get("reference", ""))) is not None:
            return found
        resource, _ = self.run.references.resolve(reference, holder)
        return next((each for each in self.run.items.values() if each[1] is resource), None)

    def _feed(self) -> None:
        """Items told in a second place: kept only when the list does not know them already."""
        for name, items, keys, _ in self.run.feeds:
            known = self.case.get(name, [])
            new = [item for item in items if not any(_covers(each, item, keys) for each in known)]
            if new:
                self.case[name] = known + new

    def _settle(self) -> None:
        """References between items become the names of the items they point at; an unnamed item is given one."""
        for pending in self.run.pending:
            item = pending.at.item
            if item is None:  # the item that points was itself left out
                continue
            field = pending.rule.case.steps[-1].name
            name = self._name_of(pending)
            if name is None:
                del item[field]
                text = "what this points at is not in the Bundle"
                self.run.issue("warning", "not-found", pending.rule, "dangling", text, pending.at)
            else:
                item[field] = name

    def _name_of(self, pending: Pending) -> str | None:
        option = pending.rule.codec.option
        target = self._item_of(pending.reference, pending.at.resource)
        if target is None or target[0].map.name != option["map"]:
            return None
        slot, _, item = target
        if option["field"] not in item:
            siblings = self.case.get(slot.case, [])
            taken = {each.get(option["field"]) for each in siblings}
            number = next(n for n, each in enumerate(siblings, 1) if each is item)
            while f"{option['identifier']}-{number}" in taken:
                number += 1
            item[option["field"]] = f"{option['identifier']}-{number}"
            place = (slot.case, self._index(slot.case, item), option["field"])
            self.named.append((pending, place, item[option["field"]]))
        name: str = item[option["field"]]
        return name


def _answers(preferred: list[Any], placed: list[tuple[str, Any]]) -> Json:
    """Of several answers to one question the weightier one."""
    weight = {value: number for number, value in enumerate(preferred)}
    found: Json = {}
    for key, value in placed:
        if weight.get(value, len(weight)) < weight.get(found.setdefault(key, value), len(weight)):
            found[key] = value
    return found


def _covers(known: Json, item: Json, keys: tuple[str, ...]) -> bool:
    for key in keys:
        value = item.get(key)
        if value is not None and value != "unknown" and value != known.get(key):
            return False
    return True


def _best(rule: Json, candidates: list[Json]) -> Json:
    """The one resource that counts, its silences filled from the others of the same meaning."""
    if len(candidates) == 1:
        return candidates[0]
    ranked = sorted(enumerate(candidates), key=lambda each: _rank(rule, each[1], each[0]))
    best = dict(ranked[0][1])
    fill, goes_with = rule.get("fill", {}).get("unless"), rule.get("fill", {}).get("goes_with", {})
    for _, item in ranked[1:]:
        withdrawn = fill and any(item.get(key) in words for key, words in fill.items())
        if fill is not None and not withdrawn and item.get("code") == best.get("code"):
            best = {**{name: value for name, value in item.items() if goes_with.get(name) not in best}, **best}
    return best


def _rank(rule: Json, item: Json, position: int) -> tuple[Any, ...]:
    preferences = [
        words.index(item.get(field)) if item.get(field) in words else len(words)
        for field, words in rule.get("prefer", {}).items()
    ]
    latest = item.get(rule["latest"], "") if "latest" in rule else ""
    return (*preferences, tuple(-ord(letter) for letter in latest) or (1,), position)
