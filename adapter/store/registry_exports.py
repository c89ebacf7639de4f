"""Exports of the registry that were asked for: what was wished, as of when, and into which files it falls.

Takes from: errors, schema.  Gives to: registry.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from adapter.errors import Json, NotFoundError
from adapter.store.schema import METADATA, JsonText, Moment

EXPORTS = sa.Table(
    "registry_exports",
    METADATA,
    sa.Column("id", sa.String(36), primary_key=True),
    sa.Column("actor", sa.String(120), nullable=False),
    sa.Column("source", sa.String(200)),
    sa.Column("wish", JsonText, nullable=False),
    sa.Column("at", Moment, nullable=False),
    sa.Column("mark", sa.String(40), nullable=False),
    sa.Column("progress", sa.String(100), nullable=False),
    sa.Column("finished_at", Moment),
    sa.Column("expires_at", Moment, nullable=False),
    sa.Index("ix_registry_exports_actor", "actor"),
)
FILES = sa.Table(
    "registry_export_files",
    METADATA,
    sa.Column("export_id", sa.String(36), sa.ForeignKey("registry_exports.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("name", sa.String(80), nullable=False),
    sa.Column("type", sa.String(40), nullable=False),
    sa.Column("deleted", sa.Boolean, nullable=False),
    sa.Column("after_id", sa.String(64), nullable=False),
    sa.Column("until_id", sa.String(64), nullable=False),
    sa.Column("count", sa.Integer, nullable=False),
)


# Of a Group's export: who was in it when it was asked for.
MEMBERS = sa.Table(
    "registry_export_members",
    METADATA,
    sa.Column("export_id", sa.String(36), sa.ForeignKey("registry_exports.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("case_id", sa.String(128), primary_key=True),
)


@dataclass(frozen=True, slots=True)
class Export:
    """Shapes:  actor   whose it is; nobody else sees it
    source  whose cases it is limited to; None: all
    wish    what was asked for, see registry.exporting
    at      the transaction time
    mark    see `snapshots.write_mark`
    """

    id: str
    actor: str
    source: str | None
    wish: Json
    at: datetime
    mark: str
    progress: str
    finished_at: datetime | None
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class File:
    """Shapes:  deleted   it lists what is no more
    after_id, until_id  between which ids its resources lie, the second included
    """

    number: int
    name: str
    type: str
    deleted: bool
    after_id: str
    until_id: str
    count: int


def add(connection: sa.Connection, export: Export) -> None:
    row = {name: getattr(export, name) for name in Export.__slots__}
    connection.execute(sa.insert(EXPORTS).values(row))


def keep_members(connection: sa.Connection, export_id: str, cases: sa.Select[tuple[str]]) -> None:
    """Shapes:  cases  their case_ids"""
    found = cases.subquery()
    rows = sa.select(sa.literal(export_id), found.c.case_id)
    connection.execute(sa.insert(MEMBERS).from_select(["export_id", "case_id"], rows))


def members(export_id: str) -> sa.Select[tuple[str]]:
    return sa.select(MEMBERS.c.case_id).where(MEMBERS.c.export_id == export_id)


def find(connection: sa.Connection, export_id: str, at: datetime) -> Export:
    """Errors:  NotFoundError, also when its time is over"""
    query = sa.select(EXPORTS).where(EXPORTS.c.id == export_id, EXPORTS.c.expires_at > at)
    row = connection.execute(query).one_or_none()
    if row is None:
        raise NotFoundError("There is no such export, or its time is over.")
    return Export(*row)


def count_of(connection: sa.Connection, actor: str) -> tuple[int, int]:
    """(those being prepared, all)"""
    query = sa.select(EXPORTS.c.finished_at).where(EXPORTS.c.actor == actor)
    found = list(connection.scalars(query))
    return found.count(None), len(found)


def tell_progress(connection: sa.Connection, export_id: str, progress: str) -> None:
    connection.execute(sa.update(EXPORTS).where(EXPORTS.c.id == export_id).values(progress=progress))


def finish(
    connection: sa.Connection, export_id: str, files: Iterable[File], at: datetime, expires_at: datetime
) -> bool:
    """False when it was finished before, or deleted meanwhile: then these files are nobody's."""
    unfinished = (EXPORTS.c.id == export_id) & EXPORTS.c.finished_at.is_(None)
    done = sa.update(EXPORTS).where(unfinished).values(finished_at=at, expires_at=expires_at, progress="")
    if not connection.execute(done).rowcount:
        return False
    rows = [{"export_id": export_id, **{name: getattr(each, name) for name in File.__slots__}} for each in files]
    if rows:
        connection.execute(sa.insert(FILES), rows)
    return True


def files_of(connection: sa.Connection, export_id: str) -> list[File]:
    query = sa.select(*FILES.c).where(FILES.c.export_id == export_id).order_by(FILES.c.number)
    return [File(*row[1:]) for row in connection.execute(query)]


def delete(connection: sa.Connection, export_id: str) -> None:
    _delete(connection, EXPORTS.c.id == export_id)


def forget_expired(connection: sa.Connection, at: datetime) -> None:
    _delete(connection, EXPORTS.c.expires_at <= at)


def _delete(connection: sa.Connection, which: sa.ColumnElement[bool]) -> None:
    gone = sa.select(EXPORTS.c.id).where(which)
    for table in (FILES, MEMBERS):
        connection.execute(sa.delete(table).where(table.c.export_id.in_(gone)))
    connection.execute(sa.delete(EXPORTS).where(which))
