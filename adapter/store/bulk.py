"""Exports under way: the job on the server, its files and how far each was read, the lines that are kept.

    asked ──► listed ──► read      the job is watched, the manifest is here, every file is here

Everything here belongs to one pull and is forgotten when it ends. Lines are sealed.

Takes from: errors, schema.  Gives to: bulk.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from typing import Any, Literal

import sqlalchemy as sa

from adapter.store.schema import METADATA, Moment, insert_if_new

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
RESOURCES = sa.Table(
    "bulk_resources",
    METADATA,
    sa.Column("pull_id", sa.String(36), primary_key=True),
    sa.Column("key", sa.String(200), primary_key=True),
    sa.Column("patient", sa.String(128), nullable=False),
    sa.Column("version", sa.String(80), nullable=False),
    sa.Column("seal", sa.String(32), nullable=False),
    sa.Column("body", sa.LargeBinary, nullable=False),
    sa.Index("ix_bulk_resources_patient", "pull_id", "patient"),
)
PATIENTS = sa.Table(
    "bulk_patients",
    METADATA,
    sa.Column("pull_id", sa.String(36), primary_key=True),
    sa.Column("patient", sa.String(128), primary_key=True),
    sa.Column("survivor", sa.String(128), primary_key=True),
    sa.Column("settled", sa.Boolean, nullable=False),
)
_ALL = (BATCHES, RESOURCES, PATIENTS, FILES, EXPORTS)


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


@dataclass(frozen=True, slots=True)
class Kept:
    """A resource of a candidate: its line, sealed."""

    key: str
    patient: str
    version: str
    seal: str
    body: bytes


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


def save_file(connection: sa.Connection, file: File) -> None:
    """Write how far a file was read."""
    one = (FILES.c.pull_id == file.pull_id) & (FILES.c.number == file.number)
    connection.execute(sa.update(FILES).where(one).values(asdict(file)))


def keep_batch(
    connection: sa.Connection, file: File, *, marks: bytes, seal: str = "", body: bytes | None = None
) -> None:
    """Keep the marks of some lines, and the lines themselves when it cannot be said yet whose they are."""
    row = {"pull_id": file.pull_id, "file": file.number, "offset": file.offset}
    connection.execute(sa.insert(BATCHES).values({**row, "marks": marks, "seal": seal, "body": body}))


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


def keep(connection: sa.Connection, pull_id: str, resources: Iterable[Kept]) -> None:
    """Keep candidates' resources, each once in its latest version."""
    for each in resources:
        row: dict[str, Any] = {"pull_id": pull_id, **asdict(each)}
        if not insert_if_new(connection, RESOURCES, row, ["pull_id", "key"]):
            same = (RESOURCES.c.pull_id == pull_id) & (RESOURCES.c.key == each.key)
            connection.execute(sa.update(RESOURCES).where(same, RESOURCES.c.version <= each.version).values(row))


def kept_of(connection: sa.Connection, pull_id: str, patients: Sequence[str]) -> list[Kept]:
    """The resources about some patients, by key."""
    mine = (RESOURCES.c.pull_id == pull_id) & RESOURCES.c.patient.in_(patients)
    return _kept(connection, mine)


def kept_by_key(connection: sa.Connection, pull_id: str, keys: Sequence[str]) -> list[Kept]:
    """Some resources by "Type/id"; those that are not there are left out."""
    return _kept(connection, (RESOURCES.c.pull_id == pull_id) & RESOURCES.c.key.in_(keys))


def kept_of_type(connection: sa.Connection, pull_id: str, type_: str) -> Iterator[Kept]:
    """Every kept resource of a type."""
    yield from _kept(connection, (RESOURCES.c.pull_id == pull_id) & RESOURCES.c.key.startswith(f"{type_}/"))


def _kept(connection: sa.Connection, where: sa.ColumnElement[bool]) -> list[Kept]:
    columns = [RESOURCES.c[each.name] for each in fields(Kept)]
    return [Kept(*row) for row in connection.execute(sa.select(*columns).where(where).order_by(RESOURCES.c.key))]


def name_candidates(connection: sa.Connection, pull_id: str, patients: Iterable[str]) -> None:
    """These patients have a diagnosis that the source asks for."""
    _name(connection, pull_id, ((each, "") for each in patients))


def name_merged(connection: sa.Connection, pull_id: str, pairs: Iterable[tuple[str, str]]) -> None:
    """Shapes:  pairs  (patient that was replaced, the one that stays)"""
    _name(connection, pull_id, pairs)


def _name(connection: sa.Connection, pull_id: str, pairs: Iterable[tuple[str, str]]) -> None:
    for patient, survivor in pairs:
        row = {"pull_id": pull_id, "patient": patient, "survivor": survivor, "settled": False}
        insert_if_new(connection, PATIENTS, row, ["pull_id", "patient", "survivor"])


def candidates(connection: sa.Connection, pull_id: str) -> dict[str, bool]:
    """Each candidate, and whether his record was handed over."""
    query = sa.select(PATIENTS.c.patient, PATIENTS.c.settled).where(
        PATIENTS.c.pull_id == pull_id, PATIENTS.c.survivor == ""
    )
    return {row[0]: row[1] for row in connection.execute(query.order_by(PATIENTS.c.patient))}


def merged(connection: sa.Connection, pull_id: str) -> dict[str, str]:
    """Each patient that another one replaced, with that one."""
    query = sa.select(PATIENTS.c.patient, PATIENTS.c.survivor).where(
        PATIENTS.c.pull_id == pull_id, PATIENTS.c.survivor != ""
    )
    return {row[0]: row[1] for row in connection.execute(query.order_by(PATIENTS.c.patient, PATIENTS.c.survivor))}


def settle(connection: sa.Connection, pull_id: str, patients: Sequence[str]) -> None:
    """The record of a patient was handed over; it need not be kept here."""
    mine = (PATIENTS.c.pull_id == pull_id) & PATIENTS.c.patient.in_(patients) & (PATIENTS.c.survivor == "")
    connection.execute(sa.update(PATIENTS).where(mine).values(settled=True))
    about = (RESOURCES.c.pull_id == pull_id) & RESOURCES.c.patient.in_(patients)
    connection.execute(sa.delete(RESOURCES).where(about))


def forget(connection: sa.Connection, pull_id: str) -> None:
    """Forget an export and everything that was read of it."""
    for table in _ALL:
        connection.execute(sa.delete(table).where(table.c.pull_id == pull_id))
