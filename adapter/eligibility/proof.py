"""What can be known to be wrong with a criteria file before any patient comes.

Takes from: declaration, case.  Gives to: eligibility.criteria.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from typing import Any

from adapter.case.fields import field_schema, list_fields
from adapter.case.items import check_where, check_words
from adapter.declaration import Declaration, Pointer
from adapter.errors import Json


def check_criteria(declaration: Declaration, consistency_rules: Collection[str]) -> Iterator[str]:
    """Problems as "file:line:col code message": unknown fields, words, codes, lists, rules and criteria."""
    data = declaration.data
    yield from _check_lists(declaration)
    yield from _check_sets(declaration)
    for i, criterion in enumerate(data["criteria"]):
        for j, row in enumerate(criterion["rows"]):
            place: Pointer = ("criteria", i, "rows", j)
            yield from _check_row(declaration, place, row, last=j == len(criterion["rows"]) - 1)
            for at, code, message in _check_condition(row.get("when", {}), (*place, "when"), data, consistency_rules):
                yield f"{declaration.at(at)} {code} {message}"


def _check_lists(declaration: Declaration) -> Iterator[str]:
    for name, listed in declaration.data["lists"].items():
        for i, code in enumerate(listed.get("codes", [])):
            at = declaration.at(("lists", name, "codes", i))
            system = declaration.data["systems"].get(code["system"])
            if system is None:
                yield f"{at} E002 unknown code system '{code['system']}'"
            elif not re.fullmatch(system["form"], code["code"]):
                yield f"{at} E003 '{code['code']}' is no code of {code['system']}"


def _check_sets(declaration: Declaration) -> Iterator[str]:
    ids = [criterion["id"] for criterion in declaration.data["criteria"]]
    for i, identity in enumerate(ids):
        if identity in ids[:i]:
            yield f"{declaration.at(('criteria', i, 'id'))} E004 a second criterion '{identity}'"
    for name, rule_set in declaration.data["rule_sets"].items():
        for i, identity in enumerate(rule_set["criteria"]):
            if identity not in ids:
                yield f"{declaration.at(('rule_sets', name, 'criteria', i))} E004 no criterion '{identity}'"


def _check_row(declaration: Declaration, place: Pointer, row: Json, *, last: bool) -> Iterator[str]:
    if ("otherwise" in row) is not last:
        yield f"{declaration.at(place)} E005 the last row, and only the last, says 'otherwise'"
    if "datum" in row and field_schema(row["datum"]) is None and row["datum"] not in list_fields():
        yield f"{declaration.at((*place, 'datum'))} E001 the case has no field '{row['datum']}'"


def _check_condition(
    condition: Json, at: Pointer, data: Json, rules: Collection[str]
) -> Iterator[tuple[Pointer, str, str]]:
    for word in ("all", "any"):
        for i, part in enumerate(condition.get(word, [])):
            yield from _check_condition(part, (*at, word, i), data, rules)
    if "field" in condition:
        yield from _check_field(condition, at)
    for word in ("some", "none", "every", "empty"):
        if word in condition:
            yield from _check_list(condition, word, at, data["lists"])
    for i, rule in enumerate(condition.get("broken", [])):
        if rule not in rules:
            yield (*at, "broken", i), "E006", f"consistency.yaml has no rule '{rule}'"
    for i, section in enumerate(condition.get("within", [])):
        if field_schema(section) is None:
            yield (*at, "within", i), "E001", f"the case has no section '{section}'"


def _check_field(condition: Json, at: Pointer) -> Iterator[tuple[Pointer, str, str]]:
    field = condition["field"]
    if field_schema(field) is None or "[]" in field:
        yield (*at, "field"), "E001", f"the case has no field '{field}'"
        return
    for word in ("is", "is_not"):
        words: Any = condition.get(word, [])
        for message in check_words(field, words if isinstance(words, list) else [words]) if word in condition else ():
            yield (*at, word), "E003", message


def _check_list(condition: Json, word: str, at: Pointer, lists: Json) -> Iterator[tuple[Pointer, str, str]]:
    name = condition[word]
    if name not in list_fields():
        yield (*at, word), "E001", f"the case has no list '{name}'"
        return
    for part in ("where", "is"):
        for key, message in check_where(condition.get(part, {}), name, lists):
            yield (*at, part, key), "E003", message
