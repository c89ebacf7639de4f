"""Parquet: tables out, and lines of JSON in, a batch at a time. The one file that knows the library.

Takes from: errors, exports.tables.  Gives to: exports, screen.
Source: https://parquet.apache.org/docs/file-format/
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

from adapter.errors import ConfigError, UsageError

BATCH_ROWS = 1024


def read_lines(path: Path, column: str | None = None) -> Iterator[bytes]:
    """Each value of a text column, as the line of an NDJSON file would hold it; memory stays at one batch.

    Shapes:  column  which holds the JSON; the file's only text column when not given
    Errors:  UsageError (no Parquet, no such column, no single text column), ConfigError (pyarrow missing)
    """
    arrow = _arrow()
    try:
        file = arrow.parquet.ParquetFile(path, memory_map=False)
    except (OSError, arrow.ArrowInvalid):
        raise UsageError("The file cannot be read as Parquet.") from None
    with file:
        name = _text_column(file.schema_arrow, column, arrow)
        for batch in file.iter_batches(batch_size=BATCH_ROWS, columns=[name]):
            for value in batch.column(0):
                if value.is_valid:
                    content = value.as_py()
                    yield content if isinstance(content, bytes) else content.encode()


def read_flags(path: Path, names: Sequence[str]) -> Iterator[tuple[str, bytes]]:
    """Columns of truths, one byte a row: 0 no, 1 yes, 2 unknown.  Errors:  as `read_lines`"""
    for name, column in _columns(path, names):
        yield name, column.cast("uint8").fill_null(2).to_numpy().tobytes()


def read_numbers(path: Path, names: Sequence[str]) -> Iterator[tuple[str, bytes]]:
    """Columns of numbers as doubles in the machine's order; unknown is nan.  Errors:  as `read_lines`"""
    for name, column in _columns(path, names):
        yield name, column.cast("float64").fill_null(float("nan")).to_numpy().tobytes()


def read_words(path: Path, names: Sequence[str]) -> Iterator[tuple[str, list[str], bytes]]:
    """Columns of words: which there are, "" (nothing) first, and an index of two bytes a row.

    Errors:  as `read_lines`
    """
    for name, column in _columns(path, names):
        coded = column.fill_null("").combine_chunks().dictionary_encode()
        known = coded.dictionary.to_pylist()
        words = ["", *(word for word in known if word)]
        places = [words.index(word) for word in known]
        yield name, words, _arrow().array(places, "uint16").take(coded.indices).to_numpy().tobytes()


def _columns(path: Path, names: Sequence[str]) -> Iterator[tuple[str, Any]]:
    """A column at a time, so that no two stand in memory together."""
    arrow = _arrow()
    try:
        with arrow.parquet.ParquetFile(path, memory_map=False) as file:
            for name in names:
                yield name, file.read([name]).column(0)
    except (OSError, KeyError, IndexError, arrow.ArrowInvalid):
        raise UsageError("The file cannot be read as the Parquet table of cases of an export.") from None


class ParquetTable:
    """A file that takes rows; close it.  Errors:  ConfigError (pyarrow missing)

    Shapes:  types  one of text, date, number, boolean for each column
    """

    def __init__(self, path: Path, names: Sequence[str], types: Sequence[str]) -> None:
        self._arrow = _arrow()
        kinds = {"number": self._arrow.float64(), "boolean": self._arrow.bool_()}
        fields = [(name, kinds.get(kind, self._arrow.string())) for name, kind in zip(names, types, strict=True)]
        self._schema = self._arrow.schema(fields)
        self._writer = self._arrow.parquet.ParquetWriter(path, self._schema, compression="zstd")

    def write(self, rows: Sequence[Sequence[Any]]) -> None:
        if not rows:
            return
        columns = list(zip(*rows, strict=True))
        arrays = [
            self._arrow.array([_fitting(value, field.type, self._arrow) for value in column], field.type)
            for column, field in zip(columns, self._schema, strict=True)
        ]
        self._writer.write_table(self._arrow.Table.from_arrays(arrays, schema=self._schema))

    def close(self) -> None:
        self._writer.close()


def _fitting(value: Any, kind: Any, arrow: ModuleType) -> Any:
    """A score may be a number or a word: a column of text holds both as they are written."""
    return str(value) if value is not None and arrow.types.is_string(kind) and not isinstance(value, str) else value


def _text_column(schema: object, wanted: str | None, arrow: ModuleType) -> str:
    is_text = (arrow.types.is_string, arrow.types.is_large_string, arrow.types.is_binary, arrow.types.is_large_binary)
    texts = [field.name for field in schema if any(check(field.type) for check in is_text)]  # type: ignore[attr-defined]
    found = [name for name in texts if wanted in (None, name)]
    if len(found) != 1:
        raise UsageError(f"The Parquet file needs one text column of JSON; it has: {', '.join(texts) or 'none'}.")
    return str(found[0])


def _arrow() -> ModuleType:
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError:
        raise ConfigError("Parquet needs pyarrow: pip install 'crmo-fhir-adapter[analysis]'.") from None
    arrow: ModuleType = pyarrow
    return arrow
