"""The derived variables of an export, back as the columns they were written from: a million cases in seconds.

Takes from: cohort, exports.parquet, exports.sheets.  Gives to: cli.
"""

from __future__ import annotations

from array import array
from pathlib import Path

from adapter.cohort import MARKS, Derivation, Table
from adapter.cohort.derivation import BY
from adapter.errors import UsageError
from adapter.exports.parquet import read_flags, read_numbers, read_words
from adapter.exports.sheets import DERIVED


def read_derived(path: Path, derivation: Derivation) -> Table:
    """The columns of `cases.parquet` that this derivation works out.

    Errors:  UsageError when the file is no such table, or was written by other declarations; ConfigError (pyarrow)
    """
    table = Table(derivation.columns)
    names = {kind: [f"{DERIVED}_{name}" for name in held] for kind, held in _kinds(table).items()}
    for name, flags in read_flags(path, names["flags"]):
        table.flags[_own(name)] = bytearray(flags)
    for name, numbers in read_numbers(path, names["numbers"]):
        table.numbers[_own(name)] = array("d", numbers)
    for name, words, indexes in read_words(path, names["categories"]):
        table.words[_own(name)], table.categories[_own(name)] = words, array("H", indexes)
    for name, words, indexes in read_words(path, [f"{name}{BY}" for name in names["marks"]]):
        table.marks[_own(name).removesuffix(BY)] = _marks(words, indexes)
    table.length = max([*map(len, table.flags.values()), *map(len, table.numbers.values())], default=0)
    return table


def _kinds(table: Table) -> dict[str, list[str]]:
    return {
        "flags": [*table.flags],
        "numbers": [*table.numbers],
        "categories": [*table.categories],
        "marks": [*table.marks],
    }


def _own(name: str) -> str:
    return name.removeprefix(f"{DERIVED}_")


def _marks(words: list[str], indexes: bytes) -> bytearray:
    if not set(words) <= set(MARKS):
        raise UsageError("The file tells of values come by in a way that this adapter does not know.")
    places = [MARKS.index(word) for word in words]
    return bytearray(places[index] for index in array("H", indexes))
