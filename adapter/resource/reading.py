"""Turn submitted bytes into plain JSON values, or say why that cannot be done.

The good case costs one C parse, one C dump and three byte counts; the diagnosis of a bad text is made only when
one of these says that something is wrong.

Takes from: errors.  Gives to: resource.
Source: https://hl7.org/fhir/R4/json.html, RFC 8259
"""

from __future__ import annotations

import codecs
import json
from decimal import Decimal
from typing import Any

import orjson

from adapter.errors import Issue
from adapter.resource.places import duplicate_keys, first_too_deep, line_column

MAX_BYTES = 10 * 1024 * 1024
MAX_DEPTH = 64
# As many as a double can hold, which indexes, tables and other programs make of a number.
MAX_NUMBER_DIGITS = 300

_ESCAPES = ((b"\\\\", b""), (b'\\"', b""))


class _UnusableNumber(ValueError):
    """A number that JSON does not have (NaN), or one of absurd size or length."""


def parse_for_counting(text: str | bytes) -> Any:
    """Our own JSON, read as fast as it can be: decimals become floats, so what this gives is counted and never kept.

    Errors:  ValueError when it is no JSON
    """
    return orjson.loads(text)


def parse_json(data: bytes, *, max_bytes: int = MAX_BYTES, max_depth: int = MAX_DEPTH) -> tuple[Any, list[Issue]]:
    """Parse JSON keeping decimals as Decimal; (None, issues) when the text cannot be used.

    Shapes:  returns (value, []) or (value, [warning]) or (None, [fatal issue, ...]), each with line and column
    Errors:  issues json-size, json-encoding, json-bom (warning), json-syntax, json-number, json-depth,
             json-duplicate-key; never raises, whatever the depth or size
    Source:  https://hl7.org/fhir/R4/json.html
    """
    if len(data) > max_bytes:
        return None, [_too_large(max_bytes)]
    issues: list[Issue] = []
    if data.startswith(codecs.BOM_UTF8):
        data, issues = data[len(codecs.BOM_UTF8) :], [_byte_order_mark()]
    try:
        value = _DECODER.decode(data.decode("utf-8"))
    except UnicodeDecodeError as error:
        return None, [_not_utf8(data, error.start)]
    except json.JSONDecodeError as error:
        return None, [_syntax(error.msg, error.lineno, error.colno)]
    except ValueError:  # ours, and Python's own for an integer of thousands of digits
        return None, [_bad_number()]
    except RecursionError:
        return None, [_too_deep(data, max_depth)]
    if found := _check_structure(data, value, max_depth):
        return None, found
    return value, issues


def _check_structure(data: bytes, value: Any, max_depth: int) -> list[Issue]:
    """Depth and duplicate keys, read off the text that orjson writes of the value.

    Inside n levels its lines start with 2n blanks; a key lost to a later twin leaves fewer quotes than came in.
    """
    try:
        written = orjson.dumps(value, default=_as_zero, option=orjson.OPT_INDENT_2)
    except orjson.JSONEncodeError:
        return _check_slowly(data, max_depth)
    if b"\n" + b"  " * max_depth in written and first_too_deep(data, max_depth) is not None:
        return [_too_deep(data, max_depth)]
    if _strings_lost(data, written):
        return [_duplicate(key, place, *line_column(data, offset)) for key, place, offset in duplicate_keys(data)]
    return []


def _check_slowly(data: bytes, max_depth: int) -> list[Issue]:
    """What orjson does not write: an unpaired surrogate, an integer beyond 64 bits, a depth beyond its own."""
    if first_too_deep(data, max_depth) is not None:
        return [_too_deep(data, max_depth)]
    try:
        json.dumps(_SLOW_DECODER.decode(data.decode("utf-8")), ensure_ascii=False, default=str).encode("utf-8")
    except UnicodeEncodeError:
        return [_surrogate()]
    except _UnusableNumber:
        return [_bad_number()]
    return [_duplicate(key, place, *line_column(data, offset)) for key, place, offset in duplicate_keys(data)]


def _strings_lost(data: bytes, written: bytes) -> bool:
    """Only an escape by number can make a quote in `written` that is none in `data`; else plain counts do."""
    if b"\\u" not in data and data.count(b'"') == written.count(b'"'):
        return False
    return _quotes(data) != _quotes(written)


def _quotes(text: bytes) -> int:
    if b"\\" in text:
        for escape, nothing in _ESCAPES:
            text = text.replace(escape, nothing)
    return text.count(b'"')


def _as_zero(_: Any) -> int:
    return 0


def _decimal(digits: str) -> Decimal:
    try:
        number = Decimal(digits)
    except ArithmeticError:
        raise _UnusableNumber from None
    if len(digits) > MAX_NUMBER_DIGITS or abs(number.adjusted()) > MAX_NUMBER_DIGITS:
        raise _UnusableNumber
    return number


def _no_constant(_: str) -> None:
    raise _UnusableNumber


def _integer(digits: str) -> int:
    if len(digits) > MAX_NUMBER_DIGITS:
        raise _UnusableNumber
    return int(digits)


_DECODER = json.JSONDecoder(parse_float=_decimal, parse_constant=_no_constant)
_SLOW_DECODER = json.JSONDecoder(parse_float=_decimal, parse_int=_integer, parse_constant=_no_constant)


def _issue(rule: str, kind: str, text: str, text_fr: str, line: int = 1, column: int = 1, where: str = "") -> Issue:
    return Issue("fatal", kind, where, rule, text, "receive", line=line, column=column, text_fr=text_fr)


def _too_large(limit: int) -> Issue:
    english, french = f"The text is larger than {limit} bytes.", f"Le texte dépasse {limit} octets."
    return _issue("json-size", "too-long", english, french)


def _byte_order_mark() -> Issue:
    english = "The text starts with a byte order mark, which FHIR JSON does not have; it was skipped."
    french = "Le texte commence par un indicateur d'ordre d'octets, absent du JSON FHIR ; il a été ignoré."
    return Issue("warning", "structure", "", "json-bom", english, "receive", line=1, column=1, text_fr=french)


def _not_utf8(data: bytes, offset: int) -> Issue:
    english, french = "The text is not UTF-8 from here on.", "À partir d'ici, le texte n'est pas en UTF-8."
    return _issue("json-encoding", "structure", english, french, *line_column(data, offset))


def _surrogate() -> Issue:
    english = "A string holds half of a surrogate pair, which is not a character."
    french = "Une chaîne contient une moitié de paire de substitution, qui n'est pas un caractère."
    return _issue("json-encoding", "structure", english, french)


def _syntax(message: str, line: int, column: int) -> Issue:
    english, french = f"This is not JSON: {message}.", f"Ceci n'est pas du JSON ({message})."
    return _issue("json-syntax", "structure", english, french, line, column)


def _bad_number() -> Issue:
    english = f"JSON has no NaN or Infinity, and a number here may have at most {MAX_NUMBER_DIGITS} digits."
    french = f"JSON n'a ni NaN ni Infinity, et un nombre a ici au plus {MAX_NUMBER_DIGITS} chiffres."
    return _issue("json-number", "value", english, french)


def _too_deep(data: bytes, limit: int) -> Issue:
    offset = first_too_deep(data, limit) or 0
    english = f"Objects and arrays are nested deeper than {limit} levels."
    french = f"Objets et tableaux sont imbriqués sur plus de {limit} niveaux."
    return _issue("json-depth", "too-costly", english, french, *line_column(data, offset))


def _duplicate(key: str, place: str, line: int, column: int) -> Issue:
    english = f'The key "{key}" occurs twice in the same object; which one is meant cannot be known.'
    french = f"La clé « {key} » figure deux fois dans le même objet ; impossible de savoir laquelle est voulue."
    return _issue("json-duplicate-key", "structure", english, french, line, column, place)
