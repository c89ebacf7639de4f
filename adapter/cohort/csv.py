"""The table of a cohort as CSV that a spreadsheet opens without running anything.

Takes from: cohort.cells.  Gives to: cli.
Source: RFC 4180; OWASP, "CSV Injection"
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from typing import Any

from adapter.cohort.cells import agrees, published
from adapter.errors import Json

_COLUMNS = ("id", "name", "kind", "n", "N", "assessed", "mean", "sd", "median", "min", "max", "unit")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def render_csv(rows: Sequence[Json]) -> str:
    """One line a row, numbers to their last digit; `agrees` is yes, no, or empty when nothing is comparable."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow([*_COLUMNS, "published", "agrees", "notes"])
    for row in rows:
        verdict = {True: "yes", False: "no", None: ""}[agrees(row)]
        cells = [*(row.get(column, "") for column in _COLUMNS), published(row), verdict, " | ".join(row["notes"])]
        writer.writerow([_safe(cell) for cell in cells])
    return out.getvalue()


def _safe(cell: Any) -> Any:
    """Text that a spreadsheet would take for a formula gets an apostrophe; numbers stay numbers."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(_FORMULA) else cell
