"""The short way through a Bundle: one generated loop that knows each resource by its type and its first code.

    def sort(entries, run, behind, slowly): …     puts items into run.placed, everything else through `slowly`

A resource that the loop does not know at first sight, or whose short reader gives up, goes the long way; so does
whatever would have to be told.

Takes from: mapping.select, mapping.shortcut, mapping.code.  Gives to: mapping.intake.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from adapter.mapping.code import Code
from adapter.mapping.rules import Map, Rule
from adapter.mapping.select import Way

# What a resource that passed no gate may do to generated code; anything else is a bug of ours.
SHAPE = (AttributeError, TypeError, KeyError, IndexError, ValueError)


@dataclass
class Lane:
    """The resources of one type that are known at first sight.

    Shapes:  element  whose first coding tells the way; "" when there is only one way
             listed   the element is a list of CodeableConcepts
             index    (system, code) -> (map, word that the code stands for)
    """

    resource: str
    element: str
    listed: bool
    index: dict[tuple[Any, Any], tuple[str, Any]]
    maps: tuple[Map, ...] = field(repr=False)


def make_lanes(ways: list[Way]) -> list[Lane]:
    """Types with the most maps first."""
    by_type: dict[str, list[Way]] = {}
    for way in ways:
        by_type.setdefault(way.mapping.resource, []).append(way)
    lanes = [lane for kind, found in by_type.items() if (lane := _lane(kind, found))]
    return sorted(lanes, key=lambda lane: -len(lane.index))


def _lane(kind: str, ways: list[Way]) -> Lane | None:
    first = ways[0]
    if len(ways) == 1 and not first.mapping.get("select"):
        return Lane(kind, "", False, {}, (first.mapping,))
    by_code = [way for way in ways if len(way.path.steps) == 1]
    if not by_code:
        return None
    element = by_code[0].path.steps[0].name
    owners: dict[tuple[Any, Any], Way] = {}
    for way in by_code:
        if way.path.steps[0].name == element:
            for key in way.keys:
                owners.setdefault(key, way)
    index = {key: (way.mapping.name, _word(way.mapping, element, key)) for key, way in owners.items() if is_plain(way)}
    maps = tuple({way.mapping.name: way.mapping for way in owners.values() if is_plain(way)}.values())
    listed = any(rule.fhir.steps and rule.fhir.steps[0].name == element and _is_list(rule) for rule in maps[0].rules)
    return Lane(kind, element, listed, index, maps) if index else None


def is_plain(way: Way) -> bool:
    """Whether a resource that is found by its code goes this way without more being asked or told."""
    return way.rest is None and way.warn is None and not way.collapse


def _is_list(rule: Rule) -> bool:
    return isinstance(rule.const, list) or rule.fhir.steps[0].pick != "one"


def known_rule(mapping: Map) -> Rule | None:
    """The rule whose word is that of the code by which the map takes a resource."""
    selects = mapping.get("select") or []
    if len(selects) != 1 or len(selects[0]) != 1:
        return None
    element, condition = next(iter(selects[0].items()))
    name = condition.get("table") if isinstance(condition, dict) and "words" not in condition else None
    return next((rule for rule in mapping.rules if name and _tells(rule, element, name)), None)


def _tells(rule: Rule, element: str, table: str) -> bool:
    concept = rule.kind == "leaf" and rule.codec.name == "concept" and rule.from_fhir and rule.required is True
    plain = rule.default is None and rule.otherwise is None and not rule.quiet
    return concept and plain and rule.codec.option == table and rule.spelled.get("fhir") == element


def _word(mapping: Map, element: str, key: tuple[Any, Any]) -> Any:
    rule = known_rule(mapping)
    return rule.codec.table.words.get(key) if rule and rule.codec.table else None


def make_sorter_code(lanes: list[Lane], slots: dict[str, Any], *, leftovers: bool) -> Code:
    """Shapes:  slots  of each map, by name; the names in capitals are set when the code is linked"""
    code = Code("sorting.py")
    code.add(0, "def sort(entries, run, behind, slowly):", 1)
    code.add(1, "placed, items = run.placed, run.items", 1)
    code.add(1, "for number, entry in enumerate(entries):", 1)
    code.add(2, "try:", 1)
    code.add(3, "r = entry['resource']", 1)
    code.add(3, "kind = r['resourceType']", 1)
    word = "if"
    for number, lane in enumerate(lanes):
        code.add(3, f"{word} kind == {lane.resource!r}:", 1)
        word = "elif"
        _write_lane(code, lane, number, slots, leftovers)
    code.add(2, f"except {code.constant(SHAPE, 'SHAPE')}: pass", 1)
    code.add(2, "slowly(number, entry)", 1)
    return code


def _write_lane(code: Code, lane: Lane, number: int, slots: dict[str, Any], leftovers: bool) -> None:
    if lane.element:
        code.add(4, f"k = r[{lane.element!r}]{'[0]' if lane.listed else ''}['coding'][0]", 1)
        code.add(4, f"n, short, find, w = INDEX_{number}[k['system']][k['code']]", 1)
        short, find, w, n = "short", "find", "w", "n"
    else:
        short, find, w = f"SHORT_{number}", f"FIND_{number}", "None"
        n = str(slots[lane.maps[0].name].number)
    of_lane = [slots[each.name] for each in lane.maps]
    named = [slot for slot in of_lane if slot.named]
    if named:
        code.add(4, f"name = '{lane.resource}/' + r['id']", 1)
    asked = f", behind, {find}, number" if leftovers else ""
    code.add(4, f"if (item := {short}(r, {w}, run{asked})) is not None:", 1)
    if leftovers:
        code.add(5, "if item is True: continue", 1)
    if named:
        holder = code.constant({slot.number: slot for slot in named}, "NAMED")
        only = len(named) == len(of_lane)
        code.add(5, f"{'' if only else f'if {n} in {holder}: '}items[name] = {holder}[{n}], r, item", 1)
    if any(slot.place == "root" for slot in of_lane):
        code.add(5, "run.root = r", 1)
    code.add(5, f"placed[{n}].append(item)", 1)
    code.add(5, "continue", 1)
