"""Where figures become files: the one place that sets up the plotting library. The same figure, the same bytes.

Takes from: errors, figures.scene.  Gives to: the other files of this room.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from adapter.errors import ConfigError
from adapter.figures.scene import GRADES, INK, PAGE_INK, Scene, Shape, Text

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WIDTH_INCHES = 7.0
DPI = 300
_HATCHES = {1: "....", 2: "////", 3: "xxxx"}
_STYLE: dict[Any, Any] = {
    **{"font.family": "DejaVu Sans", "font.size": 8.5, "svg.fonttype": "path", "hatch.linewidth": 0.5},
    **{"axes.spines.top": False, "axes.spines.right": False, "axes.edgecolor": INK, "axes.labelcolor": INK},
    **{"text.color": INK, "xtick.color": INK, "ytick.color": INK, "axes.linewidth": 0.7},
}
_STYLED = re.compile(r'style="([^"]*)"')
_ID = re.compile(r'\b(id="|href="#|url\(#)')


def ensure_library() -> None:
    """Errors:  ConfigError when the extra is not installed"""
    if not (find_spec("matplotlib") and find_spec("scipy")):
        raise ConfigError("Figures need matplotlib and scipy: pip install 'crmo-fhir-adapter[analysis]'.")
    import matplotlib

    matplotlib.use("agg")


@contextmanager
def new_figure(height_inches: float, width_inches: float = WIDTH_INCHES) -> Iterator[tuple[Figure, Axes]]:
    """An empty figure with one pair of axes, in the house's style."""
    ensure_library()
    import matplotlib
    from matplotlib.figure import Figure

    with matplotlib.rc_context(_STYLE):
        figure = Figure(figsize=(width_inches, height_inches), layout="constrained")
        yield figure, figure.add_subplot()


def paint_cells(axes: Axes, numbers: list[list[float]], colours: str, top: float) -> None:
    """A matrix as coloured cells with the first row on top, each a shape of its own: no picture within the picture."""
    columns, rows = len(numbers[0]), len(numbers)
    edges = ([x - 0.5 for x in range(columns + 1)], [y - 0.5 for y in range(rows + 1)])
    axes.pcolormesh(*edges, numbers, cmap=colours, vmin=0, vmax=top, edgecolors="face", linewidth=0.3)
    axes.invert_yaxis()


def save(figure: Figure, form: str, name: str, title: str = "", summary: str = "") -> bytes:
    """The figure as SVG or PNG, without time or version in it.

    Shapes:  name  prefix of every id of the SVG, so that several fit one page
    """
    import matplotlib

    out = io.BytesIO()
    settings = {"svg.hashsalt": name, **_STYLE}
    with matplotlib.rc_context(settings):
        if form == "png":
            figure.savefig(out, format="png", dpi=DPI, facecolor="white", metadata={"Software": None})
            return out.getvalue()
        figure.savefig(out, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    return _for_pages(out.getvalue().decode(), name, title, summary).encode()


def _for_pages(svg: str, name: str, title: str, summary: str) -> str:
    """From file to element: no prologue, ids of its own, its title told, ink in the colour of the page's text."""
    from html import escape

    element = svg[svg.index("<svg") :]
    element = re.sub(r"\s*<metadata>.*?</metadata>", "", element, count=1, flags=re.DOTALL)
    element = re.sub(r"\s*<style.*?</style>", "", element, count=1, flags=re.DOTALL)
    element = _STYLED.sub(_as_attributes, element)
    element = _ID.sub(lambda match: f"{match[1]}{name}-", element)
    head, rest = element.split(">", 1)
    head = re.sub(r' (width|height)="[^"]*pt"', "", head)
    drawn = 'stroke-linejoin="round" stroke-linecap="butt" role="img"'
    labelled = f'{head} {drawn} aria-labelledby="{name}-title {name}-summary">'
    told = f'<title id="{name}-title">{escape(title)}</title><desc id="{name}-summary">{escape(summary)}</desc>'
    return f"{labelled}{told}{rest.replace(INK, 'currentColor')}"


def _as_attributes(match: re.Match[str]) -> str:
    """Pages that forbid styles in elements show presentation attributes all the same."""
    pairs = (each.split(":", 1) for each in match[1].split(";") if ":" in each)
    return " ".join(f'{name.strip()}="{value.strip()}"' for name, value in pairs)


def paint_scene(scene: Scene) -> bytes:
    """A scene as PNG, drawn from the same shapes as its SVG."""
    scale = WIDTH_INCHES / scene.width
    with new_figure(scene.height * scale) as (figure, axes):
        figure.set_layout_engine("none")
        axes.set_position((0, 0, 1, 1))
        axes.set_axis_off()
        axes.set(xlim=(0, scene.width), ylim=(scene.height, 0))
        for order, item in enumerate(scene.items):
            if isinstance(item, Text):
                _write(axes, item, 72 * scale, order)
            else:
                _paint(axes, item, 72 * scale, order)
        return save(figure, "png", scene.name)


def _write(axes: Axes, text: Text, points: float, order: int) -> None:
    places = {"start": "left", "middle": "center", "end": "right"}
    weight = "bold" if text.bold else "normal"
    axes.text(
        text.x, text.y, text.words, size=text.size * points, ha=places[text.anchor], va="baseline", weight=weight,
        zorder=order,
    )  # fmt: skip


def _paint(axes: Axes, shape: Shape, points: float, order: int) -> None:
    from matplotlib.patches import PathPatch

    graded = shape.grade is not None and not shape.fill
    patch = PathPatch(
        _path(shape),
        facecolor=shape.fill or (GRADES[shape.grade or 0] if graded else "none"),
        edgecolor=INK if shape.stroke == PAGE_INK else shape.stroke,
        linewidth=shape.width * points,
        linestyle=(0, (2, 2)) if shape.dashed else "-",
        zorder=order,
    )
    axes.add_patch(patch)
    if graded and shape.grade in _HATCHES:
        colour = "#ffffff" if shape.grade == 3 else "#1d4a6b"
        axes.add_patch(
            PathPatch(_path(shape), facecolor="none", edgecolor=colour, linewidth=0, hatch=_HATCHES[shape.grade],
                      zorder=order)
        )  # fmt: skip
    if shape.arrow:
        (x0, y0), (x1, y1) = _path(shape).vertices[-2:]
        arrow = {"arrowstyle": "-|>", "color": INK, "lw": shape.width * points, "shrinkA": 0, "shrinkB": 0}
        axes.annotate("", (x1, y1), (x0, y0), arrowprops=arrow)


def _path(shape: Shape) -> Any:
    from matplotlib.path import Path

    codes: list[Any] = []
    vertices: list[tuple[float, float]] = []
    kinds = {"M": Path.MOVETO, "L": Path.LINETO, "Q": Path.CURVE3, "C": Path.CURVE4}
    for command, numbers in re.findall(r"([MLQCZ])([^MLQCZ]*)", shape.path):
        if command == "Z":
            codes.append(Path.CLOSEPOLY)
            vertices.append(vertices[-1])
            continue
        values = [float(each) for each in numbers.split()]
        points = list(zip(values[::2], values[1::2], strict=True))
        codes += [kinds[command]] * len(points)
        vertices += points
    flip = -1 if shape.mirrored else 1
    return Path([(shape.at[0] + flip * x, shape.at[1] + y) for x, y in vertices], codes)
