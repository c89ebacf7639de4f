"""The value rules of FHIR's primitive types, one check each.

Takes from: validation.problem.  Gives to: validation.compiler.
Source: https://hl7.org/fhir/R4/datatypes.html#primitive
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Callable
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from adapter.validation.problem import Check, Found, Problem

if TYPE_CHECKING:
    from adapter.validation.scope import Scope

MAX_STRING = 1024 * 1024
_MONTH_DAYS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)

_DAY = r"(?P<y>(?!0000)\d{4})(?:-(?P<m>0[1-9]|1[0-2])(?:-(?P<d>0[1-9]|[12]\d|3[01])%s)?)?"
_CLOCK = r"(?:[01]\d|2[0-3]):[0-5]\d:(?:[0-5]\d|60)(?:\.\d+)?"
_ZONE = r"(?:Z|[+-](?:(?:0\d|1[0-3]):[0-5]\d|14:00))"
_DATE = re.compile(_DAY % "", re.ASCII).fullmatch
_DATE_TIME = re.compile(_DAY % f"(?P<t>T{_CLOCK}{_ZONE})?", re.ASCII).fullmatch
_INSTANT = re.compile(
    rf"(?P<y>(?!0000)\d{{4}})-(?P<m>0[1-9]|1[0-2])-(?P<d>0[1-9]|[12]\d|3[01])T{_CLOCK}{_ZONE}", re.ASCII
).fullmatch
_TIME = re.compile(_CLOCK, re.ASCII).fullmatch
_NO_ZONE = re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+", re.ASCII).fullmatch
_ID = re.compile(r"[A-Za-z0-9\-.]{1,64}").fullmatch
_OID = re.compile(r"urn:oid:[0-2](?:\.(?:0|[1-9][0-9]*))+", re.ASCII).fullmatch
_UUID = re.compile(r"urn:uuid:[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}").fullmatch
_LOWER_UUID = re.compile(r"urn:uuid:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}").fullmatch
_CODE = re.compile(r"[^\s]+(?:[ ][^\s]+)*").fullmatch
_FORBIDDEN = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]").search
_BLANKS = re.compile(r"\s+")


def _wrong(kind: str, value: Any) -> list[Problem]:
    """The JSON type is wrong, or the string breaks the rule of its type."""
    if value is None:
        return [Problem("null")]
    if value == "" and type(value) is str:
        return [Problem("empty-string")]
    text = kind not in ("boolean", "integer", "unsignedInt", "positiveInt", "decimal")
    json_type = "string" if text else ("boolean" if kind == "boolean" else "number")
    if (type(value) is str) != text or (kind == "boolean") != (type(value) is bool):
        return [Problem("json-type", type=kind, json=json_type)]
    if text and kind in ("dateTime", "instant") and _NO_ZONE(value):
        return [Problem("time-zone", type=kind)]
    return [Problem(f"primitive-{kind}" if kind in _EXPLAINED else "primitive", type=kind)]


_EXPLAINED = frozenset(
    [
        "date",
        "dateTime",
        "instant",
        "time",
        "id",
        "code",
        "uri",
        "base64Binary",
        "integer",
        "unsignedInt",
        "positiveInt",
        "oid",
        "uuid",
    ]
)


def check_string(value: Any, scope: Scope) -> Found:
    if type(value) is not str or not value:
        return _wrong("string", value)
    if value.isprintable() and value[0] != " " and len(value) <= MAX_STRING:
        return None
    if len(value) > MAX_STRING:
        return [Problem("too-long", limit=MAX_STRING)]
    if not value.strip():
        return [Problem("blank-string")]
    return [Problem("control-character")] if _FORBIDDEN(value) else None


def check_element_id(value: Any, scope: Scope) -> Found:
    """Ids of elements must be unique in their resource: that is looked at where there are any."""
    scope.has_element_ids = True
    return check_string(value, scope)


def check_code(value: Any, scope: Scope) -> Found:
    if type(value) is str and ((value.isalnum() and value.isascii()) or _CODE(value)):
        return None
    return _wrong("code", value)


def check_id(value: Any, scope: Scope) -> Found:
    if type(value) is str and _ID(value):
        return None
    return _wrong("id", value)


def check_uri(value: Any, scope: Scope) -> Found:
    if type(value) is not str or not value or " " in value or not value.isprintable():
        return _wrong("uri", value)
    if value.startswith(("urn:", "oid:", "uuid:")):
        return _check_urn(value)
    return None


def check_canonical(value: Any, scope: Scope) -> Found:
    """A canonical is absolute, or points into the resource itself."""
    found = check_uri(value, scope)
    if found is None and ":" not in value and not value.startswith("#"):
        return [Problem("canonical-relative", "warning")]
    return found


def _check_urn(value: str) -> Found:
    if value.startswith("urn:uuid:"):
        return None if _UUID(value.partition("#")[0]) else [Problem("urn-uuid")]
    if value.startswith("urn:oid:"):
        return None if _OID(value.partition("#")[0]) else [Problem("urn-oid")]
    return [Problem("urn-prefix")] if value.startswith(("oid:", "uuid:")) else None


def _real_day(match: re.Match[str]) -> bool:
    day = match["d"]
    if day is None or day < "29":
        return True
    year, month, number = int(match["y"]), int(match["m"]), int(day)
    if month == 2 and number == 29:
        return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    return number <= _MONTH_DAYS[month - 1]


def _make_day(kind: str, matches: Callable[[str], re.Match[str] | None]) -> Check:
    def check(value: Any, scope: Scope) -> Found:
        if type(value) is str and (found := matches(value)):
            return None if _real_day(found) else [Problem("no-such-day", type=kind)]
        return _wrong(kind, value)

    return check


def _make_text(kind: str, matches: Callable[[str], re.Match[str] | None]) -> Check:
    def check(value: Any, scope: Scope) -> Found:
        if type(value) is str and matches(value):
            return None
        return _wrong(kind, value)

    return check


def check_boolean(value: Any, scope: Scope) -> Found:
    return None if value is True or value is False else _wrong("boolean", value)


def _make_integer(kind: str, low: int) -> Check:
    def check(value: Any, scope: Scope) -> Found:
        if type(value) is int and low <= value <= 2147483647:
            return None
        return _wrong(kind, value)

    return check


def check_decimal(value: Any, scope: Scope) -> Found:
    if type(value) in (int, float, Decimal):
        return None
    return _wrong("decimal", value)


def check_base64(value: Any, scope: Scope) -> Found:
    if type(value) is not str or not value or decoded_size(value) is None:
        return _wrong("base64Binary", value)
    return None


def decoded_size(value: str) -> int | None:
    """Bytes that a base64 text stands for; None when it is not base64."""
    try:
        return len(binascii.a2b_base64(_BLANKS.sub("", value), strict_mode=True))
    except ValueError:
        return None


def check_xhtml(value: Any, scope: Scope) -> Found:
    """Only the JSON type: what is inside is the narrative's matter."""
    return None if type(value) is str and value else _wrong("xhtml", value)


PRIMITIVES: dict[str, Check] = {
    "string": check_string,
    "markdown": check_string,
    "code": check_code,
    "id": check_id,
    "uri": check_uri,
    "url": check_uri,
    "canonical": check_canonical,
    "oid": _make_text("oid", _OID),
    "uuid": _make_text("uuid", _LOWER_UUID),
    "date": _make_day("date", _DATE),
    "dateTime": _make_day("dateTime", _DATE_TIME),
    "instant": _make_day("instant", _INSTANT),
    "time": _make_text("time", _TIME),
    "boolean": check_boolean,
    "integer": _make_integer("integer", -2147483648),
    "unsignedInt": _make_integer("unsignedInt", 0),
    "positiveInt": _make_integer("positiveInt", 1),
    "decimal": check_decimal,
    "base64Binary": check_base64,
    "xhtml": check_xhtml,
}
