"""Files in pieces that can be read apart: NDJSON, also gzipped, and Parquet with a column of NDJSON lines.

Takes from: errors, exports.  Gives to: the other files of screen.
Source: https://github.com/ndjson/ndjson-spec, https://hl7.org/fhir/R4/nd-json.html
"""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import BinaryIO

from adapter.errors import UsageError

CHUNK_BYTES = 16 * 1024 * 1024
BLOCK_BYTES = 1 * 1024 * 1024
_ROWS = 1024
_SUFFIXES = (".ndjson", ".jsonl", ".ndjson.gz", ".jsonl.gz", ".parquet")
_BROKEN = (EOFError, gzip.BadGzipFile, zlib.error)


@dataclass(frozen=True, slots=True)
class Chunk:
    """A piece of a file. Of NDJSON: the lines that start from `start` to before `end`; else the whole file.

    Shapes:  number  place of the chunk among all, in the order of files and lines
             name    of the file as it is told in results: without its folder
             column  of Parquet: which holds the lines; None for the only one of text
    """

    number: int
    path: str
    name: str
    start: int
    end: int
    column: str | None = None


@dataclass(slots=True)
class Block:
    """Lines of a chunk, as many as fit into memory well.

    Shapes:  first  number of the first line within its chunk, from 1
             broken  the compressed file ends or breaks after these lines
    """

    first: int
    lines: list[bytes]
    broken: bool = False


def find_files(paths: Iterable[Path]) -> list[Path]:
    """The files of an export; a folder stands for what it holds, also deeper.

    Errors:  UsageError when one does not exist, or there is none to read
    """
    found: dict[Path, None] = {}
    for path in paths:
        if not path.exists():
            raise UsageError(f"There is no file or folder {path.name}.")
        inside = sorted(each for each in path.rglob("*") if each.is_file()) if path.is_dir() else [path]
        found.update(dict.fromkeys(each for each in inside if path.is_file() or each.name.endswith(_SUFFIXES)))
    if not found:
        raise UsageError(f"There is nothing to read: {', '.join(_SUFFIXES)}.")
    return list(found)


def plan_chunks(files: Iterable[Path], *, chunk_bytes: int = CHUNK_BYTES, column: str | None = None) -> list[Chunk]:
    """Pieces of about the same size; what cannot be entered in the middle is one piece."""
    chunks: list[Chunk] = []
    for file in files:
        size = file.stat().st_size
        step = max(size, 1) if _is_whole(file) else chunk_bytes
        for start in range(0, max(size, 1), step):
            end = min(start + step, size)
            chunks.append(Chunk(len(chunks), str(file), file.name, start, end, column))
    return chunks


def blocks_of(chunk: Chunk) -> Iterator[Block]:
    """The lines of a chunk, block by block; empty lines are there too, so that the numbers are the file's."""
    if chunk.path.endswith(".parquet"):
        yield from _rows(chunk)
        return
    with open(chunk.path, "rb") as file:
        if chunk.path.endswith(".gz"):
            with gzip.GzipFile(fileobj=file) as opened:
                yield from _blocks(io.BufferedReader(opened, BLOCK_BYTES), None)
        else:
            yield from _blocks(_entered(file, chunk.start), chunk.end)


def _rows(chunk: Chunk) -> Iterator[Block]:
    """A row may be written over several lines; JSON strings hold no line breaks, so they can go."""
    from adapter.exports.parquet import read_lines  # a second of imports, for this kind of file only

    rows = (row.replace(b"\n", b" ") for row in read_lines(Path(chunk.path), chunk.column))
    first = 1
    while lines := list(islice(rows, _ROWS)):
        yield Block(first, lines)
        first += len(lines)


def _is_whole(file: Path) -> bool:
    return file.name.endswith((".gz", ".parquet"))


def _entered(file: BinaryIO, start: int) -> BinaryIO:
    """At the first line that starts at or after the place."""
    if start:
        file.seek(start - 1)
        file.readline()
    return file


def _blocks(file: BinaryIO, end: int | None) -> Iterator[Block]:
    first, place = 1, file.tell() if end is not None else 0
    broken = False
    while not broken and (end is None or place < end):
        data, broken = _read(file, BLOCK_BYTES if end is None else min(BLOCK_BYTES, end - place))
        if not data and not broken:
            return
        place += len(data)
        lines = data.removeprefix(b"\xef\xbb\xbf").split(b"\n")
        if not lines[-1]:
            lines.pop()
        yield Block(first, lines, broken)
        first += len(lines)


def _read(file: BinaryIO, size: int) -> tuple[bytes, bool]:
    """About so many bytes, to the end of a line; and whether the compressed file breaks here."""
    parts: list[bytes] = []
    try:
        parts.append(file.read(size))
        if parts[0] and not parts[0].endswith(b"\n"):
            parts.append(file.readline())
    except _BROKEN:
        return b"".join(parts), True
    return b"".join(parts), False
