"""Find the candidates of an export: a look at the bytes first, which never misses one, then the search itself.

A code stands in JSON as a string: a quote, then its first letters. Lines without any such beginning are not parsed,
unless they escape letters by number, which JSON allows.

Takes from: errors, resource, hospital.matching, screen.chunks.  Gives to: screen.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from adapter.errors import Json
from adapter.hospital import Search
from adapter.hospital.matching import matches, patient_of
from adapter.resource import parse_lines
from adapter.screen.chunks import Chunk, blocks_of

_LETTERS = 3
# A letter, digit or dot written by its number ("\\u004d86.3") hides from a look at bytes.
_ESCAPED = b"\\u00"


class Finder:
    """The candidate searches of a source, ready to be held against lines."""

    def __init__(self, searches: Iterable[Search]) -> None:
        self._searches = tuple(searches)
        self._types = [f'"{name}"'.encode() for name in sorted({search.type for search in self._searches})]
        self._beginnings = _compile(self._searches)

    def is_match(self, resource: Json) -> bool:
        """By one of the searches, or by none that can be decided here: then a person's record is looked at."""
        return any(matches(resource, search) is not False for search in self._searches)

    def candidates(self, chunk: Chunk) -> set[str]:
        """Ids of the patients whom a chunk's lines make candidates. What cannot be read is told by the scatter."""
        found: set[str] = set()
        for block in blocks_of(chunk):
            for resource in _readable(self.suspects(block.lines)):
                if self.is_match(resource) and (patient_id := patient_of(resource)):
                    found.add(patient_id)
        return found

    def suspects(self, lines: list[bytes]) -> Iterator[bytes]:
        """Lines that may match."""
        block = b"\n".join(lines)
        escaped = _ESCAPED in block
        if not escaped and not any(name in block for name in self._types):
            return
        if escaped or self._beginnings is None:
            yield from (line for line in lines if self._may_match(line))
            return
        end = -1
        for hit in self._beginnings.finditer(block):
            if hit.start() > end:
                start = block.rfind(b"\n", 0, hit.start()) + 1
                end = block.find(b"\n", hit.start())
                end = len(block) if end < 0 else end
                line = block[start:end]
                if any(name in line for name in self._types):
                    yield line

    def _may_match(self, line: bytes) -> bool:
        if _ESCAPED in line:
            return True
        known = any(name in line for name in self._types)
        return known and (self._beginnings is None or self._beginnings.search(line) is not None)


def _compile(searches: tuple[Search, ...]) -> re.Pattern[bytes] | None:
    """The first letters of every code asked for, in either case; None when a search asks for something else."""
    codes = [search.parameters.get("code") for search in searches]
    beginnings: set[str] = set()
    for values in codes:
        for token in (part for value in values or () for part in value.split(",")):
            beginnings.add(token.rpartition("|")[2][:_LETTERS])
    if None in codes or "" in beginnings:
        return None
    return re.compile('"(?:{})'.format("|".join(_either_case(each) for each in sorted(beginnings))).encode())


def _either_case(text: str) -> str:
    """Spelled out: a pattern that ignores case cannot skip ahead to its first byte."""
    return "".join(f"[{each.lower()}{each.upper()}]" if each.isalpha() else re.escape(each) for each in text)


def _readable(lines: Iterable[bytes]) -> Iterator[Json]:
    """Resources of the lines that hold one."""
    parsed = parse_lines(lines)
    while True:
        try:
            value = next(parsed)
        except StopIteration:
            return
        except ValueError:
            continue
        if isinstance(value, dict):
            yield value
