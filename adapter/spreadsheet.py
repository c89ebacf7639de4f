"""CSV that a spreadsheet opens without running anything in it.

Takes from: nothing.  Gives to: cohort, figures, exports, cli.
Source: RFC 4180; https://owasp.org/www-community/attacks/CSV_Injection; CWE-1236
"""

from __future__ import annotations

import csv
import io
import itertools
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

# What starts a formula, also in its full-width form, also behind blanks that a spreadsheet may drop.
_FORMULA = re.compile(r"[\s\x00\u200b-\u200d\u2060\ufeff]*[=+\-@\uff1d\uff0b\uff0d\uff20\t\r\n\x00]")


def write_csv(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """A table with its head."""
    return "".join(csv_lines(columns, rows))


def csv_lines(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> Iterator[str]:
    """The same, a line at a time."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    for row in itertools.chain([columns], rows):
        writer.writerow([safe_cell(cell) for cell in row])
        yield out.getvalue()
        out.seek(0)
        out.truncate()


def safe_cell(cell: Any) -> Any:
    """Text that a spreadsheet would take for a formula gets an apostrophe; numbers stay numbers, None is empty."""
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "true" if cell else "false"
    return f"'{cell}" if isinstance(cell, str) and _FORMULA.match(cell) else cell
