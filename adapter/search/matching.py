"""Hold one resource against a search without a database: what an export lets through its filters.

Takes from: parameters, asking.  Gives to: registry, store.
Source: https://hl7.org/fhir/R4/search.html#prefix
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date, datetime
from typing import Any

from adapter.errors import Json
from adapter.search.asking import Filter, Search, Value
from adapter.search.parameters import Entry, index_of


def matches(search: Search, resource: Json, updated_at: datetime) -> bool:
    """Whether a search by ids, declared parameters and time of change finds a resource.

    Shapes:  resource  in the registry's own form; its type is the search's
    """
    if search.ids is not None and resource["id"] not in search.ids:
        return False
    if not all(within(updated_at, *each) for each in search.updated):
        return False
    entries = index_of(resource) if search.filters else []
    return all(_passes(each, entries) for each in search.filters)


def _passes(each: Filter, entries: Iterable[Entry]) -> bool:
    named = [entry for entry in entries if entry.parameter == each.parameter.name]
    if each.modifier == "missing":
        return bool(named) != (each.values[0].code == "true")
    fits = _MATCHES[each.parameter.kind]
    found = any(fits(value, entry) for value in each.values for entry in named)
    return found != (each.modifier == "not")


def _token(value: Value, entry: Entry) -> bool:
    if value.code and entry.code != value.code:
        return False
    return value.system is None or (entry.system or "") == value.system


def _reference(value: Value, entry: Entry) -> bool:
    told = entry.code or ""
    return told == value.code if "/" in value.code else told.endswith(f"/{value.code}")


def _date(value: Value, entry: Entry) -> bool:
    low, high = entry.low or date.min, entry.high or date.max
    first, last = value.low or date.min, value.high or date.max
    inside = low >= first and high <= last
    return {
        "eq": inside,
        "ne": not inside,
        "gt": high > last,
        "lt": low < first,
        "ge": high > last or inside,
        "le": low < first or inside,
        "sa": low > last,
        "eb": high < first,
    }[value.prefix]


def _quantity(value: Value, entry: Entry) -> bool:
    if entry.number is None or value.number is None:
        return False
    if (value.code and entry.code != value.code) or (value.system and entry.system != value.system):
        return False
    return {
        "eq": entry.number == value.number,
        "ne": entry.number != value.number,
        "gt": entry.number > value.number,
        "sa": entry.number > value.number,
        "lt": entry.number < value.number,
        "eb": entry.number < value.number,
        "ge": entry.number >= value.number,
        "le": entry.number <= value.number,
    }[value.prefix]


_MATCHES: dict[str, Callable[[Value, Entry], bool]] = {
    "token": _token,
    "reference": _reference,
    "date": _date,
    "quantity": _quantity,
}


def within(at: Any, prefix: str, start: datetime, end: datetime) -> Any:
    """Whether a time, or a column of times, lies as a prefix says to a span whose end is not included."""
    return {
        "eq": (at >= start) & (at < end),
        "ne": (at < start) | (at >= end),
        "gt": at >= end,
        "sa": at >= end,
        "lt": at < start,
        "eb": at < start,
        "ge": at >= start,
        "le": at < end,
    }[prefix]
