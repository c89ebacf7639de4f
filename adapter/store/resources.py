"""The registry as FHIR resources: every version of each, and an index of what they can be found by.

All of it is made from cases and can be made again; only the version numbers are its own.

Takes from: search, cases, schema.  Gives to: searching, keeping, registry.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from adapter.errors import Json
from adapter.search import Entry
from adapter.store.cases import CASES
from adapter.store.schema import METADATA, JsonText, Moment

RESOURCES = sa.Table(
    "resources",
    METADATA,
    sa.Column("type", sa.String(40), primary_key=True),
    sa.Column("id", sa.String(64), primary_key=True),
    sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("current", sa.Boolean, nullable=False),
    sa.Column("case_id", sa.String(128), nullable=False),
    sa.Column("updated_at", Moment, nullable=False),
    sa.Column("content_hash", sa.String(64), nullable=False),
    sa.Column("body", JsonText),
    sa.Index("ix_resources_case_id", "case_id", "current", "type"),
)
INDEX = sa.Table(
    "resource_index",
    METADATA,
    sa.Column("type", sa.String(40), nullable=False),
    sa.Column("id", sa.String(64), nullable=False),
    sa.Column("parameter", sa.String(40), nullable=False),
    sa.Column("system", sa.String(200)),
    sa.Column("code", sa.String(200)),
    sa.Column("low", sa.Date),
    sa.Column("high", sa.Date),
    sa.Column("number", sa.Float),
    sa.Index("ix_resource_index_id", "type", "id", "parameter"),
    sa.Index("ix_resource_index_code", "type", "parameter", "code"),
    sa.Index("ix_resource_index_low", "type", "parameter", "low"),
)
# Which version of each case, by which mappings, the resources above were made from.
PUBLISHED = sa.Table(
    "published_cases",
    METADATA,
    sa.Column("case_id", sa.String(128), primary_key=True),
    sa.Column("case_version", sa.Integer, nullable=False),
    sa.Column("mapping_version", sa.String(64), nullable=False),
)
CURRENT = RESOURCES.c.current.is_(True)
PROVENANCE = "Provenance"
# Of the current alone: with them in the key, SQLite would look for one resource by its id among all of its type.
sa.Index(
    "ix_resources_updated_at",
    RESOURCES.c.type,
    RESOURCES.c.updated_at,
    sqlite_where=CURRENT,
    postgresql_where=CURRENT,
)
# A resource has one current version, and it is found without a look at the others.
sa.Index(
    "ux_resources_current",
    RESOURCES.c.type,
    RESOURCES.c.id,
    unique=True,
    sqlite_where=CURRENT,
    postgresql_where=CURRENT,
)
# Any number that nobody else takes.
_BEHIND_LOCK = 0x43524D42
LIVING = CURRENT & RESOURCES.c.body.is_not(None)
_STEP_BACK = (
    sa.update(RESOURCES)
    .where(RESOURCES.c.type == sa.bindparam("_type"), RESOURCES.c.id == sa.bindparam("_id"), CURRENT)
    .values(current=False)
)
_FORGET_INDEX = sa.delete(INDEX).where(INDEX.c.type == sa.bindparam("_type"), INDEX.c.id == sa.bindparam("_id"))


@dataclass(frozen=True, slots=True)
class Stored:
    """One version of a resource; `body` None where it was deleted."""

    type: str
    id: str
    version: int
    current: bool
    case_id: str
    updated_at: datetime
    content_hash: str
    body: Json | None


def whole(found: Stored) -> Json:
    """A resource as it was made, with its version and time: they are the row's, not the resource's."""
    body = found.body or {}
    own = {"versionId": str(found.version), "lastUpdated": found.updated_at.isoformat(timespec="milliseconds")}
    head = {"resourceType": body["resourceType"], "id": body["id"], "meta": {**own, **body.get("meta", {})}}
    return head | {name: value for name, value in body.items() if name not in head}


def of_case(connection: sa.Connection, case_id: str) -> list[Stored]:
    """The current version of every resource ever made of a case, the deleted ones too."""
    return _all(connection, sa.select(RESOURCES).where(RESOURCES.c.case_id == case_id, CURRENT))


def saying_case(connection: sa.Connection, case_id: str) -> list[Stored]:
    """The same without Provenance: there is one for each version, and two ranges of the index pass them all by."""
    mine = RESOURCES.c.case_id == case_id, CURRENT
    ranges = RESOURCES.c.type < PROVENANCE, RESOURCES.c.type > PROVENANCE
    return _all(connection, sa.union_all(*(sa.select(RESOURCES).where(*mine, beside) for beside in ranges)))


def add_versions(connection: sa.Connection, rows: Sequence[Stored]) -> None:
    """Make these the current versions."""
    if later := [{"_type": row.type, "_id": row.id} for row in rows if row.version > 1]:
        connection.execute(_STEP_BACK, later)
    if rows:
        values = [{name: getattr(row, name) for name in Stored.__slots__} for row in rows]
        connection.execute(sa.insert(RESOURCES), values)


def replace_index(connection: sa.Connection, entries: Iterable[tuple[str, str, list[Entry]]]) -> None:
    """Shapes:  entries  (type, id, what it is found by from now on)"""
    rows, changed = [], []
    for type_, id_, found_by in entries:
        changed.append({"_type": type_, "_id": id_})
        rows += [
            {"type": type_, "id": id_, **{name: getattr(each, name) for name in Entry.__slots__}} for each in found_by
        ]
    if changed:
        connection.execute(_FORGET_INDEX, changed)
    if rows:
        connection.execute(sa.insert(INDEX), rows)


def mark_published(connection: sa.Connection, case_id: str, case_version: int, mapping_version: str) -> None:
    connection.execute(sa.delete(PUBLISHED).where(PUBLISHED.c.case_id == case_id))
    row = {"case_id": case_id, "case_version": case_version, "mapping_version": mapping_version}
    connection.execute(sa.insert(PUBLISHED).values(row))


def behind(connection: sa.Connection, mapping_version: str, *, limit: int) -> list[str]:
    """Living cases whose resources were made of an older version, by other mappings, or never.

    Of several processes one at a time finds them, so that none is published twice.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_BEHIND_LOCK)))
    same = (PUBLISHED.c.case_version == CASES.c.version) & (PUBLISHED.c.mapping_version == mapping_version)
    query = sa.select(CASES.c.case_id).join(PUBLISHED, PUBLISHED.c.case_id == CASES.c.case_id, isouter=True)
    older = sa.or_(PUBLISHED.c.case_id.is_(None), ~same)
    query = query.where(CASES.c.erased_at.is_(None), CASES.c.version > 0, older)
    return list(connection.scalars(query.order_by(CASES.c.case_id).limit(limit)))


def erase(connection: sa.Connection, case_id: str, at: datetime) -> None:
    """Forget every version of a case's resources; a deleted one stays of each, so that its address answers "gone"."""
    for row in of_case(connection, case_id):
        one = (RESOURCES.c.type == row.type) & (RESOURCES.c.id == row.id)
        connection.execute(sa.delete(RESOURCES).where(one, RESOURCES.c.version < row.version))
        gone = {"body": None, "content_hash": "", "updated_at": at}
        connection.execute(sa.update(RESOURCES).where(one).values(gone))
        connection.execute(sa.delete(INDEX).where(INDEX.c.type == row.type, INDEX.c.id == row.id))
    connection.execute(sa.delete(PUBLISHED).where(PUBLISHED.c.case_id == case_id))


def read(connection: sa.Connection, type_: str, id_: str, version: int | None = None) -> Stored | None:
    one = (RESOURCES.c.type == type_) & (RESOURCES.c.id == id_)
    which = CURRENT if version is None else RESOURCES.c.version == version
    return next(iter(_all(connection, sa.select(RESOURCES).where(one, which))), None)


def history(
    connection: sa.Connection, type_: str, id_: str, limit: int, *, before: int = 0, since: datetime | None = None
) -> tuple[int, list[Stored]]:
    """(how many there are, some of them), newest first.

    Shapes:  before  only versions before this one are given; 0: all
    """
    wanted = [RESOURCES.c.type == type_, RESOURCES.c.id == id_]
    wanted += [RESOURCES.c.updated_at >= since] if since else []
    total = connection.scalar(sa.select(sa.func.count()).select_from(RESOURCES).where(*wanted)) or 0
    wanted += [RESOURCES.c.version < before] if before else []
    return total, _all(
        connection, sa.select(RESOURCES).where(*wanted).order_by(RESOURCES.c.version.desc()).limit(limit)
    )


def select(connection: sa.Connection, query: sa.Select[Any]) -> list[Stored]:
    """The rows of a query over `RESOURCES`."""
    return _all(connection, query)


def _all(connection: sa.Connection, query: sa.Select[Any] | sa.CompoundSelect[Any]) -> list[Stored]:
    return [Stored(*row) for row in connection.execute(query)]
