"""Which members of a list in a case a declaration means: `where: {modality: [MR, NM], result: negative}`.

A value is a word of the schema, a list of such words, or `missing`. Also: `{in: <list>}` and `{not_in: <list>}`
(a declared list of words or codes; a silent member is in none and outside none), and for dates
`{after: <field>}` and `{not_after: <field>}` (certainly after; anything else).

Takes from: dates, case.fields, case.timeline.  Gives to: eligibility, cohort.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any

from adapter.case.fields import allowed_values, date_fields, field_schema
from adapter.case.timeline import as_days, date_of
from adapter.dates import before
from adapter.errors import Json

MISSING = "missing"

Holds = Callable[[Any], bool]
Matches = Callable[[Json, Json], bool]


def compile_where(where: Json, lists: Mapping[str, Holds]) -> Matches:
    """A test of (item, case). The declaration has been proven by `check_where`."""
    tests = [(key, _compile_value(wanted, lists)) for key, wanted in where.items()]
    if len(tests) == 1:
        [(only, holds)] = tests
        return lambda item, case: holds(item.get(only), case)
    return lambda item, case: all(test(item.get(key), case) for key, test in tests)


def _compile_value(wanted: Any, lists: Mapping[str, Holds]) -> Callable[[Any, Json], bool]:
    if not isinstance(wanted, dict):
        words = words_of(wanted)
        return lambda value, _: value in words
    if "after" in wanted or "not_after" in wanted:
        late = "after" in wanted
        return lambda value, case: _after(value, case, wanted["after" if late else "not_after"]) is late
    names, inside = (wanted["in"], True) if "in" in wanted else (wanted["not_in"], False)
    members = [lists[name] for name in ([names] if isinstance(names, str) else names)]
    return lambda value, _: value is not None and any(holds(value) for holds in members) is inside


def words_of(wanted: Any) -> list[Any]:
    """The values that a word or a list of words stands for; None for a silent field."""
    listed = wanted if isinstance(wanted, list) else [wanted]
    return [None if word == MISSING else word for word in listed]


def _after(value: Any, case: Json, field: str) -> bool:
    days, limit = as_days(value), date_of(case, field)
    return bool(days and limit and before(limit.interval, days))


def check_where(where: Json, list_field: str, lists: Collection[str]) -> Iterator[tuple[str, str]]:
    """(key, what is wrong) for every member of a `where` the case cannot answer."""
    for key, wanted in where.items():
        field = f"{list_field}[].{key}"
        if field_schema(field) is None:
            yield key, f"the case has no field '{field}'"
        elif isinstance(wanted, dict):
            yield from ((key, message) for message in _check_form(field, wanted, lists))
        else:
            words = wanted if isinstance(wanted, list) else [wanted]
            yield from ((key, message) for message in check_words(field, [w for w in words if w != MISSING]))


def _check_form(field: str, wanted: Json, lists: Collection[str]) -> Iterator[str]:
    for form, names in wanted.items():
        known: Collection[str] = lists if form in ("in", "not_in") else ("diagnosis.onset", *date_fields())
        yield from (
            _unknown(name, known) for name in ([names] if isinstance(names, str) else names) if name not in known
        )
        if form in ("after", "not_after") and field not in date_fields():
            yield f"'{field}' is not a date"


def check_words(field: str, words: list[Any]) -> Iterator[str]:
    """What is wrong with the words a declaration expects in a coded field."""
    allowed = allowed_values(field)
    if words and allowed is None:
        yield f"'{field}' is not a coded field; its values cannot be listed"
        return
    yield from (_unknown(word, allowed or ()) for word in words if word not in (allowed or ()))


def _unknown(word: Any, known: Collection[Any]) -> str:
    near = difflib.get_close_matches(str(word), [str(each) for each in known], n=1)
    return f"unknown word '{word}'" + (f"; did you mean '{near[0]}'?" if near else "")
