"""Find places in JSON text: which line and column an element stands at, where keys repeat, where nesting is too deep.

Runs only when there is something to say, so it may be a plain scan in Python; it stays linear in the text for any
number of questions, since each object or array is scanned for its members once.

Takes from: members.  Gives to: resource.
"""

from __future__ import annotations

import json
import re
from bisect import bisect_right
from collections.abc import Iterator

from adapter.resource.members import TOKEN, Members, scan_members, skip_blanks

_CONTINUATION = bytes(range(0x80, 0xC0))
_BLOCK = 4096
_STEP = re.compile(r"\.?(?:(ofType|as)\(\w+\)|(\w+)(?:\[(\d+)\])?|\[(\d+)\])")


class Locator:
    """The places of one text, built once and asked as often as there are issues.

    Units:   offsets in bytes inside; lines and columns answered are 1-based, columns counted in characters
    """

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._text = data.decode("latin-1")  # as long as the bytes, so that offsets are the same
        self._members: dict[int, Members] = {}
        self._lines = _line_starts(data)
        self._characters = _character_counts(data)

    def place(self, expression: str) -> tuple[int, int]:
        """Line and column of a FHIRPath-like or JSON-pointer place; its nearest ancestor when it is not there.

        Shapes:  expression  "Bundle.entry[3].resource.onsetDateTime", "Patient.birthDate.extension[0]"
                             (the member _birthDate is meant), "/entry/3/resource"
                 returns     the key of a member, the start of a list item, (1, 1) for the whole text
        """
        offset = self._offset(_steps(expression))
        row = bisect_right(self._lines, offset)
        return row, self._count(offset) - self._count(self._lines[row - 1]) + 1

    def _count(self, offset: int) -> int:
        block = offset // _BLOCK
        return self._characters[block] + _characters(self._data, block * _BLOCK, offset)

    def _offset(self, steps: list[str | int]) -> int:
        place = value = skip_blanks(self._data, 0)
        for number, step in enumerate(steps):
            more = number + 1 < len(steps)
            found = self._member(value, step, more)
            if found is None:
                break
            place, value = found
        return place

    def _member(self, container: int, step: str | int, more: bool) -> tuple[int, int] | None:
        members = self._children(container)
        if isinstance(members, list):
            return members[step] if isinstance(step, int) and step < len(members) else None
        if isinstance(step, int):
            return (container, container) if step == 0 else None
        return self._named(members, step, more) or _choice(members, step)

    def _named(self, members: dict[str, tuple[int, int]], name: str, more: bool) -> tuple[int, int] | None:
        """An element of a primitive value lives in the member with the underscore."""
        found = members.get(name)
        if (found is None or (more and not self._leads_to_objects(found[1]))) and "_" + name in members:
            return members["_" + name]
        return found

    def _leads_to_objects(self, value: int) -> bool:
        opener = self._data[value : value + 1]
        if opener != b"[":
            return opener == b"{"
        items = self._children(value)
        return isinstance(items, list) and any(self._data[item : item + 1] == b"{" for _, item in items)

    def _children(self, container: int) -> Members:
        if container not in self._members:
            self._members[container] = scan_members(self._data, self._text, container)
        return self._members[container]


def locate(data: bytes, expression: str) -> tuple[int, int]:
    """Line and column of one place. For many places of one text build one Locator."""
    return Locator(data).place(expression)


def line_column(data: bytes, offset: int) -> tuple[int, int]:
    """1-based line and column of a byte offset."""
    start = data.rfind(b"\n", 0, offset) + 1
    return data.count(b"\n", 0, offset) + 1, _characters(data, start, offset) + 1


def first_too_deep(data: bytes, limit: int) -> int | None:
    """Offset of the first bracket that opens a level beyond the limit."""
    depth = 0
    for token in TOKEN.finditer(data):
        sign = token[0]
        if sign in (b"{", b"["):
            depth += 1
            if depth > limit:
                return token.start()
        elif sign in (b"}", b"]"):
            depth -= 1
    return None


def duplicate_keys(data: bytes) -> Iterator[tuple[str, str, int]]:
    """Each repeated key with the FHIRPath of its object and the offset of the repetition."""
    open_levels: list[tuple[set[str] | None, str]] = []
    here, counts, last, at = "", [0], "", 0
    for token in TOKEN.finditer(data):
        sign = token[0]
        if sign in (b"{", b"["):
            where = _inside(open_levels, here, counts)
            open_levels.append((set() if sign == b"{" else None, where))
            counts.append(0)
            here = ""
        elif sign in (b"}", b"]"):
            open_levels.pop()
            counts.pop()
        elif sign == b",":
            counts[-1] += 1
        elif sign == b":":
            keys, where = open_levels[-1]
            here = last
            if keys is not None and last in keys:
                yield last, where, at
            if keys is not None:
                keys.add(last)
        else:
            last, at = json.loads(sign), token.start()


def _inside(open_levels: list[tuple[set[str] | None, str]], here: str, counts: list[int]) -> str:
    if not open_levels:
        return ""
    keys, where = open_levels[-1]
    if keys is None:
        return f"{where}[{counts[-1]}]"
    return f"{where}.{here}" if where else here


def _choice(members: dict[str, tuple[int, int]], name: str) -> tuple[int, int] | None:
    """`onset` means onsetDateTime, onsetAge … when the text has one of them."""
    size = len(name)
    return next((at for key, at in members.items() if key.startswith(name) and key[size : size + 1].isupper()), None)


def _steps(expression: str) -> list[str | int]:
    if expression.startswith("/"):
        parts = [part.replace("~1", "/").replace("~0", "~") for part in expression[1:].split("/")]
        return [int(part) if part.isdigit() else part for part in parts]
    steps: list[str | int] = []
    for conversion, name, index, bare_index in _STEP.findall(expression):
        if name:
            steps.append(name)
        if not conversion and (index or bare_index):
            steps.append(int(index or bare_index))
    return steps[1:] if steps and isinstance(steps[0], str) and steps[0][:1].isupper() else steps


def _line_starts(data: bytes) -> list[int]:
    starts = [0]
    starts.extend(found.end() for found in re.finditer(rb"\n", data))
    return starts


def _character_counts(data: bytes) -> list[int]:
    """Characters before each block, so that a column in one endless line costs a block and not the line."""
    counts = [0]
    for start in range(0, len(data), _BLOCK):
        counts.append(counts[-1] + _characters(data, start, start + _BLOCK))
    return counts


def _characters(data: bytes, start: int, end: int) -> int:
    return len(data[start:end].translate(None, _CONTINUATION))
