"""Parquet: tables out, and lines of JSON in, a batch at a time. The one file that knows the library.

Takes from: errors, exports.tables.  Gives to: exports, screen.
Source: https://parquet.apache.org/docs/file-format/
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

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
    return pyarrow
