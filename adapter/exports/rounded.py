"""The published table with the registry's own numbers, made so that it may leave the registry.

A count is told when it, and what it leaves out of those who were asked, are nobody or reach the threshold; then it is
rounded, so that the difference of two told counts does not give a small one away. Of a measure only mean and SD are
told, of groups that reach the threshold: least and greatest belong to single children. Notes, marks, intervals and
whether a number is the published one are left out: each would give the exact count back.

Takes from: spreadsheet, exports.suppression.  Gives to: exports.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from adapter.errors import Json
from adapter.exports.suppression import THRESHOLD_OUTSIDE
from adapter.spreadsheet import write_csv

# Two counts rounded so leave their difference open by more than the play that hidden cells have elsewhere.
ROUNDED_TO = 5
_COLUMNS = ("id", "name", "kind", "n", "N", "assessed", "mean", "sd", "unit", "hidden")


def round_rows(rows: Sequence[Json], threshold: int = THRESHOLD_OUTSIDE) -> list[Json]:
    """Shapes:  rows     as `describing.describe_registry` gives them
    returns  [{"id", "name", "kind", "n", "N", "assessed", "mean", "sd", "unit", "hidden"}]: a number that is
             not told is None, and `hidden` says that one was
    """
    return [_rounded(row, threshold) for row in rows]


def render_rounded(rows: Sequence[Json]) -> str:
    """The same as CSV: an empty cell is a number that is not told or does not apply."""
    return write_csv(_COLUMNS, (list(_cells(row)) for row in round_rows(rows)))


def _rounded(row: Json, threshold: int) -> Json:
    counts = {name: row[name] for name in ("n", "N", "assessed") if name in row}
    left_out = [0, *(counts["assessed"] - counts["n"], counts["N"] - counts["n"])] if "n" in counts else [0]
    safe = {name: _may_be_told(n, threshold) for name, n in counts.items()}
    if "n" in safe:
        safe["n"] = safe["n"] and all(_may_be_told(n, threshold) for n in left_out)
    safe["assessed"] = safe["assessed"] and _may_be_told(row.get("N", row["assessed"]) - row["assessed"], threshold)
    told: Json = {key: row[key] for key in ("id", "name", "kind", "unit") if key in row}
    told |= {name: _round(n) if safe[name] else None for name, n in counts.items()}
    measured = "mean" in row and row["kind"] != "range"
    if measured:
        enough = row["assessed"] >= threshold
        told |= {name: round(row[name], 1) if enough and name in row else None for name in ("mean", "sd")}
    hidden = not all(safe.values()) or (measured and told["mean"] is None) or row["kind"] == "range"
    return {**told, "hidden": hidden}


def _may_be_told(n: int, threshold: int) -> bool:
    return n == 0 or n >= threshold


def _round(n: int) -> int:
    return ROUNDED_TO * round(n / ROUNDED_TO)


def _cells(row: Json) -> Iterator[Any]:
    for column in _COLUMNS:
        value = row.get(column)
        yield "" if value is None else value
