"""fixed[x], pattern[x], the bounds minValue[x] and maxValue[x], and the longest string.

Takes from: validation.problem.  Gives to: validation.compiler, validation.slicing.
Source: https://hl7.org/fhir/R4/elementdefinition-definitions.html#ElementDefinition.pattern_x_
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from adapter.validation.problem import Check, Found, Problem
from adapter.validation.snapshot import Element

if TYPE_CHECKING:
    from adapter.validation.scope import Scope

_SHOWN = 120


def equal(value: Any, fixed: Any) -> bool:
    """Deep equality where True is not 1 and 1.0 is 1.00."""
    if isinstance(fixed, dict):
        return type(value) is dict and value.keys() == fixed.keys() and all(equal(value[k], fixed[k]) for k in fixed)
    if isinstance(fixed, list):
        return type(value) is list and len(value) == len(fixed) and all(map(equal, value, fixed))
    return bool(value == fixed and isinstance(value, bool) == isinstance(fixed, bool))


def matches(value: Any, pattern: Any) -> bool:
    """The pattern is a subset of the value; its list items may be met in any order."""
    if isinstance(pattern, dict):
        return type(value) is dict and all(key in value and matches(value[key], pattern[key]) for key in pattern)
    if isinstance(pattern, list):
        return type(value) is list and all(any(matches(item, wanted) for item in value) for wanted in pattern)
    return equal(value, pattern)


def shown(value: Any) -> str:
    """A fixed or pattern value from a profile, short enough for a message."""
    if isinstance(value, dict):
        text = "{" + ", ".join(f"{key}: {shown(item)}" for key, item in value.items()) + "}"
    elif isinstance(value, list):
        text = "[" + ", ".join(map(shown, value)) + "]"
    else:
        text = str(value).lower() if isinstance(value, bool) else str(value)
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"


def make_value_checks(element: Element) -> Iterator[Check]:
    if element.has("fixed"):
        yield _make_test("fixed", equal, element.value("fixed"))
    if element.has("pattern"):
        yield _make_test("pattern", matches, element.value("pattern"))
    if "maxLength" in element.definition:
        yield _make_length(element.definition["maxLength"], most=True)
    if (shortest := _min_length(element)) is not None:
        yield _make_length(shortest, most=False)
    for prefix in ("minValue", "maxValue"):
        if element.has(prefix):
            yield _make_bound(prefix, element)


_R5 = "http://hl7.org/fhir/5.0/StructureDefinition/extension-ElementDefinition."


def make_presence_checks(element: Element) -> Iterator[Check]:
    """R5's mustHaveValue and valueAlternatives, which a profile may use in R4 as extensions."""
    stated = element.definition.get("extension", [])
    if any(item.get("url") == _R5 + "mustHaveValue" and item.get("valueBoolean") for item in stated):
        yield _make_presence(element.name, frozenset())
    urls = {
        item.get("valueCanonical") or item.get("valueUri")
        for item in stated
        if item.get("url") == _R5 + "valueAlternatives"
    }
    if urls:
        yield _make_presence(element.name, frozenset(urls))


def _make_presence(name: str, alternatives: frozenset[Any]) -> Check:
    def check(value: Any, scope: Scope) -> Found:
        shadow = value.get("_" + name)
        if name in value or type(shadow) is not dict:
            return None
        listed = shadow.get("extension")
        given = {item.get("url") for item in listed if type(item) is dict} if type(listed) is list else set()
        if given & alternatives:
            return None
        return [Problem("value-missing", element=name, alternatives=", ".join(sorted(alternatives)))]

    return check


def _make_test(rule: str, test: Any, wanted: Any) -> Check:
    def check(value: Any, scope: Scope) -> Found:
        return None if test(value, wanted) else [Problem(rule, expected=shown(wanted))]

    return check


def _min_length(element: Element) -> int | None:
    for item in element.definition.get("extension", []):
        if item.get("url") == "http://hl7.org/fhir/StructureDefinition/minLength":
            return int(item["valueInteger"])
    return None


def _make_length(limit: int, most: bool) -> Check:
    def check(value: Any, scope: Scope) -> Found:
        if type(value) is not str or (len(value) <= limit if most else len(value) >= limit):
            return None
        return [Problem("max-length" if most else "min-length", limit=limit)]

    return check


def _make_bound(prefix: str, element: Element) -> Check:
    key = next(key for key in element.definition if key.startswith(prefix))
    bound = element.definition[key]
    low = prefix == "minValue"
    if key in ("minValueDuration", "maxValueDuration"):
        return _make_relative_bound(prefix, bound)

    def check(value: Any, scope: Scope) -> Found:
        order = compared(value, bound)
        if order is None or (order >= 0 if low else order <= 0):
            return None
        return [Problem("min-value" if low else "max-value", limit=shown(bound))]

    return check


_SECONDS = {"s": 1, "min": 60, "h": 3600, "d": 86400, "wk": 604800, "mo": 2629800, "a": 31557600}


def _make_relative_bound(prefix: str, bound: Any) -> Check:
    """A duration bounds a date by its distance from the moment of checking."""
    low = prefix == "minValue"
    seconds = float(bound.get("value", 0)) * _SECONDS.get(bound.get("code") or bound.get("unit", ""), 0)

    def check(value: Any, scope: Scope) -> Found:
        moment = _moment(value)
        if moment is None or not seconds:
            return None
        distance = (moment - datetime.now(UTC)).total_seconds()
        if distance >= seconds if low else distance <= seconds:
            return None
        return [Problem("min-value" if low else "max-value", limit=shown(bound))]

    return check


def compared(value: Any, bound: Any) -> int | None:
    """-1, 0, 1, or None when the two cannot be ordered."""
    if isinstance(value, dict) and isinstance(bound, dict):
        same_unit = all(value.get(key) == bound.get(key) for key in ("system", "code") if key in bound)
        return compared(value.get("value"), bound.get("value")) if same_unit else None
    if isinstance(value, str) and isinstance(bound, str):
        left, right = _moment(value), _moment(bound)
        if left is None or right is None:
            return (value > bound) - (value < bound)
        return (left > right) - (left < right)
    numbers = (int, float, Decimal)
    if isinstance(value, numbers) and isinstance(bound, numbers) and not isinstance(value, bool):
        left_number, right_number = Decimal(str(value)), Decimal(str(bound))
        return (left_number > right_number) - (left_number < right_number)
    return None


def _moment(text: Any) -> datetime | None:
    """The start of a partial date, in UTC when no zone is given."""
    if type(text) is not str:
        return None
    full = text + "0001-01-01"[len(text) :] if len(text) in (4, 7) else text
    try:
        found = datetime.fromisoformat(full.replace("Z", "+00:00"))
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
