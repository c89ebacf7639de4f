"""Read one file of an export to its end: line by line, each batch committed with the place where it ends.

A file that breaks off, turns out to be a log-in page or holds fewer lines than promised is asked for again; what was
read of it is not read twice when the server can go on (Range), and is compared by checksum when it cannot.

Takes from: errors, hospital, store, bulk.desk, bulk.gleaning.  Gives to: bulk.exporting.
Source: https://www.rfc-editor.org/rfc/rfc9110#name-range-requests
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from dataclasses import replace

from adapter.bulk.desk import Desk
from adapter.bulk.gleaning import Gleaner, bound_to, lines_of
from adapter.bulk.people import People
from adapter.errors import RemoteError, RemoteTransientError
from adapter.hospital.bulk.lines import batches_of
from adapter.hospital.origin import host_of
from adapter.hospital.politeness import QuietHour
from adapter.hospital.retry import persist
from adapter.hospital.session import Stream
from adapter.store import bulk

# The job is over, or its addresses are: another job has to be asked for.
GONE = (403, 404, 410)

_RANGE = re.compile(r"bytes (\d+)-")
_PARTIAL, _NOT_SATISFIABLE = 206, 416


def read_file(desk: Desk, file: bulk.File, people: People | None) -> None:
    """Read a file from where it stands; it ends as "read" or, with its problem, as "failed".

    Shapes:  people  None while it is not known who is a candidate: then every line is kept, to be sifted
    Errors:  RemoteError with a status of GONE; RemoteTransientError where the desk does not give up; Stopped
    """
    while file.state == "waiting":
        before = file.offset
        try:
            persist(lambda: _read_on(desk, file, people), desk.patience)
            file.state = "read"
        except RemoteError as error:
            if error.status in GONE:
                raise
            if isinstance(error, RemoteTransientError) and file.offset > before:
                continue  # it breaks off again and again, and yet comes further
            if isinstance(error, QuietHour) or (isinstance(error, RemoteTransientError) and not desk.gives_up):
                raise
            file.state, file.problem = "failed", str(error)
        with desk.store.writing() as connection:
            bulk.save_file(connection, file)


def _read_on(desk: Desk, file: bulk.File, people: People | None) -> None:
    host, gleaner = host_of(file.url), Gleaner(desk, people)
    try:
        with desk.session.download(file.url, headers=_asked(file), bare=file.bare) as stream:
            for raw in batches_of(_continued(desk, file, stream), host, desk.batch_bytes):
                _take(desk, file, gleaner, raw, keep_lines=people is None)
    except RemoteError as error:
        if error.status != _NOT_SATISFIABLE:
            raise
        _start_again(desk, file)
        raise RemoteTransientError("no longer holds the file that was begun", host, error.status) from None
    if file.expected is not None and file.received < file.expected:
        told = f"the manifest counts {file.expected}, {file.received} came"
        _start_again(desk, file)
        raise RemoteTransientError(f"a file of {file.type or 'mixed types'}: {told}", host)


def _asked(file: bulk.File) -> dict[str, str]:
    """Without a strong tag nobody can say that the rest belongs to what is here: then all of it is asked for."""
    headers = {"Accept": "application/fhir+ndjson"}
    if file.offset and file.tag:
        headers |= {"Range": f"bytes={file.offset}-", "If-Range": file.tag, "Accept-Encoding": "identity"}
    return headers


def _continued(desk: Desk, file: bulk.File, stream: Stream) -> Iterator[bytes]:
    """The bytes after those that are here.

    Errors:  RemoteTransientError when the file is not the one that was begun
    """
    if "html" in stream.headers.get("content-type", ""):
        raise RemoteTransientError("answered with a page instead of a file of an export", host_of(file.url))
    if stream.status == _PARTIAL:
        if not _is_the_rest(stream, file.offset):
            _start_again(desk, file)
            raise RemoteTransientError("sent another part of the file than was asked for", host_of(file.url))
        yield from stream.chunks()
        return
    tag = stream.headers.get("etag", "")
    skipped = file.offset
    file.tag = tag if tag.startswith('"') and "content-encoding" not in stream.headers else ""
    yield from _after(desk, file, stream.chunks(), skipped)


def _is_the_rest(stream: Stream, offset: int) -> bool:
    found = _RANGE.match(stream.headers.get("content-range", ""))
    plain = stream.headers.get("content-encoding", "identity") == "identity"
    return plain and found is not None and int(found[1]) == offset


def _after(desk: Desk, file: bulk.File, chunks: Iterator[bytes], skipped: int) -> Iterator[bytes]:
    """Leave out what was read before, and see by its checksum that it is the same."""
    checksum = 0
    for chunk in chunks:
        known, chunk = chunk[:skipped], chunk[skipped:]
        checksum, skipped = zlib.crc32(known, checksum), skipped - len(known)
        if not skipped and known and checksum != file.checksum:
            break
        if chunk:
            yield chunk
    else:
        if not skipped:
            return
    _start_again(desk, file)
    raise RemoteTransientError("the file is not the one that was begun", host_of(file.url))


def _take(desk: Desk, file: bulk.File, gleaner: Gleaner, raw: bytes, *, keep_lines: bool) -> None:
    """One transaction: the lines, what they say about people, and the place where they end."""
    lines = lines_of(raw)
    found = gleaner.glean(lines, file.type, file.lines, host_of(file.url))
    after = replace(
        file,
        offset=file.offset + len(raw),
        lines=file.lines + len(lines),
        headers=file.headers + found.headers,
        checksum=zlib.crc32(raw, file.checksum),
    )
    body = desk.seals.seal(raw, bound_to(file, file.offset)) if keep_lines else None
    with desk.store.writing() as connection:
        bulk.keep_batch(connection, file, marks=found.marks, seal=desk.seals.key_id, body=body)
        found.write(connection, desk.pull_id)
        bulk.save_file(connection, after)
    file.offset, file.lines, file.headers, file.checksum = after.offset, after.lines, after.headers, after.checksum
    desk.step({"file": file.number, "lines": file.lines})


def _start_again(desk: Desk, file: bulk.File) -> None:
    with desk.store.writing() as connection:
        bulk.start_again(connection, file)
