"""A figure with all that belongs to it: its words, its data as a table, and the means to draw it.

Takes from: figures.canvas, figures.scene, spreadsheet.  Gives to: the other files of this room, report, cli, web.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from adapter.figures.canvas import paint_scene, save
from adapter.figures.scene import Scene, write_svg
from adapter.spreadsheet import write_csv

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from matplotlib.figure import Figure


@dataclass(frozen=True)
class Picture:
    """Shapes:  name     file name without ending, and prefix of ids
    summary  what it shows, for a reader who cannot see it
    notes    what a caption must say: who is in it, who is not
    columns, rows  the numbers behind it, complete
    """

    name: str
    title: str
    summary: str
    notes: tuple[str, ...]
    columns: tuple[str, ...]
    rows: Sequence[Sequence[Any]]
    draw: Callable[[], AbstractContextManager[Figure]] | Scene

    def svg(self) -> str:
        """One <svg> element, ready for a page or a file.  Errors:  ConfigError (the extra is not installed)"""
        if isinstance(self.draw, Scene):
            return write_svg(self.draw)
        with self.draw() as figure:
            return save(figure, "svg", self.name, self.title, self.summary).decode()

    def png(self) -> bytes:
        """For print, 300 dpi.  Errors:  ConfigError (the extra is not installed)"""
        if isinstance(self.draw, Scene):
            return paint_scene(self.draw)
        with self.draw() as figure:
            return save(figure, "png", self.name)

    def csv(self) -> str:
        return write_csv(self.columns, self.rows)
