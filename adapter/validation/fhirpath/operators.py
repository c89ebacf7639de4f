"""The operators of FHIRPath over collections and three-valued truth.

Takes from: validation.fhirpath.items.  Gives to: validation.fhirpath.evaluation.
Source: http://hl7.org/fhirpath/N1/#operations
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from adapter.validation.fhirpath.grammar import FhirPathError
from adapter.validation.fhirpath.items import Item, Items, order, same


def _and(a: bool | None, b: bool | None) -> bool | None:
    return False if a is False or b is False else (None if a is None or b is None else True)


def _or(a: bool | None, b: bool | None) -> bool | None:
    return True if a is True or b is True else (None if a is None or b is None else False)


def _xor(a: bool | None, b: bool | None) -> bool | None:
    return None if a is None or b is None else a is not b


def _implies(a: bool | None, b: bool | None) -> bool | None:
    return _or(None if a is None else not a, b)


LOGIC: dict[str, Callable[[bool | None, bool | None], bool | None]] = {
    "and": _and,
    "or": _or,
    "xor": _xor,
    "implies": _implies,
}


def union(left: Items, right: Items) -> Items:
    found: Items = []
    for item in (*left, *right):
        if not any(same(item, kept) for kept in found):
            found.append(item)
    return found


def _equal(left: Items, right: Items) -> Items:
    if not left or not right:
        return []
    return [Item(len(left) == len(right) and all(map(same, left, right)))]


def _different(left: Items, right: Items) -> Items:
    return [Item(not item.value) for item in _equal(left, right)]


def _alike(left: Item, right: Item) -> bool:
    a, b = left.value, right.value
    return a.casefold() == b.casefold() if isinstance(a, str) and isinstance(b, str) else same(left, right)


def _equivalent(left: Items, right: Items) -> Items:
    return [Item(len(left) == len(right) and all(any(_alike(a, b) for b in right) for a in left))]


def _make_order(test: Callable[[int], bool]) -> Callable[[Items, Items], Items]:
    def compare(left: Items, right: Items) -> Items:
        if not left or not right:
            return []
        if len(left) > 1 or len(right) > 1:
            raise FhirPathError("only single values have an order")
        found = order(left[0], right[0])
        return [] if found is None else [Item(test(found))]

    return compare


def _make_arithmetic(join: Callable[[Any, Any], Any]) -> Callable[[Items, Items], Items]:
    def compute(left: Items, right: Items) -> Items:
        if not left or not right:
            return []
        a, b = left[0].value, right[0].value
        if isinstance(a, (float, Decimal)) or isinstance(b, (float, Decimal)):
            a, b = Decimal(str(a)), Decimal(str(b))
        try:
            return [Item(join(a, b))]
        except ZeroDivisionError:
            return []
        except TypeError:
            raise FhirPathError("these values cannot be computed with") from None

    return compute


def _joined(left: Items, right: Items) -> Items:
    return [Item("".join(str(item.value) for item in (*left[:1], *right[:1])))]


def _inside(left: Items, right: Items) -> Items:
    return [Item(any(same(left[0], item) for item in right))] if left else []


OPERATORS: dict[str, Callable[[Items, Items], Items]] = {
    "=": _equal,
    "!=": _different,
    "~": _equivalent,
    "!~": lambda left, right: [Item(not item.value) for item in _equivalent(left, right)],
    "<": _make_order(lambda sign: sign < 0),
    ">": _make_order(lambda sign: sign > 0),
    "<=": _make_order(lambda sign: sign <= 0),
    ">=": _make_order(lambda sign: sign >= 0),
    "in": _inside,
    "contains": lambda left, right: _inside(right, left),
    "&": _joined,
    "+": _make_arithmetic(lambda a, b: a + b),
    "-": _make_arithmetic(lambda a, b: a - b),
    "*": _make_arithmetic(lambda a, b: a * b),
    "/": _make_arithmetic(lambda a, b: Decimal(str(a)) / Decimal(str(b))),
    "div": _make_arithmetic(lambda a, b: int(a / b)),
    "mod": _make_arithmetic(lambda a, b: a % b),
}
