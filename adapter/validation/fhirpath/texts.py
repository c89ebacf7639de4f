"""The functions of texts and numbers, and conversions between them.

Takes from: validation.fhirpath.registry.  Gives to: validation.fhirpath.functions.
Source: http://hl7.org/fhirpath/N1/#string-manipulation
"""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from typing import Any

from adapter.validation.fhirpath.grammar import FhirPathError
from adapter.validation.fhirpath.items import Date, Item, Items
from adapter.validation.fhirpath.registry import Around, Code, Maker, as_items, registering, simple, text_of

_MAX_MATCHED = 20_000

TEXTS: dict[str, Maker] = {}
_function = registering(TEXTS)


def _of_text(compute: Callable[..., Any]) -> Maker:
    """A function of one text, and of texts and numbers given to it; empty when any of them is."""

    def maker(*arguments: Code) -> Code:
        def run(focus: Items, around: Around) -> Items:
            text = text_of(focus)
            given = [argument(around.this, around) for argument in arguments]
            if text is None or not all(given):
                return []
            return as_items(compute(text, *[items[0].value for items in given]))

        return run

    return maker


def _matches(text: str, pattern: str) -> bool:
    if len(text) > _MAX_MATCHED:
        raise FhirPathError("too long a text to match")
    return re.search(_python_pattern(pattern), text, re.DOTALL) is not None


def _python_pattern(pattern: str) -> str:
    try:
        re.compile(pattern)
    except re.error:
        raise FhirPathError("a pattern that Python does not read") from None
    return pattern


_TEXTS: dict[str, Callable[..., Any]] = {
    "startsWith": str.startswith,
    "endsWith": str.endswith,
    "contains": lambda text, part: part in text,
    "indexOf": str.find,
    "substring": lambda text, start, size=None: (
        (text[start:] if size is None else text[start : start + size]) if 0 <= start < len(text) else None
    ),
    "upper": str.upper,
    "lower": str.lower,
    "trim": str.strip,
    "length": len,
    "replace": str.replace,
    "matches": _matches,
    "matchesFull": lambda text, pattern: _matches(text, f"^(?:{pattern})$"),
    "replaceMatches": lambda text, pattern, new: re.sub(_python_pattern(pattern), new, text),
    "toChars": lambda text: [Item(sign) for sign in text],
    "split": lambda text, mark: [Item(part) for part in text.split(mark)],
}
TEXTS.update({name: _of_text(compute) for name, compute in _TEXTS.items()})


@_function("join")
def _make_join(mark: Code | None = None) -> Code:
    def run(focus: Items, around: Around) -> Items:
        between = text_of(mark(around.this, around)) if mark else ""
        return [Item((between or "").join(str(item.value) for item in focus))] if focus else []

    return run


def _number(value: Any, kind: Callable[[str], Any]) -> Any:
    try:
        return kind(str(int(value)) if isinstance(value, bool) else str(value))
    except (ValueError, InvalidOperation):
        return None


_TRUE = frozenset({"true", "t", "yes", "y", "1", "1.0"})
_FALSE = frozenset({"false", "f", "no", "n", "0", "0.0"})


def _boolean(value: Any) -> bool | None:
    text = str(value).lower()
    return True if text in _TRUE else False if text in _FALSE else None


def _written(value: Any) -> str | None:
    return None if isinstance(value, (dict, list)) else str(value).lower() if isinstance(value, bool) else str(value)


_CONVERSIONS: dict[str, Callable[[Any], Any]] = {
    "Integer": lambda value: _number(value, int),
    "Decimal": lambda value: _number(value, Decimal),
    "String": _written,
    "Boolean": _boolean,
    "Date": lambda value: Date(str(value)[:10]),
    "DateTime": lambda value: Date(str(value)),
    "Time": str,
    "Quantity": lambda value: value if isinstance(value, dict) else {"value": value, "unit": "1"},
}


def _make_conversion(convert: Callable[[Any], Any]) -> Maker:
    return simple(lambda focus: convert(focus[0].value) if len(focus) == 1 else None)


def _make_conversion_test(convert: Callable[[Any], Any]) -> Maker:
    return simple(lambda focus: convert(focus[0].value) is not None if focus else None)


TEXTS.update({"to" + name: _make_conversion(convert) for name, convert in _CONVERSIONS.items()})
TEXTS.update({"convertsTo" + name: _make_conversion_test(convert) for name, convert in _CONVERSIONS.items()})

_NUMBERS: dict[str, Callable[[Any], Any]] = {
    "abs": abs,
    "ceiling": lambda value: -int(-value // 1),
    "floor": lambda value: int(value // 1),
    "truncate": int,
    "round": lambda value: round(value),
}
TEXTS.update({name: _make_conversion(compute) for name, compute in _NUMBERS.items()})
