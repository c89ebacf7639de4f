"""The table of a cohort as CSV that a spreadsheet opens without running anything.

Takes from: spreadsheet, cohort.cells.  Gives to: cli.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from adapter.cohort.cells import agrees, published
from adapter.errors import Json
from adapter.spreadsheet import write_csv

_COLUMNS = ("id", "name", "kind", "n", "N", "assessed", "mean", "sd", "median", "min", "max", "unit")
_MORE = ("published", "agrees", "notes", "q1", "q3", "ci_low", "ci_high", "by", "group")


def render_csv(found: Json) -> str:
    """One line a row, numbers to their last digit; then a row for each kind of what is not usable, then the groups.

    Shapes:  found   as `describing.describe_registry` gives it
             agrees  yes, no, or empty when nothing is comparable
             ci_low, ci_high  of the share of N (0 to 1), or of the mean
             by, group  empty for the whole cohort
    """
    return write_csv([*_COLUMNS, *_MORE], _lines(found))


def _lines(found: Json) -> Iterator[list[Any]]:
    rows = found["rows"]
    for row in rows:
        verdict = {True: "yes", False: "no", None: ""}[agrees(row)]
        yield [*_cells(row), published(row), verdict, " | ".join(row["notes"]), *_spread(row), "", ""]
    for each in found["not_usable"]:
        yield [*_cells({**each, "kind": "not_usable"}), "", "", "", *_spread({}), "", ""]
    for stratum in found["strata"]:
        for group in stratum["groups"]:
            for row, own in zip(rows, group["rows"], strict=True):
                told = {key: row[key] for key in ("name", "kind", "unit") if key in row} | own
                yield [*_cells(told), "", "", "", *_spread(own), stratum["by"], group["value"]]


def _cells(row: Json) -> list[Any]:
    return [row.get(column, "") for column in _COLUMNS]


def _spread(row: Json) -> list[Any]:
    interval = row.get("ci", {})
    return [row.get("q1", ""), row.get("q3", ""), interval.get("low", ""), interval.get("high", "")]
