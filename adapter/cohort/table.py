"""The derived variables of many cases, column by column: one byte a truth, eight a number, so that a million cases fit.

Takes from: cohort.answers, cohort.derivation.  Gives to: cohort.members, cohort.description, describing, exports.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Sequence
from itertools import compress
from typing import Any

from adapter.cohort.answers import MARKS
from adapter.cohort.derivation import BY, Column, Derivation, plain
from adapter.errors import Json

_BATCH = 512
# What an array of two bytes can number.
_MANY_WORDS = 65_535


class Table:
    """Columns of equal length, in the order in which the cases came.

    Shapes:  ids         pseudonyms; empty when they were not asked for
             flags       name -> one byte a case: 0 no, 1 yes, 2 unknown
             numbers     name -> doubles; nan is unknown
             marks       name -> one byte a case, an index into MARKS; only marked columns
             categories  name -> indexes into words[name], whose first is "" (unknown)
    """

    def __init__(self, columns: Sequence[Column]) -> None:
        self.columns = columns
        self.length = 0
        self.ids: list[str] = []
        self.flags = {column.name: bytearray() for column in columns if column.type == "flag"}
        self.numbers = {column.name: array("d") for column in columns if column.type == "number"}
        self.marks = {column.name: bytearray() for column in columns if column.marked}
        self.categories = {column.name: array("H") for column in columns if column.type == "category"}
        self.words: dict[str, list[str]] = {name: [""] for name in self.categories}

    def __len__(self) -> int:
        return self.length

    def add(self, found: Sequence[Sequence[Any]]) -> None:
        """More cases, each as `Derivation.work_out` found it."""
        self.length += len(found)
        answers = list(zip(*found, strict=True))
        for column in self.columns if answers else ():
            values = answers[column.place]
            if column.type == "flag":
                self.flags[column.name].extend(values)
            elif column.type == "number":
                self.numbers[column.name].extend(values)
            else:
                self._add_words(column.name, values)
            if column.marked:
                self.marks[column.name].extend(answers[column.mark_place])

    def extend(self, other: Table) -> None:
        """The cases of another table of the same columns, after ours."""
        self.length += other.length
        self.ids += other.ids
        for name in self.flags:
            self.flags[name] += other.flags[name]
        for name in self.numbers:
            self.numbers[name] += other.numbers[name]
        for name in self.marks:
            self.marks[name] += other.marks[name]
        for name, indexes in other.categories.items():
            words = other.words[name]
            self._add_words(name, [words[index] for index in indexes])

    def select(self, chosen: bytes) -> Table:
        """The cases where a byte is not 0, in their order."""
        table = Table(self.columns)
        table.ids = list(compress(self.ids, chosen))
        table.length = len(chosen) - chosen.count(0)
        table.words = self.words
        table.flags = {name: bytearray(compress(column, chosen)) for name, column in self.flags.items()}
        table.marks = {name: bytearray(compress(column, chosen)) for name, column in self.marks.items()}
        table.numbers = {name: array("d", compress(column, chosen)) for name, column in self.numbers.items()}
        table.categories = {name: array("H", compress(column, chosen)) for name, column in self.categories.items()}
        return table

    def answers(self, name: str) -> Iterator[tuple[Any, str]]:
        """What each case answers to one variable, and how that was come by: True, False, None, a number or a word."""
        column = next(each for each in self.columns if each.name == name)
        for i in range(self.length):
            by = MARKS[self.marks[name][i]] if column.marked else ""
            yield plain(column, self._value(column, i)), by

    def rows(self) -> Iterator[Json]:
        """One dict a case, as `Derivation.row` makes it; case_id is None where ids were not kept."""
        for i in range(self.length):
            row: Json = {"case_id": self.ids[i] if self.ids else None}
            for column in self.columns:
                row[column.name] = plain(column, self._value(column, i))
                if column.marked:
                    row[column.name + BY] = MARKS[self.marks[column.name][i]]
            yield row

    def _value(self, column: Column, i: int) -> Any:
        if column.type == "category":
            return self.words[column.name][self.categories[column.name][i]]
        return self.flags[column.name][i] if column.type == "flag" else self.numbers[column.name][i]

    def _add_words(self, name: str, values: Iterable[str]) -> None:
        words = self.words[name]
        known = {word: index for index, word in enumerate(words)}
        for value in values:
            if value not in known:
                known[value] = min(len(words), _MANY_WORDS)
                words.append(value)
            self.categories[name].append(known[value])


def tabulate(cases: Iterable[Json], derivation: Derivation, *, keep_ids: bool = False) -> Table:
    """Work out every variable of every case; the cases are read once and not kept."""
    table = Table(derivation.columns)
    found: list[list[Any]] = []
    for case in cases:
        found.append(derivation.work_out(case))
        if keep_ids:
            table.ids.append(case["case_id"])
        if len(found) == _BATCH:
            table.add(found)
            found = []
    table.add(found)
    return table
