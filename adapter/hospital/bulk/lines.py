"""Whole lines out of a stream of bytes; memory does not grow with the file, and no line may be endless.

Takes from: errors, resource.  Gives to: bulk.
Source: https://hl7.org/fhir/uv/bulkdata/STU2/export.html#bulk-data-output-file-request
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from adapter.errors import RemoteError
from adapter.resource import MAX_BYTES

BATCH_BYTES = 1024 * 1024


def batches_of(
    chunks: Iterable[bytes], host: str, batch_bytes: int = BATCH_BYTES, *, max_line_bytes: int = MAX_BYTES
) -> Iterator[bytes]:
    """The stream in pieces of about so many bytes, each ending where a line ends.

    The last line need not end; whether it was cut its content says.

    Errors:  RemoteError when a line is longer than allowed; whatever the chunks raise
    """
    parts: list[bytes] = []
    size = 0
    for chunk in chunks:
        parts.append(chunk)
        size += len(chunk)
        if size < batch_bytes:
            continue
        whole, rest = _at_last_line_end(b"".join(parts))
        if len(rest) > max_line_bytes:
            raise RemoteError(f"a line of an export file is longer than {max_line_bytes} bytes", host)
        parts, size = [rest], len(rest) if whole else 0
        if whole:
            yield whole
    if rest := b"".join(parts):
        yield rest


def _at_last_line_end(data: bytes) -> tuple[bytes, bytes]:
    end = data.rfind(b"\n") + 1
    return data[:end], data[end:]
