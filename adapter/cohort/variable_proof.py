"""What can be known to be wrong with the derived variables before any case comes.

Takes from: declaration, case.  Gives to: cohort.derivation.
"""

from __future__ import annotations

from collections.abc import Iterator

from adapter.case.fields import date_fields, field_schema, list_fields
from adapter.case.items import check_where, check_words
from adapter.cohort.variables import kind_of
from adapter.declaration import Declaration
from adapter.errors import Json

_DATES = ("from", "to", "years")
_LISTS = ("list", "first", "not_before", "lines")
# What kind of variable a word asks; each holds one name or several.
_ASKED = {
    "number": "number",
    "no": "flag",
    "else": "flag",
    "all": "flag",
    "any": "flag",
    "groups": "flag",
    "unusable": "number",
}


def check_variables(declaration: Declaration) -> Iterator[str]:
    """Problems as "file:line:col code message": unknown fields, words, regions, variables; circles; missing units."""
    data = declaration.data
    for name, variable in data["variables"].items():
        at = ("variables", name)
        for key, code, message in (*_check_rule(variable["rule"], data), *_check_rule_words(variable["rule"])):
            yield f"{declaration.at((*at, 'rule', key))} {code} {message}"
        for key, code, message in _check_told(variable, data):
            yield f"{declaration.at((*at, key))} {code} {message}"
        if name in _reached(name, data["variables"]):
            yield f"{declaration.at(at)} C004 '{name}' is asked to answer itself"
    yield from _check_regions(declaration)
    for name in data["not_usable"]:
        if _kind(name, data) != "flag":
            yield f"{declaration.at(('not_usable',))} C002 no yes-or-no variable '{name}'"
    for stratum, name in data["strata"].items():
        if _kind(name, data) != "category":
            yield f"{declaration.at(('strata', stratum))} C002 no variable '{name}' that makes groups"


def _kind(name: str, data: Json) -> str:
    return kind_of(data["variables"][name]["rule"]) if name in data["variables"] else ""


def _check_told(variable: Json, data: Json) -> Iterator[tuple[str, str, str]]:
    if (kind_of(variable["rule"]) == "number") is not ("unit" in variable):
        yield "rule", "C006", "a number, and only a number, has a unit"
    if "from" in variable["rule"] and variable.get("unit") == "1":
        yield "unit", "C006", "a time is counted in a, mo, wk or d"
    if "of" in variable and _kind(variable["of"], data) != "flag":
        yield "of", "C002", f"no yes-or-no variable '{variable['of']}'"
    for key, known in (("missing", "missing_data"), ("source", "sources")):
        if variable[key] not in data[known]:
            yield key, "C007", f"'{variable[key]}' is not declared under {known}"


def _check_rule(rule: Json, data: Json) -> Iterator[tuple[str, str, str]]:
    for word, kind in _ASKED.items():
        for name in _names(rule, word):
            if name not in data["variables"]:
                yield word, "C002", f"no variable '{name}'"
            elif _kind(name, data) != kind or (word == "unusable" and "from" not in data["variables"][name]["rule"]):
                yield word, "C002", f"'{name}' is no {'time' if word == 'unusable' else kind}"
    for key in _DATES:
        if key in rule and rule[key] not in ("diagnosis.onset", *date_fields()):
            yield key, "C001", f"'{rule[key]}' is not a date of the case"
        elif key in rule and "[]" in rule[key]:
            yield key, "C001", f"'{rule[key]}' has many dates, and which is meant is not said"
    for key in _LISTS:
        if key in rule and rule[key] not in list_fields():
            yield key, "C001", f"the case has no list '{rule[key]}'"
    if rule.get("region", "lower_limb") not in data["regions"]:
        yield "region", "C003", f"no region '{rule['region']}'"


def _check_rule_words(rule: Json) -> Iterator[tuple[str, str, str]]:
    for key, field in (
        ("measured", "laboratory[].test"),
        ("class", "treatments[].class"),
        ("started", "treatments[].class"),
    ):
        if key in rule:
            yield from ((key, "C001", message) for message in check_words(field, [rule[key]]))
    for key in ("field", "word"):
        if key in rule and (field_schema(rule[key]) is None or "[]" in rule[key]):
            yield key, "C001", f"the case has no field '{rule[key]}'"
        elif key in rule:
            words = rule.get("is", []) + rule.get("not_assessed", [])
            yield from (("is", "C001", message) for message in check_words(rule[key], words))
    name = next((rule[key] for key in ("list", "first", "silent") if key in rule), "")
    for part in ("where", "is") if name in list_fields() else ():
        for key, message in check_where(rule.get(part, {}), name, ()):
            yield part, "C001", f"{key}: {message}"


def _names(rule: Json, word: str) -> list[str]:
    asked = rule.get(word, [])
    return [asked] if isinstance(asked, str) else list(asked.values()) if isinstance(asked, dict) else list(asked)


def _reached(name: str, variables: Json) -> set[str]:
    reached: set[str] = set()
    waiting = [name]
    while waiting:
        rule = variables[waiting.pop()]["rule"]
        following = {each for word in _ASKED for each in _names(rule, word) if each in variables}
        waiting += following - reached
        reached |= following
    return reached


def _check_regions(declaration: Declaration) -> Iterator[str]:
    for name, patterns in declaration.data["regions"].items():
        for i, pattern in enumerate(patterns):
            for key, field in (("bones", "clinical_lesions[].bone"), ("segments", "clinical_lesions[].segment")):
                for message in check_words(field, pattern.get(key, [])):
                    yield f"{declaration.at(('regions', name, i, key))} C001 {message}"
