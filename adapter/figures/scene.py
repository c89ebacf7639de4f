"""A drawing as a list of shapes and words, and its SVG: no styles, no scripts, so that any page may hold it.

Takes from: nothing.  Gives to: the other files of this room, web (inline), report.
Source: https://www.w3.org/TR/SVG2/, https://www.w3.org/TR/svg-aam-1.0/ (title, focus)
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from typing import Literal

INK, LINE, FRAME, GROUND = "#2b3a44", "#8b98a1", "#eef1f3", "#ffffff"
# The colour of the words around the drawing: dark on a light page, light on a dark one.
PAGE_INK = "currentColor"
# Five grades of one hue, from none to most; light to dark, so that grey print keeps the order.
GRADES = ("#ffffff", "#d3e5f2", "#8fbfe0", "#3d8bc0", "#0d4373")
_FONT = "DejaVu Sans, Verdana, Helvetica, Arial, sans-serif"


@dataclass(frozen=True)
class Shape:
    """A filled or open outline.

    Shapes:  path    M, L, Q, C, Z with absolute coordinates
             grade   0 to 4: fill and pattern; None leaves it open
             at      x, y of its origin; mirrored: x runs to the left
             identity, label  set when a reader can ask about it: the label is told on hover, focus and by readers
             link    address where more is told; with a label only
    """

    path: str
    grade: int | None = 0
    at: tuple[float, float] = (0, 0)
    mirrored: bool = False
    stroke: str = INK
    width: float = 0.8
    dashed: bool = False
    fill: str = ""
    identity: str = ""
    label: str = ""
    link: str = ""
    arrow: bool = False


@dataclass(frozen=True)
class Text:
    x: float
    y: float
    words: str
    size: float = 12
    anchor: Literal["start", "middle", "end"] = "start"
    bold: bool = False


@dataclass(frozen=True)
class Scene:
    """Shapes:  name   prefix of every id, so that several scenes fit one page
    title, summary  what a reader who cannot see it is told
    """

    name: str
    title: str
    summary: str
    width: float
    height: float
    items: Sequence[Shape | Text]


def write_svg(scene: Scene) -> str:
    """The scene as a standalone SVG element: the same scene, the same characters."""
    name = scene.name
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {scene.width:g} {scene.height:g}" role="group" '
        f'aria-labelledby="{name}-title {name}-summary" font-family="{_FONT}">'
    )
    told = (
        f'<title id="{name}-title">{_text(scene.title)}</title><desc id="{name}-summary">{_text(scene.summary)}</desc>'
    )
    body = (_shape(item, name) if isinstance(item, Shape) else _words(item) for item in scene.items)
    return "\n".join([head, told, *_patterns(name), *body, "</svg>"]) + "\n"


def _patterns(name: str) -> Iterator[str]:
    """The second channel: dots, strokes, crossed strokes; the darkest grade is plain."""
    yield "<defs>"
    marks = {
        1: ('<circle cx="2.5" cy="2.5" r="0.7" fill="#24506f"/>', 5),
        2: ('<path d="M0 5L5 0" stroke="#123f60" stroke-width="0.9"/>', 5),
        3: ('<path d="M0 4L4 0M0 0L4 4" stroke="#ffffff" stroke-width="0.7"/>', 4),
    }
    for grade, (mark, size) in marks.items():
        ground = f'<rect width="{size}" height="{size}" fill="{GRADES[grade]}"/>'
        yield (
            f'<pattern id="{name}-grade-{grade}" width="{size}" height="{size}" '
            f'patternUnits="userSpaceOnUse">{ground}{mark}</pattern>'
        )
    yield f'<marker id="{name}-tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
    yield f'<path d="M0 0.8L7.5 4L0 7.2Z" fill="{PAGE_INK}"/></marker>'
    yield "</defs>"


def _shape(shape: Shape, name: str) -> str:
    attributes = [f'd="{shape.path}"', f'fill="{_fill(shape, name)}"']
    attributes += [f'stroke="{shape.stroke}"', f'stroke-width="{shape.width:g}"', 'stroke-linejoin="round"']
    attributes += ['stroke-dasharray="2 2"'] if shape.dashed else []
    attributes += [f'marker-end="url(#{name}-tip)"'] if shape.arrow else []
    if shape.at != (0, 0) or shape.mirrored:
        flip = " scale(-1 1)" if shape.mirrored else ""
        attributes.append(f'transform="translate({shape.at[0]:g} {shape.at[1]:g}){flip}"')
    if not shape.label:
        return f"<path {' '.join(attributes)}/>"
    if shape.link:
        told = f'href="{escape(shape.link)}" aria-label="{escape(shape.label)}"'
        return f"<a {told}><path {' '.join(attributes)}><title>{_text(shape.label)}</title></path></a>"
    focus = ' tabindex="0"' if shape.grade else ""
    return (
        f'<path id="{name}-{shape.identity}"{focus} role="img" aria-label="{escape(shape.label)}" '
        f"{' '.join(attributes)}><title>{_text(shape.label)}</title></path>"
    )


def _fill(shape: Shape, name: str) -> str:
    if shape.fill or shape.grade is None:
        return shape.fill or "none"
    return f"url(#{name}-grade-{shape.grade})" if shape.grade in (1, 2, 3) else GRADES[shape.grade]


def _words(text: Text) -> str:
    weight = ' font-weight="bold"' if text.bold else ""
    return (
        f'<text x="{text.x:g}" y="{text.y:g}" font-size="{text.size:g}" text-anchor="{text.anchor}"{weight} '
        f'fill="currentColor">{_text(text.words)}</text>'
    )


def _text(words: str) -> str:
    return escape(words, quote=False)
