"""The table of a cohort as plain text for a terminal or a mail.

Takes from: cohort.cells.  Gives to: cli.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence

from adapter.cohort.cells import agrees, computed, is_inconsistent, published, spread
from adapter.errors import Json

_HEADER = ("", "", "computed", "assessed", "median [range]", "published", "")
_MARKS = {True: "=", False: "≠", None: ""}
_MIN_NAME = 20
_BOLD, _FAINT, _PLAIN = "\x1b[1m", "\x1b[2m", "\x1b[0m"


def render_text(rows: Sequence[Json], width: int = 120, *, color: bool = False) -> str:
    """The table: one line a row, its notes below it.

    Shapes:  rows  as `describe` gives them
             width  columns of the terminal; names and notes are cut and folded to fit
             last column  = as published, ≠ not, ! cannot be right as printed
    """
    table = [_cells(row) for row in rows]
    widths = [max(len(line[i]) for line in [_HEADER, *table]) for i in range(len(_HEADER))]
    widths[1] = max(_MIN_NAME, min(widths[1], width - sum(widths) + widths[1] - 2 * (len(widths) - 1)))
    lines = [_paint(_line(_HEADER, widths), _BOLD, color)]
    for row, cells in zip(rows, table, strict=True):
        lines.append(_paint(_line(cells, widths), _BOLD if agrees(row) is False else "", color))
        lines += [_paint(note, _FAINT, color) for note in _notes(row, width)]
    return "\n".join(lines)


def _cells(row: Json) -> tuple[str, ...]:
    mark = _MARKS[agrees(row)] + ("!" if is_inconsistent(row) else "")
    return row["id"], row["name"], computed(row), str(row["assessed"]), spread(row), published(row), mark


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    shown = [textwrap.shorten(cells[1], widths[1], placeholder="…") if i == 1 else cell for i, cell in enumerate(cells)]
    return "  ".join(cell.ljust(width) for cell, width in zip(shown, widths, strict=True)).rstrip()


def _notes(row: Json, width: int) -> Iterator[str]:
    for note in row["notes"]:
        yield from textwrap.wrap(note, max(width, 2 * _MIN_NAME), initial_indent="     · ", subsequent_indent="       ")


def _paint(text: str, code: str, color: bool) -> str:
    return f"{code}{text}{_PLAIN}" if color and code else text
