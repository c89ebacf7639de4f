"""Write JSON so that a decimal keeps the digits it came with.

Takes from: nothing.  Gives to: resource.
Source: https://hl7.org/fhir/R4/json.html#decimal
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import orjson

_INT64 = range(-(2**63), 2**64)


def dump_json(value: Any, *, indent: bool = False) -> bytes:
    """JSON text in UTF-8; a Decimal is written with its own digits (1.10 stays 1.10).

    Errors:  TypeError for what JSON cannot say (a NaN, a set, an object of ours)
    """
    option = orjson.OPT_INDENT_2 if indent else None
    try:
        return orjson.dumps(value, default=_digits, option=option)
    except orjson.JSONEncodeError:
        return orjson.dumps(_with_big_integers(value), default=_digits, option=option)


def _digits(value: Any) -> orjson.Fragment:
    if isinstance(value, Decimal) and value.is_finite():
        return orjson.Fragment(str(value))
    raise TypeError(f"{type(value).__name__} has no JSON form")


def _with_big_integers(value: Any) -> Any:
    """orjson refuses integers beyond 64 bits; they travel as text fragments."""
    if isinstance(value, dict):
        return {key: _with_big_integers(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_with_big_integers(item) for item in value]
    if isinstance(value, int) and value not in _INT64:
        return orjson.Fragment(str(value))
    return value
