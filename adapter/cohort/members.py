"""Which cases of a table are meant: sets of cases, joined and counted at the speed of one machine word each.

A set is an integer with one byte a case, 1 where the case is in; `&` joins, `bit_count()` counts.

Takes from: cohort.answers, cohort.table.  Gives to: cohort.summary, cohort.description.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import compress
from math import isnan

from adapter.cohort.answers import NO, UNKNOWN, YES
from adapter.cohort.table import Table

Members = int


def _only(*values: int) -> bytes:
    """A translation of bytes: 1 for these values, 0 for all others."""
    return bytes(value in values for value in range(256))


_YES, _KNOWN = _only(YES), _only(YES, NO)
_KINDS = {"yes": _YES, "known": _KNOWN, "unknown": _only(UNKNOWN)}


class Lens:
    """A table looked at by sets of its cases; each set is made once."""

    def __init__(self, table: Table) -> None:
        self.table = table
        self.everyone: Members = int.from_bytes(b"\1" * len(table), "little")
        self._made: dict[tuple[str, str], Members] = {}

    def yes(self, name: str) -> Members:
        """The cases that answer yes; everyone for the name "" (a denominator without a rule)."""
        return self._flag(name, "yes") if name else self.everyone

    def known(self, name: str) -> Members:
        return self._flag(name, "known") if name else self.everyone

    def _flag(self, name: str, kind: str) -> Members:
        key = (name, kind)
        if key not in self._made:
            self._made[key] = _members(self.table.flags[name], _KINDS[kind])
        return self._made[key]

    def marked(self, name: str, mark: int) -> Members:
        """The cases whose answer bears a mark; nobody where the variable bears none."""
        marks = self.table.marks.get(name)
        return _members(marks, _only(mark)) if marks else 0

    def group(self, name: str, word: str) -> Members:
        """The cases of one group of a category."""
        wanted = self.table.words[name].index(word)
        return int.from_bytes(bytes(index == wanted for index in self.table.categories[name]), "little")

    def values(self, name: str, members: Members) -> list[float]:
        """The known numbers of these cases, in ascending order."""
        chosen = compress(self.table.numbers[name], members.to_bytes(len(self.table), "little"))
        return sorted(value for value in chosen if not isnan(value))


def _members(column: bytes | bytearray, translation: bytes) -> Members:
    return int.from_bytes(column.translate(translation), "little")


def words_in(table: Table, name: str) -> Iterable[str]:
    """The groups of a category that somebody is in, in alphabetical order, the unknown last."""
    used = set(table.categories[name])
    words = [word for index, word in enumerate(table.words[name]) if index in used]
    return sorted(words, key=lambda word: (not word, word))
