"""What an export has brought about its candidates: who they are, and their resources, sealed line by line.

Everything here belongs to one pull and is forgotten with it.

Takes from: schema.  Gives to: store.bulk, bulk, incremental.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, fields

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from adapter.store.schema import METADATA, insert_if_new

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


@dataclass(frozen=True, slots=True)
class Kept:
    """A resource of a candidate: its line, sealed."""

    key: str
    patient: str
    version: str
    seal: str
    body: bytes


def keep(connection: sa.Connection, pull_id: str, resources: Iterable[Kept]) -> None:
    """Keep candidates' resources, each once in its latest version."""
    rows = [{"pull_id": pull_id, **asdict(each)} for each in resources]
    if not rows:
        return
    statement = (sqlite if connection.dialect.name == "sqlite" else postgresql).insert(RESOURCES)
    came = statement.excluded
    values = {each.name: came[each.name] for each in fields(Kept) if each.name != "key"}
    newer = came.version >= RESOURCES.c.version
    connection.execute(
        statement.on_conflict_do_update(index_elements=["pull_id", "key"], set_=values, where=newer), rows
    )


def kept_of(connection: sa.Connection, pull_id: str, patients: Sequence[str]) -> list[Kept]:
    """The resources about some patients, by key."""
    mine = (RESOURCES.c.pull_id == pull_id) & RESOURCES.c.patient.in_(patients)
    return _kept(connection, mine)


def kept_by_key(connection: sa.Connection, pull_id: str, keys: Sequence[str]) -> list[Kept]:
    """Some resources by "Type/id"; those that are not there are left out."""
    return _kept(connection, (RESOURCES.c.pull_id == pull_id) & RESOURCES.c.key.in_(keys))


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
