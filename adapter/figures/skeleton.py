"""The skeleton the registry drew for itself: which regions it has, where a lesion lies on it, and how it is shaded.

Takes from: figures.scene.  Gives to: figures.lesions, web (one child's map).
Source: skeleton.json beside this file
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import NamedTuple

from adapter.errors import Json
from adapter.figures.scene import FRAME, INK, LINE, Scene, Shape, Text
from adapter.figures.words import Language

_HEAD, _FOOT, _LEGEND_ROW = 46, 24, 20
# Average width of a letter of the legend.
_LETTER = 6.8
_VIEWS = {
    "front": {"en": "Front", "fr": "Face"},
    "back": {"en": "Back", "fr": "Dos"},
}
_LETTERS = {"right": {"en": "R", "fr": "D"}, "left": {"en": "L", "fr": "G"}}


class Region(NamedTuple):
    """One place of the drawing: a bone and side; of the spine, a level ("" where the level is not known)."""

    bone: str
    side: str
    segment: str = ""


@dataclass(frozen=True)
class Shade:
    """How a region is drawn: grade 0 to 4, what a reader is told about it, and where more is told."""

    grade: int
    label: str
    link: str = ""


def regions_of(lesion: Json) -> set[Region]:
    """Where one lesion lies on the drawing; empty when the bone or the side is too vague to be drawn.

    Shapes:  lesion  {bone, side, segment?} of a case; both sides are two regions
    """
    bone, side, segment = lesion["bone"], lesion["side"], lesion.get("segment", "")
    if bone == "vertebra" and segment.startswith("S"):
        return {Region("sacrum", "midline")}
    sides = ("left", "right") if side == "bilateral" else (side,)
    level = segment if bone == "vertebra" else ""
    wanted = [Region(bone, each, level) for each in sides]
    if set(wanted) <= regions():
        return set(wanted)
    # A bone of the midline is one region, whatever side somebody wrote.
    middle = Region(bone, "midline", level)
    paired = Region(bone, "left") in regions()
    return {middle} if middle in regions() and not paired else set()


@cache
def regions() -> frozenset[Region]:
    """Every region there is."""
    return frozenset(region for view in _VIEWS for part in _parts(view) for region, _ in _placed(part, view) if region)


def draw_skeleton(
    shades: Mapping[Region, Shade],
    legend: Sequence[tuple[int, str]],
    *,
    name: str,
    title: str,
    summary: str,
    language: Language,
    notes: Sequence[str] = (),
) -> Scene:
    """Both views, shaded, with a legend and notes below. Regions without a shade stay blank.

    Shapes:  legend  (grade, words) in the order they are shown
             name    prefix of every id in the drawing
    """
    half, height = _drawing()["size"]["half_width"], _drawing()["size"]["height"]
    items: list[Shape | Text] = []
    for number, view in enumerate(_VIEWS):
        centre = half * (1 + 2 * number)
        items.append(Text(centre, 20, _VIEWS[view][language], 15, "middle", bold=True))
        viewers_left, viewers_right = ("right", "left") if view == "front" else ("left", "right")
        items.append(Text(centre - half + 26, 60, _LETTERS[viewers_left][language], 15, "middle"))
        items.append(Text(centre + half - 26, 60, _LETTERS[viewers_right][language], 15, "middle"))
        for part in _parts(view):
            items += _shapes(part, view, (centre, _HEAD - 12), shades)
    bottom = _HEAD + height
    items += _legend(legend, bottom)
    items += [Text(20, bottom + _LEGEND_ROW * (row + 2), note, 12) for row, note in enumerate(notes)]
    total = bottom + _LEGEND_ROW * (len(notes) + 1) + _FOOT
    return Scene(name, title, summary, 4 * half, total, items)


def _legend(legend: Sequence[tuple[int, str]], y: float) -> Iterator[Shape | Text]:
    x = 20.0
    for grade, words in legend:
        yield Shape("M0 0L26 0L26 14L0 14Z", grade, (x, y), width=0.7)
        yield Text(x + 33, y + 11.5, words, 12)
        x += 58 + _LETTER * len(words)


def _shapes(part: Json, view: str, at: tuple[float, float], shades: Mapping[Region, Shade]) -> Iterator[Shape]:
    kind = part["kind"]
    if kind in ("line", "hole"):
        yield Shape(part["path"], None if kind == "line" else 0, at, stroke=LINE, width=0.8)
        return
    for region, mirrored in _placed(part, view):
        shade = shades.get(region) if region else None
        grade = shade.grade if shade else 0
        vague = kind != "bone" and not grade
        yield Shape(
            part["path"],
            None if kind == "joint" and not grade else grade,
            at,
            mirrored,
            stroke=LINE if vague else INK,
            dashed=kind != "bone",
            fill=FRAME if kind == "frame" and not grade else "",
            identity="-".join(filter(None, (view, *(region or ())))).replace("_", "-"),
            label=shade.label if shade else "",
            link=shade.link if shade else "",
        )


def _placed(part: Json, view: str) -> list[tuple[Region | None, bool]]:
    """The regions of a part, and whether it is mirrored. In front the patient's left is on the viewer's right."""
    if "bone" not in part:
        return [(None, False)]
    bone, level = part["bone"], part.get("segment", "")
    if not part.get("paired"):
        return [(Region(bone, "midline", level), False)]
    straight, mirrored = ("left", "right") if view == "front" else ("right", "left")
    return [(Region(bone, straight, level), False), (Region(bone, mirrored, level), True)]


def _parts(view: str) -> list[Json]:
    parts: list[Json] = _drawing()["views"][view]
    return parts


@cache
def _drawing() -> Json:
    drawing: Json = json.loads(files("adapter.figures").joinpath("skeleton.json").read_text(encoding="utf-8"))
    return drawing
