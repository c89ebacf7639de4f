"""From the resources read to one case: which of several counts, what belongs together, what points at what.

Takes from: mapping.run, mapping.language.  Gives to: mapping.engine.
"""

from __future__ import annotations

from typing import Any

from adapter.errors import Json
from adapter.mapping.run import Pending, Read, Run


def assemble(run: Run) -> Json:
    """The case of everything `run` has read. Reads that lost to a better one keep `index` -1.

    Shapes:  returns  a case as in case.schema.json, not yet checked against it
    """
    case: Json = {}
    by_case: dict[tuple[str, str], list[Read]] = {}
    for read in run.reads:
        by_case.setdefault((read.mapping.place, read.mapping.case), []).append(read)
    for (place, name), reads in by_case.items():
        if place == "root":
            _merge(case, reads[0].item)
        elif place == "object":
            case[name] = _best(reads)
        elif place == "keyed":
            case[name] = _keyed(reads)
        elif place == "list":
            case[name] = _listed(reads)
    for (place, name), reads in by_case.items():
        if place == "join":
            _join(run, name, reads)
    _feed(run, case)
    _settle(run, case)
    return case


def _merge(case: Json, item: Json) -> None:
    for name, value in item.items():
        case[name] = value


def _best(reads: list[Read]) -> Json:
    """The one resource that counts, its silences filled from the others of the same meaning."""
    rule = reads[0].mapping.get("several") or {}
    ranked = sorted(enumerate(reads), key=lambda each: _rank(rule, each[1].item, each[0]))
    best = ranked[0][1]
    best.index = 0
    item = dict(best.item)
    fill = rule.get("fill")
    for _, read in ranked[1:]:
        withdrawn = fill and any(read.item.get(key) in words for key, words in fill.get("unless", {}).items())
        if fill and not withdrawn and _same_subject(read.item, item):
            for name, value in read.item.items():
                item.setdefault(name, value)
    return item


def _same_subject(one: Json, other: Json) -> bool:
    return one.get("code") == other.get("code")


def _rank(rule: Json, item: Json, position: int) -> tuple[Any, ...]:
    preferences = [
        words.index(item.get(field)) if item.get(field) in words else len(words)
        for field, words in rule.get("prefer", {}).items()
    ]
    latest = item.get(rule["latest"], "") if "latest" in rule else ""
    return (*preferences, tuple(-ord(letter) for letter in latest) or (1,), position)


def _keyed(reads: list[Read]) -> Json:
    preferred = (reads[0].mapping.get("several") or {}).get("prefer", {}).get("value", [])
    found: Json = {}
    for read in reads:
        key, value = read.item
        read.index = 0
        known = found.get(key)
        if known is None or preferred.index(value) < preferred.index(known):
            found[key] = value
    return found


def _listed(reads: list[Read]) -> list[Any]:
    items: list[Any] = []
    seen: dict[tuple[Any, ...], int] = {}
    for read in reads:
        if collapse := read.way.collapse:
            same = tuple(read.item.get(name) for name in collapse)
            if same in seen:
                read.index = seen[same]
                _earliest(items[read.index], read.item)
                continue
            seen[same] = len(items)
        read.index = len(items)
        items.append(read.item)
    return items


def _earliest(kept: Json, other: Json) -> None:
    """The same disease told once a stay: it began when first told."""
    for name, value in other.items():
        kept[name] = min(kept.get(name, value), value) if name == "date" else kept.get(name, value)


def _join(run: Run, name: str, reads: list[Read]) -> None:
    """Facts that stand in a resource of their own, put onto the item they speak of."""
    for read in reads:
        reference, value = read.item
        target = run.item_of(reference, read.resource)
        if target is None or not isinstance(target.item, dict) or target.mapping.case != name:
            run.begin(read, [])
            rule = read.mapping.rules[-1]
            run.issue("warning", "not-found", rule, "dangling", "what this speaks of is not in the Bundle; left out")
            continue
        read.index = target.index
        target.item.setdefault(read.mapping.field, value)


def _feed(run: Run, case: Json) -> None:
    """Items told in a second place: kept only when the list does not know them already."""
    for name, items, keys, _ in run.feeds:
        known = case.setdefault(name, [])
        known += [item for item in items if not any(_covers(each, item, keys) for each in known)]
        if not known:
            del case[name]


def _covers(known: Json, item: Json, keys: tuple[str, ...]) -> bool:
    return all(item.get(key) in (None, "unknown", known.get(key)) for key in keys)


def _settle(run: Run, case: Json) -> None:
    """References between items become the names of the items they point at; an unnamed item is given one."""
    for pending in run.pending:
        if pending.read is None or not isinstance(pending.read.item, dict):
            continue
        field = pending.rule.case.steps[-1].name
        if pending.read.item.get(field) is not pending:
            continue
        name = _name_of(run, case, pending)
        if name is None:
            del pending.read.item[field]
            run.begin(pending.read, [])
            run.issue("warning", "not-found", pending.rule, "dangling", "what this points at is not in the Bundle")
        else:
            pending.read.item[field] = name


def _name_of(run: Run, case: Json, pending: Pending) -> str | None:
    option = pending.rule.codec.option
    target = run.item_of(pending.reference, pending.read.resource) if pending.read else None
    if target is None or target.mapping.name != option["map"]:
        return None
    item = target.item
    if option["field"] not in item:
        taken = {each.get(option["field"]) for each in case.get(target.mapping.case, ())}
        number = target.index + 1
        while f"{option['identifier']}-{number}" in taken:
            number += 1
        item[option["field"]] = f"{option['identifier']}-{number}"
    name: str = item[option["field"]]
    return name
