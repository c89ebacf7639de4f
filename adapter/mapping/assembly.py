"""From the resources read to one case: which of several counts, what belongs together, what points at what.

Takes from: mapping.run, mapping.select.  Gives to: mapping.engine.
"""

from __future__ import annotations

from typing import Any

from adapter.declaration import load_schema
from adapter.errors import Json
from adapter.mapping.run import Pending, Run, Taken
from adapter.mapping.select import Way

Pointer = tuple[str | int, ...]
_ORDER = tuple(load_schema("case")["properties"])


class Assembly:
    """The case as it grows, and where each resource went (for traces)."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.case: Json = {}
        self.same: dict[int, int] = {}
        self._objects: dict[str, list[tuple[Way, Any]]] = {}
        self._joins: list[tuple[Way, int, Json, Any]] = []
        self._items: dict[str, tuple[Way, Json]] = {}
        self._first: dict[tuple[Any, ...], int] = {}
        for taken in run.taken:
            self._place(taken)
        for name, candidates in self._objects.items():
            self.case[name] = _best(candidates)
        for taken in self._joins:
            self._join(taken)
        self._feed()
        self._settle()
        self.case = {name: self.case[name] for name in _ORDER if name in self.case}

    def pointer(self, taken: Taken) -> Pointer | None:
        """Where in the case a resource's item went; None when another one won over it."""
        way, item = taken.way, taken.item
        if way.place == "root":
            return ()
        if way.place == "list":
            return (way.case, self._index(way.case, item))
        if way.place == "keyed":
            return (way.case, item[0])
        if way.place == "join":
            target = self._item_of(item[0], taken.resource)
            return (way.case, self._index(way.case, target[1]), way.mapping.field) if target else None
        return (way.case,) if item.items() <= self.case[way.case].items() else None

    def _index(self, name: str, item: Json) -> int:
        known = self.same.get(id(item))
        return next(n for n, each in enumerate(self.case[name]) if each is item) if known is None else known

    def _place(self, taken: tuple[Way, int, Json, Any]) -> None:
        way, _, resource, item = taken
        place, case = way.place, self.case
        if place == "list":
            if way.named:
                self._items[f"{resource['resourceType']}/{resource.get('id')}"] = (way, item)
            if way.collapse and self._collapses(way, item):
                return
            if (listed := case.get(way.case)) is None:
                case[way.case] = [item]
            else:
                listed.append(item)
        elif place == "join":
            self._joins.append(taken)
        elif place == "keyed":
            self._answer(way, *item)
        elif place == "object":
            self._objects.setdefault(way.case, []).append((way, item))
        else:
            case.update(item)

    def _collapses(self, way: Way, item: Json) -> bool:
        """The same disease told once a stay: one item, from when it was first told."""
        key = (way.case, *(item.get(name) for name in way.collapse))
        if key not in self._first:
            self._first[key] = len(self.case.get(way.case, ()))
            return False
        self.same[id(item)] = self._first[key]
        kept = self.case[way.case][self._first[key]]
        for name, value in item.items():
            kept[name] = min(kept.get(name, value), value) if name == "date" else kept.get(name, value)
        return True

    def _answer(self, way: Way, key: str, value: Any) -> None:
        found = self.case.setdefault(way.case, {})
        if key not in found or way.preferred.index(value) < way.preferred.index(found[key]):
            found[key] = value

    def _join(self, taken: tuple[Way, int, Json, Any]) -> None:
        """A fact that stands in a resource of its own, put onto the item it speaks of."""
        way, number, resource, (reference, value) = taken
        target = self._item_of(reference, resource)
        if target is None or target[0].case != way.case:
            text = "what this speaks of is not in the Bundle; left out"
            at = Taken(way, number, resource)
            self.run.issue("warning", "not-found", way.mapping.rules[-1], "dangling", text, at)
        else:
            target[1].setdefault(way.mapping.field, value)

    def _item_of(self, reference: Any, holder: Json) -> tuple[Way, Json] | None:
        """The item that another resource of the Bundle became."""
        if not isinstance(reference, dict):
            return None
        if (found := self._items.get(reference.get("reference", ""))) is not None:
            return found
        _, number = self.run.references.resolve(reference, holder)
        listed = (each for each in self.run.taken if each[0].place == "list")
        return next(((way, item) for way, at, _, item in listed if at == number), None)

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
            found = next((each for each in self.run.taken if each[1] == pending.number), None)
            if found is None:  # the item that points was itself left out
                continue
            way, _, resource, item = found
            field = pending.rule.case.steps[-1].name
            name = self._name_of(pending, resource)
            if name is None:
                del item[field]
                text = "what this points at is not in the Bundle"
                at = Taken(way, pending.number, resource)
                self.run.issue("warning", "not-found", pending.rule, "dangling", text, at)
            else:
                item[field] = name

    def _name_of(self, pending: Pending, holder: Json) -> str | None:
        option = pending.rule.codec.option
        target = self._item_of(pending.reference, holder)
        if target is None or target[0].mapping.name != option["map"]:
            return None
        way, item = target
        if option["field"] not in item:
            siblings = self.case.get(way.case, [])
            taken = {each.get(option["field"]) for each in siblings}
            number = next(n for n, each in enumerate(siblings, 1) if each is item)
            while f"{option['identifier']}-{number}" in taken:
                number += 1
            item[option["field"]] = f"{option['identifier']}-{number}"
        name: str = item[option["field"]]
        return name


def _covers(known: Json, item: Json, keys: tuple[str, ...]) -> bool:
    return all(item.get(key) in (None, "unknown", known.get(key)) for key in keys)


def _best(candidates: list[tuple[Way, Json]]) -> Json:
    """The one resource that counts, its silences filled from the others of the same meaning."""
    if len(candidates) == 1:
        return candidates[0][1]
    rule = candidates[0][0].mapping.get("several") or {}
    ranked = sorted(enumerate(item for _, item in candidates), key=lambda each: _rank(rule, each[1], each[0]))
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
