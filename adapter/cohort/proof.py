"""What can be known to be wrong with the statistics file before any case comes.

Takes from: declaration, case.  Gives to: cohort.statistics.
"""

from __future__ import annotations

from collections.abc import Iterator

from adapter.case.fields import date_fields, field_schema, list_fields
from adapter.case.items import check_where, check_words
from adapter.declaration import Declaration, Pointer
from adapter.errors import Json

_NAMES = {"number": 0, "no": 0, "else": 0, "all": 1, "any": 1}
_DATES = ("from", "to")
_LISTS = ("list", "first", "not_before")


def check_statistics(declaration: Declaration) -> Iterator[str]:
    """Problems as "file:line:col code message": unknown fields, words, regions, variables; circles; unknown rows."""
    data = declaration.data
    for name, variable in data["variables"].items():
        for key, code, message in _check_variable(variable, data):
            yield f"{declaration.at(('variables', name, key))} {code} {message}"
        if name in _reached(name, data["variables"]):
            yield f"{declaration.at(('variables', name))} C004 '{name}' is asked to answer itself"
    yield from _check_regions(declaration)
    yield from _check_rows(declaration)


def _check_variable(variable: Json, data: Json) -> Iterator[tuple[str, str, str]]:
    for name in _names(variable):
        if name not in data["variables"]:
            yield next(iter(variable)), "C002", f"no variable '{name}'"
    for key in _DATES:
        if key in variable and variable[key] not in ("diagnosis.onset", *date_fields()):
            yield key, "C001", f"'{variable[key]}' is not a date of the case"
    for key in _LISTS:
        if key in variable and variable[key] not in list_fields():
            yield key, "C001", f"the case has no list '{variable[key]}'"
    if variable.get("region", "lower_limb") not in data["regions"]:
        yield "region", "C003", f"no region '{variable['region']}'"
    yield from _check_words(variable)


def _check_words(variable: Json) -> Iterator[tuple[str, str, str]]:
    asked = {
        "measured": ("laboratory[].test", [variable.get("measured")]),
        "class": ("treatments[].class", [variable.get("class")]),
        "started": ("treatments[].class", [variable.get("started")]),
    }
    for key, (field, words) in asked.items():
        if key in variable:
            yield from ((key, "C001", message) for message in check_words(field, words))
    if "field" in variable:
        if field_schema(variable["field"]) is None:
            yield "field", "C001", f"the case has no field '{variable['field']}'"
            return
        words = variable["is"] + variable.get("not_assessed", [])
        yield from (("is", "C001", message) for message in check_words(variable["field"], words))
    name = next((variable[key] for key in ("list", "first", "silent") if key in variable), "")
    for part in ("where", "is") if name in list_fields() else ():
        for key, message in check_where(variable.get(part, {}), name, ()):
            yield part, "C001", f"{key}: {message}"


def _names(variable: Json) -> list[str]:
    found: list[str] = []
    for key, many in _NAMES.items():
        if key in variable:
            found += variable[key] if many else [variable[key]]
    return found


def _reached(name: str, variables: Json) -> set[str]:
    reached: set[str] = set()
    waiting = _names(variables[name])
    while waiting:
        if (following := waiting.pop()) not in reached and following in variables:
            reached.add(following)
            waiting += _names(variables[following])
    return reached


def _check_regions(declaration: Declaration) -> Iterator[str]:
    for name, patterns in declaration.data["regions"].items():
        for i, pattern in enumerate(patterns):
            for key, field in (("bones", "clinical_lesions[].bone"), ("segments", "clinical_lesions[].segment")):
                for message in check_words(field, pattern.get(key, [])):
                    yield f"{declaration.at(('regions', name, i, key))} C001 {message}"


def _check_rows(declaration: Declaration) -> Iterator[str]:
    data = declaration.data
    ids: list[str] = []
    for i, row in enumerate(data["statistics"]):
        place: Pointer = ("statistics", i)
        if row["id"] in ids:
            yield f"{declaration.at((*place, 'id'))} C005 a second row '{row['id']}'"
        ids.append(row["id"])
        for asked in (row, *row.get("also", [])):
            for key in ("count", "measure", "of"):
                if key in asked and asked[key] not in data["variables"]:
                    yield f"{declaration.at((*place, key))} C002 no variable '{asked[key]}'"
        for region in row.get("most_frequent", {}).get("regions", []):
            if region not in data["regions"]:
                yield f"{declaration.at((*place, 'most_frequent', 'regions'))} C003 no region '{region}'"
    for i, check in enumerate(data["checks"]):
        for identity in (*check["sum"], check["equals"]):
            if identity not in ids:
                yield f"{declaration.at(('checks', i))} C005 no row '{identity}'"
