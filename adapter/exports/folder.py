"""An export as a folder: tables, data dictionary, manifest with the SHA-256 of every file.

Takes from: exports.sheets, exports.parquet, spreadsheet, resource.  Gives to: cli.
Source: https://www.gnu.org/software/coreutils/manual/html_node/sha2-utilities.html (SHA256SUMS)
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Protocol

from adapter.cohort import Derivation
from adapter.errors import Json, UsageError
from adapter.exports.parquet import ParquetTable
from adapter.exports.sheets import Field, Sheets
from adapter.resource import dump_json
from adapter.spreadsheet import csv_lines

BATCH_CASES = 2000
_DICTIONARY = (
    *("table", "column", "type", "unit", "words", "label_en", "label_fr", "description_en", "description_fr"),
    *("missing_en", "missing_fr", "source"),
)


class TableFile(Protocol):
    def write(self, rows: Sequence[Sequence[Any]], /) -> None: ...

    def close(self) -> None: ...


class CsvTable:
    """The same as a Parquet table, as text that runs nothing."""

    def __init__(self, path: Path, names: Sequence[str], types: Sequence[str]) -> None:
        self._file = path.open("w", encoding="utf-8", newline="")
        self._file.writelines(csv_lines(names, []))

    def write(self, rows: Sequence[Sequence[Any]]) -> None:
        lines = iter(csv_lines((), rows))
        next(lines)
        self._file.writelines(lines)

    def close(self) -> None:
        self._file.close()


_FORMS: dict[str, tuple[str, Callable[[Path, Sequence[str], Sequence[str]], TableFile]]] = {
    "csv": ("csv", CsvTable),
    "parquet": ("parquet", ParquetTable),
}


@contextmanager
def open_table(folder: Path, name: str, form: str, fields: Sequence[tuple[str, str]]) -> Iterator[TableFile]:
    """A table of the export, to be written to; fields are (name, type)."""
    ending, opened = _FORMS[form]
    table = opened(folder / f"{name}.{ending}", [each for each, _ in fields], [kind for _, kind in fields])
    try:
        yield table
    finally:
        table.close()


def ensure_empty(folder: Path) -> None:
    """Make the folder.  Errors:  UsageError when it holds something: two exports must not mix"""
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise UsageError("The folder of an export must be empty or new.")


def write_tables(cases: Iterable[Json], derivation: Derivation, folder: Path, form: str) -> int:
    """One row a case, one table a list, and the data dictionary; how many cases were written comes back.

    Shapes:  cases  read once, written a batch at a time
             form   csv or parquet
    """
    sheets, count = Sheets(derivation), 0
    with ExitStack() as stack:
        files = {
            name: stack.enter_context(open_table(folder, name, form, [(each.name, each.type) for each in fields]))
            for name, fields in sheets.tables.items()
        }
        waiting: dict[str, list[list[Any]]] = {name: [] for name in files}
        for case in cases:
            count += 1
            for name, rows in sheets.rows(case).items():
                waiting[name] += rows
            if count % BATCH_CASES == 0:
                _flush(files, waiting)
        _flush(files, waiting)
    write_dictionary([field for fields in sheets.tables.values() for field in fields], folder)
    return count


def _flush(files: dict[str, TableFile], waiting: dict[str, list[list[Any]]]) -> None:
    for name, rows in waiting.items():
        if rows:
            files[name].write(rows)
            rows.clear()


def write_dictionary(fields: Iterable[Field], folder: Path) -> None:
    """What every column means, in both languages."""
    rows = [
        [each.table, each.name, each.type, each.unit, " | ".join(each.words)]
        + [
            each.said.get(what, {}).get(tongue, "")
            for what in ("label", "description", "missing")
            for tongue in ("en", "fr")
        ]
        + [each.source]
        for each in fields
    ]
    with (folder / "dictionary.csv").open("w", encoding="utf-8", newline="") as file:
        file.writelines(csv_lines(_DICTIONARY, rows))


def write_manifest(folder: Path, told: Json) -> None:
    """manifest.json with every file, its size and SHA-256 beside what was told; SHA256SUMS for `sha256sum -c`."""
    files = [_described(path) for path in sorted(folder.iterdir())]
    (folder / "manifest.json").write_bytes(dump_json({**told, "files": files}, indent=True) + b"\n")
    sums = [*files, _described(folder / "manifest.json")]
    lines = "".join(f"{each['sha256']}  {each['name']}\n" for each in sums)
    (folder / "SHA256SUMS").write_text(lines, encoding="utf-8")


def _described(path: Path) -> Json:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return {"name": path.name, "bytes": path.stat().st_size, "sha256": digest}
