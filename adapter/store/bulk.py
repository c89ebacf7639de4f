"""Exports under way: the job on the server, its files and how far each was read, the lines that wait.

    asked ──► listed ──► read      the job is watched, the manifest is here, every file is here

Everything here belongs to one pull and is forgotten when it ends. Lines are sealed.

Takes from: exported, schema.  Gives to: bulk.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from typing import Literal

import sqlalchemy as sa

from adapter.store import exported
from adapter.store.schema import METADATA, Moment

State = Literal["asked", "listed", "read"]
FileState = Literal["waiting", "read", "failed"]

EXPORTS = sa.Table(
    "bulk_exports",
    METADATA,
    sa.Column("pull_id", sa.String(36), primary_key=True),
    sa.Column("state", sa.String(20), nullable=False),
    sa.Column("status_url", sa.Text, nullable=False),
    sa.Column("transaction_time", sa.String(40), nullable=False),
    sa.Column("asked_at", Moment, nullable=False),
    sa.Column("restarts", sa.Integer, nullable=False),
)
FILES = sa.Table(
    "bulk_files",
    METADATA,
    sa.Column("pull_id", sa.String(36), primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("kind", sa.String(20), nullable=False),
    sa.Column("type", sa.String(64), nullable=False),
    sa.Column("url", sa.Text, nullable=False),
    sa.Column("bare", sa.Boolean, nullable=False),
    sa.Column("expected", sa.Integer),
    sa.Column("state", sa.String(20), nullable=False),
    sa.Column("offset", sa.BigInteger, nullable=False),
    sa.Column("lines", sa.Integer, nullable=False),
    sa.Column("headers", sa.Integer, nullable=False),
    sa.Column("checksum", sa.BigInteger, nullable=False),
    sa.Column("tag", sa.String(200), nullable=False),
    sa.Column("problem", sa.Text, nullable=False),
)
BATCHES = sa.Table(
    "bulk_batches",
    METADATA,
    sa.Column("pull_id", sa.String(36), primary_key=True),
    sa.Column("file", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("offset", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("marks", sa.LargeBinary, nullable=False),
    sa.Column("seal", sa.String(32), nullable=False),
    sa.Column("body", sa.LargeBinary),
)
_ALL = (BATCHES, exported.RESOURCES, exported.PATIENTS, FILES, EXPORTS)


@dataclass(slots=True)
class Export:
    """An export job. `transaction_time` is the server's, as it wrote it; "" until the manifest is here."""

    pull_id: str
    state: State
    status_url: str
    transaction_time: str
    asked_at: datetime
    restarts: int


@dataclass(slots=True)
class File:
    """One file of the manifest and how far it was read.

    Shapes:  kind      "output", "error", "deleted"
             expected  number of resources the manifest promises; None when it does not
             offset    bytes read and kept, up to the end of a line, as they are without compression
             headers   lines that stand above a block and are no resource of the export (3.0)
             checksum  CRC-32 of those bytes
             tag       strong ETag of the file, when it has one
    """

    pull_id: str
    number: int
    kind: Literal["output", "error", "deleted"]
    type: str
    url: str
    bare: bool
    expected: int | None
    state: FileState = "waiting"
    offset: int = 0
    lines: int = 0
    headers: int = 0
    checksum: int = 0
    tag: str = ""
    problem: str = ""

    @property
    def received(self) -> int:
        return self.lines - self.headers


def begin(connection: sa.Connection, export: Export) -> None:
    """Note a job that was started."""
    connection.execute(sa.insert(EXPORTS).values(asdict(export)))


def find(connection: sa.Connection, pull_id: str) -> Export | None:
    """The job of a pull, when it has one."""
    row = connection.execute(sa.select(EXPORTS).where(EXPORTS.c.pull_id == pull_id)).one_or_none()
    return Export(*row) if row else None


def pulls(connection: sa.Connection) -> list[str]:
    """Every pull of which something is kept here."""
    return list(connection.scalars(sa.select(EXPORTS.c.pull_id)))


def save(connection: sa.Connection, export: Export) -> None:
    """Write how far the job has come."""
    connection.execute(sa.update(EXPORTS).where(EXPORTS.c.pull_id == export.pull_id).values(asdict(export)))


def list_files(connection: sa.Connection, files: Iterable[File]) -> None:
    """Note the files of a manifest."""
    if rows := [asdict(file) for file in files]:
        connection.execute(sa.insert(FILES), rows)


def files(connection: sa.Connection, pull_id: str) -> list[File]:
    """In the order in which they are to be read."""
    query = sa.select(*_FILE).where(FILES.c.pull_id == pull_id).order_by(FILES.c.number)
    return [File(*row) for row in connection.execute(query)]


_FILE = [FILES.c[each.name] for each in fields(File)]
_CHANGING = ("state", "offset", "lines", "headers", "checksum", "tag", "problem")
# Made once: these run for every batch.
_SAVE = (
    sa.update(FILES)
    .where(FILES.c.pull_id == sa.bindparam("pull"), FILES.c.number == sa.bindparam("file"))
    .values({name: sa.bindparam(name) for name in _CHANGING})
)
_KEEP = sa.insert(BATCHES)


def save_file(connection: sa.Connection, file: File) -> None:
    """Write how far a file was read."""
    connection.execute(_SAVE, {"pull": file.pull_id, "file": file.number} | {n: getattr(file, n) for n in _CHANGING})


def keep_batch(
    connection: sa.Connection, file: File, *, marks: bytes, seal: str = "", body: bytes | None = None
) -> None:
    """Keep the marks of some lines, and the lines themselves when it cannot be said yet whose they are."""
    row = {"pull_id": file.pull_id, "file": file.number, "offset": file.offset}
    connection.execute(_KEEP, {**row, "marks": marks, "seal": seal, "body": body})


def start_again(connection: sa.Connection, file: File) -> None:
    """Forget what was read of a file; resources stay, the file brings each again."""
    mine = (BATCHES.c.pull_id == file.pull_id) & (BATCHES.c.file == file.number)
    connection.execute(sa.delete(BATCHES).where(mine))
    file.offset = file.lines = file.headers = file.checksum = 0
    file.tag, file.state = "", "waiting"
    save_file(connection, file)


def marks(connection: sa.Connection, pull_id: str, numbers: Sequence[int]) -> Iterator[bytes]:
    """The marks of the lines of some files."""
    mine = (BATCHES.c.pull_id == pull_id) & BATCHES.c.file.in_(numbers)
    yield from connection.execute(sa.select(BATCHES.c.marks).where(mine)).scalars()


def next_unsifted(connection: sa.Connection, pull_id: str) -> tuple[File, int, str, bytes] | None:
    """A batch of lines that waits for its sifting: (file, offset, seal, sealed lines)."""
    waiting = (BATCHES.c.pull_id == pull_id) & BATCHES.c.body.is_not(None)
    row = connection.execute(
        sa.select(BATCHES.c.file, BATCHES.c.offset, BATCHES.c.seal, BATCHES.c.body)
        .where(waiting)
        .order_by(BATCHES.c.file, BATCHES.c.offset)
        .limit(1)
    ).one_or_none()
    if row is None:
        return None
    one = (FILES.c.pull_id == pull_id) & (FILES.c.number == row[0])
    return File(*connection.execute(sa.select(*_FILE).where(one)).one()), row[1], row[2], row[3]


def sifted(connection: sa.Connection, file: File, offset: int) -> None:
    """The lines of a batch are kept where they belong, or are nobody's."""
    one = (BATCHES.c.pull_id == file.pull_id) & (BATCHES.c.file == file.number) & (BATCHES.c.offset == offset)
    connection.execute(sa.update(BATCHES).where(one).values(body=None))


def forget(connection: sa.Connection, pull_id: str) -> None:
    """Forget an export and everything that was read of it."""
    for table in _ALL:
        connection.execute(sa.delete(table).where(table.c.pull_id == pull_id))
