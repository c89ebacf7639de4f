"""The direct members of an object or array in JSON text: where each begins, without a look at what is inside them.

Takes from: nothing.  Gives to: places.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*+"|[\[\]{}:,]', re.DOTALL)
_OVER = json.JSONDecoder(strict=False)
_VALUE_START = re.compile(rb"[^\s,:]")

Members = dict[str, tuple[int, int]] | list[tuple[int, int]]


def scan_members(data: bytes, text: str, container: int) -> Members:
    """Key (or item) start and value start of each direct member of the object or array at an offset."""
    opener = data[container : container + 1]
    if opener == b"{":
        return _scan_object(data, text, container)
    return _scan_array(data, text, container) if opener == b"[" else []


def _scan_object(data: bytes, text: str, container: int) -> dict[str, tuple[int, int]]:
    members: dict[str, tuple[int, int]] = {}
    key, key_start = b"", 0
    for sign, start, end in _own_tokens(data, text, container):
        if sign == b":":
            members[json.loads(key)] = (key_start, skip_blanks(data, end))
        elif sign[:1] == b'"':
            key, key_start = sign, start
    return members


def _scan_array(data: bytes, text: str, container: int) -> list[tuple[int, int]]:
    first = skip_blanks(data, container + 1)
    if data[first : first + 1] == b"]":
        return []
    starts = [first]
    starts.extend(skip_blanks(data, end) for sign, _, end in _own_tokens(data, text, container) if sign == b",")
    return [(start, start) for start in starts]


def _own_tokens(data: bytes, text: str, container: int) -> Iterator[tuple[bytes, int, int]]:
    """The tokens that belong to this container itself, not to one inside it."""
    at = container + 1
    while token := TOKEN.search(data, at):
        sign = token[0]
        if sign in (b"}", b"]"):
            return
        if sign in (b"{", b"["):
            at = _end(data, text, token.start())
        else:
            at = token.end()
            yield sign, token.start(), at


def _end(data: bytes, text: str, container: int) -> int:
    """Behind a container: the library reads over it several times as fast as we could count its brackets."""
    try:
        return _OVER.raw_decode(text, container)[1]
    except (ValueError, RecursionError):
        return _behind_brackets(data, container)


def _behind_brackets(data: bytes, container: int) -> int:
    depth = 0
    for token in TOKEN.finditer(data, container):
        if token[0] in (b"{", b"["):
            depth += 1
        elif token[0] in (b"}", b"]"):
            depth -= 1
            if depth == 0:
                return token.end()
    return len(data)


def skip_blanks(data: bytes, offset: int) -> int:
    found = _VALUE_START.search(data, offset)
    return found.start() if found else offset
