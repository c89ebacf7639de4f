"""Where everybody went, as the diagram papers show: boxes from screening to inclusion, the excluded to the right.

Takes from: figures (scene, picture).  Gives to: report.content.
Source: STROBE statement, item 13c
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from typing import Any

from adapter.errors import Json
from adapter.figures import Language, Picture, Scene
from adapter.figures.scene import PAGE_INK, Shape, Text
from adapter.report.words import WORDS

_WIDTH = 760
_LEFT, _RIGHT = (20, 240), (310, 740)
_LINE, _SIZE, _PAD, _GAP = 18, 12.5, 14, 22
_LETTERS, _BOLD_LETTERS = 58, 50


def draw_flow(flow: Json, language: Language) -> Picture:
    """Shapes:  flow  of `describing.describe_registry`"""
    say = {key: words[language] for key, words in WORDS.items()}
    counts = {"ineligible": flow["ineligible"]["n"], "undetermined": flow["undetermined"]["n"]}
    counts |= {"screened": flow["screened"], "included": flow["included"]}
    boxes = [_box_of(flow, key, say) for key in ("ineligible", "undetermined")]
    if flow["unreadable"]:
        boxes.insert(0, textwrap.wrap(f"{say['unreadable']} (n = {flow['unreadable']})", _BOLD_LETTERS))
    summary = say["flow_summary"].format(**counts)
    ends = (f"{say['screened']} (n = {counts['screened']})", f"{say['included']} (n = {counts['included']})")
    items = list(_items(boxes, ends, beside=bool(flow["unreadable"])))
    height = max(item.y for item in items if isinstance(item, Text)) + 2 * _PAD
    scene = Scene("flow", say["flow_title"], summary, _WIDTH, height, items)
    columns = (say["box"], say["criterion"], "n")
    return Picture("flow", say["flow_title"], summary, _judged(flow, say), columns, list(_rows(flow, say)), scene)


def _judged(flow: Json, say: dict[str, str]) -> tuple[str, ...]:
    """Where a person judged otherwise than the rule: the counts follow the rule, and say so."""
    told = (f"{say[each['rule']]} → {say[each['person']]} (n = {each['n']})" for each in flow["adjudicated"])
    listed = "; ".join(told)
    return (f"{say['judged']} {listed}.",) if listed else ()


def _box_of(flow: Json, key: str, say: dict[str, str]) -> list[str]:
    """Title and reasons; of the excluded each is counted once, by the first criterion that excludes it."""
    title, count = (say["excluded"], "first") if key == "ineligible" else (say["waiting"], "any")
    lines = textwrap.wrap(f"{title} (n = {flow[key]['n']})", _BOLD_LETTERS)
    for each in flow[key]["by"]:
        if each[count]:
            told = f"{_reason(each, key, say)} (n = {each[count]})"
            lines += textwrap.wrap(told, _LETTERS, subsequent_indent="\u2003")
    return lines


def _reason(each: Json, key: str, say: dict[str, str]) -> str:
    """Criteria of inclusion exclude when they are not met, those of exclusion when they are."""
    state = "open" if key == "undetermined" else "met" if each["id"].startswith("E") else "not_met"
    return f"{each['id']} {say[state]}: {each['label']}".replace(": ", say["colon"])


def _items(boxes: list[list[str]], ends: tuple[str, str], *, beside: bool) -> Iterator[Shape | Text]:
    """Boxes to the right from the top down; on the left where one begins and where one arrives."""
    y, middle = 12.0, sum(_LEFT) / 2
    top = 12.0
    branches = []
    for number, lines in enumerate(boxes):
        height = _LINE * len(lines) + _PAD
        yield from _box(_RIGHT, y, lines)
        if not (beside and number == 0):
            branches.append(y + height / 2)
        y += height + _GAP
        if beside and number == 0:
            y = max(y, top + _LINE + _PAD + _GAP)
    yield from _box(_LEFT, top, [ends[0]], centred=True)
    start = top + _LINE + _PAD
    yield Shape(f"M{middle:g} {start:g}L{middle:g} {y:g}", None, stroke=PAGE_INK, width=1.1, arrow=True)
    for branch in branches:
        yield Shape(f"M{middle:g} {branch:g}L{_RIGHT[0]:g} {branch:g}", None, stroke=PAGE_INK, width=1.1, arrow=True)
    yield from _box(_LEFT, y, [ends[1]], centred=True)


def _box(sides: tuple[int, int], y: float, lines: Sequence[str], *, centred: bool = False) -> Iterator[Shape | Text]:
    (left, right), height = sides, _LINE * len(lines) + _PAD
    outline = f"M{left:g} {y:g}L{right:g} {y:g}L{right:g} {y + height:g}L{left:g} {y + height:g}Z"
    yield Shape(outline, None, stroke=PAGE_INK, width=1.6 if centred else 1)
    for number, line in enumerate(lines):
        baseline = y + _PAD / 2 + _LINE * number + 13
        bold = number == 0
        if centred:
            yield Text((left + right) / 2, baseline, line, _SIZE, "middle", bold)
        else:
            yield Text(left + _PAD, baseline, line, _SIZE, "start", bold)


def _rows(flow: Json, say: dict[str, str]) -> Iterator[list[Any]]:
    yield [say["screened"], None, flow["screened"]]
    yield [say["unreadable"], None, flow["unreadable"]]
    for key, word, count in (("ineligible", "excluded", "first"), ("undetermined", "waiting", "any")):
        yield [say[word], None, flow[key]["n"]]
        yield from ([say[word], _reason(each, key, say), each[count]] for each in flow[key]["by"])
    yield [say["included"], None, flow["included"]]
