"""Searches run: one page after another, each resource that stays where it is told exactly once.

Pages follow the sort key of the last resource, not a number of rows: what comes or goes meanwhile moves nothing.

Takes from: errors, resource, search, inbox, resources.  Gives to: web.
Source: https://hl7.org/fhir/R4/http.html#paging, https://hl7.org/fhir/R4/search.html#prefix
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from adapter.errors import UsageError
from adapter.resource import dump_json, parse_json
from adapter.search import Filter, Search, Value, within
from adapter.store.inbox import fed
from adapter.store.resources import INDEX, LIVING, RESOURCES, Stored, select

# A page brings at most this many of what points at its matches.
_MOST_INCLUDED = 5000

Condition = sa.ColumnElement[bool]


@dataclass(frozen=True)
class Page:
    """Shapes:  total   of all pages
    cursor  of the next page; "" on the last one
    """

    total: int
    matches: list[Stored]
    included: list[Stored]
    cursor: str


def run_search(connection: sa.Connection, search: Search, *, source: str | None = None) -> Page:
    """One page.

    Shapes:  source  only of cases that this source has sent something of
    Errors:  UsageError for a cursor that is none of ours, and when too much would come along
    """
    where = [RESOURCES.c.type == search.type, LIVING, *_conditions(search), *_visible(source)]
    total = connection.scalar(sa.select(sa.func.count()).select_from(RESOURCES).where(*where)) or 0
    if search.summary == "count" or search.count == 0:
        return Page(total, [], [], "")
    order, after = _order(search)
    query = sa.select(RESOURCES).where(*where, *after).order_by(*order).limit(search.count + 1)
    found = select(connection, query)
    matches = found[: search.count]
    cursor = _cursor(search, matches[-1]) if len(found) > search.count else ""
    return Page(total, matches, _included(connection, search, matches), cursor)


def everything(
    connection: sa.Connection, case_id: str, *, types: set[str] | None, since: datetime | None, after: str, count: int
) -> Page:
    """What the registry has about one patient, in the order of type and id.

    Shapes:  after  cursor of the page before
    """
    where = [RESOURCES.c.case_id == case_id, LIVING, *([RESOURCES.c.type.in_(types)] if types else [])]
    where += [RESOURCES.c.updated_at >= since] if since else []
    total = connection.scalar(sa.select(sa.func.count()).select_from(RESOURCES).where(*where)) or 0
    key = sa.tuple_(RESOURCES.c.type, RESOURCES.c.id)
    from_here = [key > sa.tuple_(*_read_cursor(after))] if after else []
    query = sa.select(RESOURCES).where(*where, *from_here).order_by(RESOURCES.c.type, RESOURCES.c.id)
    found = select(connection, query.limit(count + 1))
    last = found[count - 1] if len(found) > count else None
    return Page(total, found[:count], [], _encode([last.type, last.id]) if last else "")


def _visible(source: str | None) -> list[Condition]:
    return [] if source is None else [RESOURCES.c.case_id.in_(fed(source))]


def _conditions(search: Search) -> list[Condition]:
    told = [_filtered(each, search.type) for each in search.filters]
    if search.ids is not None:
        told.append(RESOURCES.c.id.in_(search.ids))
    if search.patients is not None:
        other = RESOURCES.alias()
        named = other.c.type == "Patient", other.c.id.in_(search.patients), other.c.current.is_(True)
        of_patients = sa.select(other.c.case_id).where(*named)
        told.append(RESOURCES.c.case_id.in_(of_patients))
    return told + [within(RESOURCES.c.updated_at, *each) for each in search.updated]


def _filtered(each: Filter, type_: str) -> Condition:
    """What a filter finds is looked up by its value: one child's few do not cost a look at everybody's."""
    told = sa.select(INDEX.c.id).where(INDEX.c.type == type_, INDEX.c.parameter == each.parameter.name)
    if each.modifier == "missing":
        there = RESOURCES.c.id.in_(told)
        return ~there if each.values[0].code == "true" else there
    match = _MATCHES[each.parameter.kind]
    found = RESOURCES.c.id.in_(told.where(sa.or_(*(match(value) for value in each.values))))
    return ~found if each.modifier == "not" else found


def _token(value: Value) -> Condition:
    code = INDEX.c.code == value.code if value.code else sa.true()
    if value.system is None:
        return code
    return code & (INDEX.c.system == value.system if value.system else INDEX.c.system.is_(None))


def _reference(value: Value) -> Condition:
    """An id alone points at a resource of whatever type."""
    return INDEX.c.code == value.code if "/" in value.code else INDEX.c.code.endswith(f"/{value.code}", autoescape=True)


def _date(value: Value) -> Condition:
    low, high = INDEX.c.low, INDEX.c.high
    inside = (low >= value.low) & (high <= value.high)
    return {
        "eq": inside,
        "ne": ~inside,
        "gt": high > value.high,
        "lt": low < value.low,
        "ge": (high > value.high) | inside,
        "le": (low < value.low) | inside,
        "sa": low > value.high,
        "eb": high < value.low,
    }[value.prefix]


def _quantity(value: Value) -> Condition:
    number = INDEX.c.number
    # A number means what it can be rounded from: 5.4 is found by 5.40, and 5.41 is not.
    compared: dict[str, Condition] = {
        "eq": number == value.number,
        "ne": number != value.number,
        "gt": number > value.number,
        "sa": number > value.number,
        "lt": number < value.number,
        "eb": number < value.number,
        "ge": number >= value.number,
        "le": number <= value.number,
    }
    unit = INDEX.c.code == value.code if value.code else sa.true()
    system = INDEX.c.system == value.system if value.system else sa.true()
    return compared[value.prefix] & unit & system


_MATCHES: dict[str, Callable[[Value], Condition]] = {
    "token": _token,
    "reference": _reference,
    "date": _date,
    "quantity": _quantity,
}


def _order(search: Search) -> tuple[list[Any], list[Condition]]:
    """(what it is ordered by, what lies after the cursor)"""
    # Of named patients there are few to put in order; along the key, SQLite would look at everybody's.
    id_ = RESOURCES.c.id if search.patients is None else RESOURCES.c.id.concat("")
    at = RESOURCES.c.updated_at
    if search.sort == "_id":
        return [id_], [id_ > _read_cursor(search.cursor)[1]] if search.cursor else []
    down = search.sort.startswith("-")
    order = [at.desc() if down else at, id_]
    if not search.cursor:
        return order, []
    told, last = _read_cursor(search.cursor)
    try:
        moment = datetime.fromisoformat(told)
    except ValueError:
        raise _foreign_cursor() from None
    return order, [(at < moment if down else at > moment) | ((at == moment) & (id_ > last))]


def _cursor(search: Search, last: Stored) -> str:
    return _encode([last.updated_at.isoformat(), last.id])


def _encode(told: list[str]) -> str:
    return base64.urlsafe_b64encode(dump_json(told)).decode().rstrip("=")


def _read_cursor(text: str) -> tuple[str, str]:
    """Errors:  UsageError"""
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        first, last = parse_json(raw)[0]
    except (binascii.Error, ValueError, TypeError):
        raise _foreign_cursor() from None
    if not isinstance(first, str) or not isinstance(last, str):
        raise _foreign_cursor()
    return first, last


def _foreign_cursor() -> UsageError:
    return UsageError("This cursor is none that the registry gave: follow the links of a page as they are.")


def _included(connection: sa.Connection, search: Search, matches: list[Stored]) -> list[Stored]:
    cases, types = {each.case_id for each in matches}, set(search.rev_include)
    if search.include:
        types.add("Patient")
    if not cases or not types:
        return []
    query = sa.select(RESOURCES).where(RESOURCES.c.case_id.in_(cases), RESOURCES.c.type.in_(types), LIVING)
    found = select(connection, query.order_by(RESOURCES.c.type, RESOURCES.c.id).limit(_MOST_INCLUDED + 1))
    if len(found) > _MOST_INCLUDED:
        raise UsageError(f"More than {_MOST_INCLUDED} resources would come along: ask for a smaller _count.")
    return found
