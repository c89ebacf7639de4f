"""What can be known to be wrong with the statistics file before any case comes.

Takes from: declaration, cohort.derivation.  Gives to: cohort.statistics.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from adapter.cohort.derivation import Column
from adapter.declaration import Declaration, Pointer
from adapter.errors import Json

_TYPES = {"count": "flag", "measure": "number", "of": "flag"}


def check_statistics(declaration: Declaration, columns: Mapping[str, Column]) -> Iterator[str]:
    """Problems as "file:line:col code message": unknown variables and sources, rows twice, sums of rows that are not.

    Shapes:  columns  the derived variables by name
    """
    data = declaration.data
    ids: list[str] = []
    for i, row in enumerate(data["statistics"]):
        place: Pointer = ("statistics", i)
        if row["id"] in ids:
            yield f"{declaration.at((*place, 'id'))} C005 a second row '{row['id']}'"
        ids.append(row["id"])
        if row["source"] not in data["sources"]:
            yield f"{declaration.at((*place, 'source'))} C007 no source '{row['source']}'"
        for key, message in (*_check_asked(row, columns), *_check_kind(row)):
            yield f"{declaration.at((*place, key))} C002 {message}"
    for i, check in enumerate(data["checks"]):
        for identity in (*check["sum"], check["equals"]):
            if identity not in ids:
                yield f"{declaration.at(('checks', i))} C005 no row '{identity}'"
    for source in data["sources"]:
        if not any(row["source"] == source for row in data["statistics"]):
            yield f"{declaration.at(('sources', source))} C007 '{source}' has no row"


def _check_asked(row: Json, columns: Mapping[str, Column]) -> Iterator[tuple[str, str]]:
    for asked in (row, *row.get("also", [])):
        for key, kind in _TYPES.items():
            if key in asked and (asked[key] not in columns or columns[asked[key]].type != kind):
                yield key, f"no variable '{asked[key]}' that is a {kind}"
    most = row.get("most_frequent", {})
    for name in [*most.get("among", {}).values(), *([most["all"]] if most else [])]:
        if name not in columns or columns[name].type != "number":
            yield "most_frequent", f"no variable '{name}' that is a number"


def _check_kind(row: Json) -> Iterator[tuple[str, str]]:
    measured = row["kind"] in ("mean_sd", "summary", "range")
    if measured and "measure" not in row:
        yield "kind", f"a row of kind {row['kind']} needs a measure"
    if row["kind"] == "count" and "measure" in row:
        yield "kind", "a count has no measure"
