"""What a FHIRPath collection holds: values that know their FHIR type where the JSON says it, and comparisons of them.

Takes from: validation.fhirpath.grammar.  Gives to: validation.fhirpath.
Source: http://hl7.org/fhirpath/N1/#equality
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from adapter.validation.fhirpath.grammar import FhirPathError

_DATE = re.compile(r"\d{4}(-\d\d(-\d\d(T\d\d(:\d\d(:\d\d(\.\d+)?)?)?(Z|[+-]\d\d:\d\d)?)?)?)?")
_NUMBERS = (int, float, Decimal)


class Item:
    """One value. `type` is "" when the JSON does not tell; `shadow` is the member with the underscore."""

    __slots__ = ("shadow", "type", "value")

    def __init__(self, value: Any, kind: str = "", shadow: Any = None) -> None:
        self.value, self.type, self.shadow = value, kind, shadow


class Date(str):
    """A date literal; compared as a date with any string that looks like one."""

    __slots__ = ()


Items = list[Item]


def members(item: Item, name: str) -> Iterator[Item]:
    """The children of an item by FHIR name: a choice by its stem, a primitive with its shadow."""
    value = item.value
    if type(value) is not dict:
        if type(item.shadow) is dict and name in ("extension", "id"):
            yield from members(Item(item.shadow), name)
        return
    if name in value or "_" + name in value:
        yield from _spread(value.get(name), value.get("_" + name), "")
        return
    size = len(name)
    for key, child in value.items():
        if key.startswith(name) and key[size : size + 1].isupper():
            kind = key[size:]
            yield from _spread(child, value.get("_" + key), kind)
            return


def _spread(value: Any, shadow: Any, kind: str) -> Iterator[Item]:
    if type(value) is list or type(shadow) is list:
        values = value if type(value) is list else []
        shadows = shadow if type(shadow) is list else []
        for number in range(max(len(values), len(shadows))):
            one = values[number] if number < len(values) else None
            other = shadows[number] if number < len(shadows) else None
            if one is not None or other is not None:
                yield Item(one, kind or _resource_type(one), other)
    elif value is not None or shadow is not None:
        yield Item(value, kind or _resource_type(value), shadow)


def _resource_type(value: Any) -> str:
    return str(value.get("resourceType", "")) if type(value) is dict else ""


def children(item: Item) -> Iterator[Item]:
    value = item.value
    if type(value) is dict:
        for key in value:
            if key.startswith("_") and key[1:] in value:
                continue
            if key != "resourceType":
                yield from members(item, key.removeprefix("_"))
    elif type(item.shadow) is dict:
        yield from children(Item(item.shadow))


def descendants(items: Items) -> Items:
    found: Items = []
    pending = list(items)
    while pending:
        below = list(children(pending.pop()))
        found.extend(below)
        pending.extend(below)
    return found


def is_of_type(item: Item, name: str) -> bool:
    """By the name in the JSON where there is one, else by what the value can be."""
    name = name.rpartition(".")[2]
    if item.type:
        return item.type.lower() == name.lower() or name in ("Element", "Resource", "DomainResource")
    value = item.value
    if type(value) is bool:
        return name.lower() == "boolean"
    if type(value) is int:
        return name in ("integer", "Integer", "positiveInt", "unsignedInt", "decimal", "Decimal")
    if isinstance(value, (float, Decimal)):
        return name.lower() == "decimal"
    if type(value) is str:
        return name.lower() in ("string", "code", "uri", "url", "canonical", "id", "markdown") or (
            name.lower() in ("date", "datetime", "instant") and _DATE.fullmatch(value) is not None
        )
    return name in ("Element", "BackboneElement")


def same(left: Item, right: Item) -> bool:
    a, b = left.value, right.value
    if isinstance(a, str) and isinstance(b, str):
        return a == b or ((isinstance(a, Date) or isinstance(b, Date)) and order(left, right) == 0)
    if isinstance(a, bool) or isinstance(b, bool):
        return a is b
    if isinstance(a, _NUMBERS) and isinstance(b, _NUMBERS):
        return Decimal(str(a)) == Decimal(str(b))
    return bool(a == b)


def order(left: Item, right: Item) -> int | None:
    """-1, 0, 1; None when the precision of two dates leaves it open.

    Errors:  FhirPathError when the two are of kinds that have no order
    """
    a, b = left.value, right.value
    if isinstance(a, _NUMBERS) and isinstance(b, _NUMBERS):
        x, y = Decimal(str(a)), Decimal(str(b))
        return (x > y) - (x < y)
    if isinstance(a, str) and isinstance(b, str):
        if _DATE.fullmatch(a) and _DATE.fullmatch(b):
            return _date_order(a, b)
        return (a > b) - (a < b)
    if isinstance(a, dict) and isinstance(b, dict):
        if (a.get("code") or a.get("unit")) != (b.get("code") or b.get("unit")):
            return None
        return order(Item(a.get("value")), Item(b.get("value")))
    raise FhirPathError("these values have no order")


def _date_order(a: str, b: str) -> int | None:
    if "T" in a and "T" in b:
        try:
            x, y = (datetime.fromisoformat(text.replace("Z", "+00:00")) for text in (a, b))
        except ValueError:
            return None
        if (x.tzinfo is None) != (y.tzinfo is None):
            x, y = (moment.replace(tzinfo=moment.tzinfo or UTC) for moment in (x, y))
        return (x > y) - (x < y)
    size = min(len(a.partition("T")[0]), len(b.partition("T")[0]))
    if a[:size] != b[:size]:
        return 1 if a[:size] > b[:size] else -1
    return 0 if len(a) == len(b) else None
