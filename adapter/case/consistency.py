"""Rules that no single field can break alone (dates in an impossible order, a study named but not there).

Takes from: declaration, dates, case.fields, case.timeline.  Gives to: case, eligibility.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from adapter.case.fields import date_fields, field_schema, read_field
from adapter.case.timeline import Dated, as_days, date_of
from adapter.dates import Interval, age_days, before, birthday
from adapter.declaration import Declaration, load_declaration
from adapter.errors import DeclarationError, Json

# Field -> (pointer, days) of what it holds in one case; worked out once for all rules.
Dates = dict[str, list[tuple[str, Interval]]]
Find = Callable[[Json, date, Dates], Iterator[str]]
Limit = Callable[[Json, date], Interval | None]

_EVERY_DATE = "every_date"
_TODAY = "today"
_AGO = re.compile(r"([1-9]\d{0,2}) years ago\Z")


@dataclass(frozen=True)
class Rule:
    """One consistency rule. `find` yields the JSON pointers of the fields that break it."""

    id: str
    severity: Any
    text: str
    text_fr: str
    origin: str
    find: Find


@dataclass(frozen=True)
class Consistency:
    version: str
    rules: tuple[Rule, ...]

    def breaches(self, case: Json, today: date) -> dict[str, list[str]]:
        """Rule id -> pointers of what breaks it; only rules that are broken."""
        dates: Dates = {}
        found = {rule.id: list(rule.find(case, today, dates)) for rule in self.rules}
        return {rule: pointers for rule, pointers in found.items() if pointers}


def load_consistency(folder: Path) -> Consistency:
    """Read and prove <folder>/consistency.yaml.

    Errors:  DeclarationError (unknown field, a date rule on what is not a date, two rules of one name)
    """
    declaration = load_declaration(folder / "consistency.yaml", "consistency")
    if problems := list(_check(declaration)):
        raise DeclarationError(problems)
    rules = enumerate(declaration.data["rules"])
    return Consistency(
        declaration.data["version"], tuple(_compile(rule, declaration.at(("rules", i))) for i, rule in rules)
    )


def _check(declaration: Declaration) -> Iterator[str]:
    seen: set[str] = set()
    for i, rule in enumerate(declaration.data["rules"]):
        if rule["id"] in seen:
            yield f"{declaration.at(('rules', i, 'id'))} K001 a second rule named '{rule['id']}'"
        seen.add(rule["id"])
        for key in ("field", "not_before", "not_after", "not_above", "one_of", "except"):
            names = rule.get(key, [])
            for name in [names] if isinstance(names, str) else names:
                if not _known(name, key):
                    yield f"{declaration.at(('rules', i, key))} K002 the case has no field '{name}' that can stand here"


def _known(field: str, key: str) -> bool:
    if key in ("not_before", "not_after", "except"):
        is_ago = key != "except" and _AGO.match(field) is not None
        return is_ago or field in (_TODAY, "diagnosis.onset", *date_fields())
    return field == _EVERY_DATE or field_schema(field) is not None


def _compile(rule: Json, origin: str) -> Rule:
    return Rule(rule["id"], rule["severity"], rule["text"]["en"], rule["text"]["fr"], origin, _finder(rule))


def _finder(rule: Json) -> Find:
    field = rule["field"]
    if "unique" in rule:
        return lambda case, _, __: _repeated(case, field)
    if "one_of" in rule:
        return lambda case, _, __: _dangling(case, field, rule["one_of"])
    if "not_above" in rule:
        return lambda case, _, __: _above(case, field, rule["not_above"])
    bound, late = (rule["not_after"], True) if "not_after" in rule else (rule["not_before"], False)
    fields = [each for each in date_fields() if each not in rule["except"]] if field == _EVERY_DATE else [field]
    limit = _limiter(bound)
    return lambda case, today, dates: _misplaced(case, fields, bound, late, limit(case, today), dates)


def _misplaced(
    case: Json, fields: list[str], bound: str, late: bool, limit: Interval | None, dates: Dates
) -> Iterator[str]:
    siblings = "[]" in bound
    if limit is None and not siblings:
        return
    for field in fields:
        if field not in dates:
            dates[field] = _dates(case, field)
        for pointer, days in dates[field]:
            other = _sibling(case, bound, pointer) if siblings else limit
            if other and (before(other, days) if late else before(days, other)):
                yield pointer


def _dates(case: Json, field: str) -> list[tuple[str, Interval]]:
    if field == "diagnosis.onset":
        onset = date_of(case, field)
        return [(onset.pointers[0], onset.interval)] if onset else []
    return [(pointer, days) for pointer, value in read_field(case, field) if (days := as_days(value))]


def _limiter(bound: str) -> Limit:
    """How to find the limit that holds for a whole case; beside items of one list there is none."""
    if "[]" in bound:
        return lambda _, __: None
    if bound == _TODAY:
        return lambda _, today: Interval(today, today)
    if ago := _AGO.match(bound):
        years = int(ago[1])
        return lambda _, today: birthday(Interval(today, today), -years)
    return lambda case, _: _dated(case, bound)


def _dated(case: Json, field: str) -> Interval | None:
    dated: Dated | None = date_of(case, field)
    return dated.interval if dated else None


def _sibling(case: Json, bound: str, pointer: str) -> Interval | None:
    """The date beside this one in the same member of a list."""
    place = f"{pointer.rsplit('/', 1)[0]}/{bound.rsplit('.', 1)[1]}"
    return next((as_days(value) for at, value in read_field(case, bound) if at == place), None)


def _repeated(case: Json, field: str) -> Iterator[str]:
    places = list(read_field(case, field))
    counts = Counter(value for _, value in places)
    first = {value: pointer for pointer, value in reversed(places)}
    return (pointer for pointer, value in places if counts[value] > 1 and first[value] != pointer)


def _dangling(case: Json, field: str, known: str) -> Iterator[str]:
    names = {value for _, value in read_field(case, known)}
    return (pointer for pointer, value in read_field(case, field) if value not in names)


def _above(case: Json, field: str, bound: str) -> Iterator[str]:
    limits = [age_days(**age) for _, age in read_field(case, bound)]
    return (pointer for pointer, age in read_field(case, field) if any(age_days(**age) > limit for limit in limits))
