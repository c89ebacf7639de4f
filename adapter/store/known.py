"""What is known of each source since its last pulls: up to which time, which patients, which versions of what.

Ids are here as keyed hashes only; the one id that is needed again, to ask for a patient, is sealed.

Takes from: schema.  Gives to: incremental.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import datetime

import sqlalchemy as sa

from adapter.store.schema import METADATA, Moment, insert_if_new

# Bound parameters of one statement; old SQLite takes 999.
_AT_ONCE = 500

SOURCES = sa.Table(
    "known_sources",
    METADATA,
    sa.Column("source", sa.String(500), primary_key=True),
    sa.Column("served_at", Moment, nullable=False),
    sa.Column("pull_id", sa.String(36), nullable=False),
)
STARTS = sa.Table(
    "known_starts",
    METADATA,
    sa.Column("pull_id", sa.String(36), primary_key=True),
    sa.Column("served_at", Moment, nullable=False),
)
PATIENTS = sa.Table(
    "known_patients",
    METADATA,
    sa.Column("source", sa.String(500), primary_key=True),
    sa.Column("mark", sa.String(64), primary_key=True),
    sa.Column("seal", sa.String(32), nullable=False),
    sa.Column("sealed_id", sa.LargeBinary, nullable=False),
    sa.Column("case_id", sa.String(128)),
    sa.Column("withdrawn", sa.String(20), nullable=False),
    sa.Column("pull_id", sa.String(36), nullable=False),
    sa.Index("ix_known_patients_case_id", "case_id"),
)
RESOURCES = sa.Table(
    "known_resources",
    METADATA,
    sa.Column("source", sa.String(500), primary_key=True),
    sa.Column("mark", sa.String(64), primary_key=True),
    sa.Column("patient", sa.String(64), primary_key=True),
    sa.Column("type", sa.String(64), nullable=False),
    sa.Column("version", sa.String(80), nullable=False),
    sa.Index("ix_known_resources_patient", "source", "patient"),
)


@dataclass(frozen=True, slots=True)
class Patient:
    """A patient who was taken before.

    Shapes:  mark       keyed hash of the id
             case_id    None when nothing became a case
             withdrawn  "" while the source holds him; else "deleted", "merged" or "no-diagnosis"
    """

    mark: str
    seal: str
    sealed_id: bytes
    case_id: str | None
    withdrawn: str


_PATIENT = [PATIENTS.c[field.name] for field in fields(Patient)]


def note_start(connection: sa.Connection, pull_id: str, served_at: datetime) -> None:
    """The server's time when a pull began; what a later run of the same pull says counts no more."""
    insert_if_new(connection, STARTS, {"pull_id": pull_id, "served_at": served_at}, ["pull_id"])


def start_of(connection: sa.Connection, pull_id: str) -> datetime | None:
    """The server's time when a pull began; None when it told none."""
    found: datetime | None = connection.scalar(sa.select(STARTS.c.served_at).where(STARTS.c.pull_id == pull_id))
    return found


def forget_start(connection: sa.Connection, pull_id: str) -> None:
    connection.execute(sa.delete(STARTS).where(STARTS.c.pull_id == pull_id))


def reached(connection: sa.Connection, source: str) -> datetime | None:
    """Up to which time of its own everything of the source was taken; None before the first complete pull."""
    found: datetime | None = connection.scalar(sa.select(SOURCES.c.served_at).where(SOURCES.c.source == source))
    return found


def reach(connection: sa.Connection, source: str, served_at: datetime, pull_id: str) -> None:
    """Everything of the source up to this time was taken."""
    row = {"source": source, "served_at": served_at, "pull_id": pull_id}
    if not insert_if_new(connection, SOURCES, row, ["source"]):
        connection.execute(sa.update(SOURCES).where(SOURCES.c.source == source).values(row))


def remember(
    connection: sa.Connection, source: str, patient: Patient, versions: Mapping[str, tuple[str, str]], pull_id: str
) -> None:
    """Replace what is known of a patient.

    Shapes:  versions  mark of each resource -> (type, version)
    """
    one = (PATIENTS.c.source == source) & (PATIENTS.c.mark == patient.mark)
    row = {"source": source, "pull_id": pull_id, **asdict(patient)}
    connection.execute(sa.delete(PATIENTS).where(one))
    connection.execute(sa.insert(PATIENTS).values(row))
    connection.execute(sa.delete(RESOURCES).where(RESOURCES.c.source == source, RESOURCES.c.patient == patient.mark))
    rows = [
        {"source": source, "mark": mark, "patient": patient.mark, "type": type_, "version": version}
        for mark, (type_, version) in versions.items()
    ]
    if rows:
        connection.execute(sa.insert(RESOURCES), rows)


def find(connection: sa.Connection, source: str, mark: str) -> Patient | None:
    """One patient, when he was taken before."""
    query = sa.select(*_PATIENT).where(PATIENTS.c.source == source, PATIENTS.c.mark == mark)
    row = connection.execute(query).one_or_none()
    return Patient(*row) if row else None


def patients(connection: sa.Connection, source: str, marks: Iterable[str] | None = None) -> list[Patient]:
    """Who was taken before; only some of them when their marks are given."""
    query = sa.select(*_PATIENT).where(PATIENTS.c.source == source).order_by(PATIENTS.c.mark)
    if marks is None:
        return [Patient(*row) for row in connection.execute(query)]
    found: list[Patient] = []
    for some in _some(sorted(set(marks))):
        found += [Patient(*row) for row in connection.execute(query.where(PATIENTS.c.mark.in_(some)))]
    return found


def owners(connection: sa.Connection, source: str, marks: Iterable[str]) -> dict[str, set[tuple[str, str]]]:
    """Shapes:  returns  mark of a resource -> {(mark of a patient it was taken for, version)}"""
    found: dict[str, set[tuple[str, str]]] = {}
    query = sa.select(RESOURCES.c.mark, RESOURCES.c.patient, RESOURCES.c.version).where(RESOURCES.c.source == source)
    for some in _some(sorted(set(marks))):
        for mark, patient, version in connection.execute(query.where(RESOURCES.c.mark.in_(some))):
            found.setdefault(mark, set()).add((patient, version))
    return found


def _some(marks: Sequence[str]) -> Iterable[Sequence[str]]:
    return (marks[start : start + _AT_ONCE] for start in range(0, len(marks), _AT_ONCE))


def forget_case(connection: sa.Connection, case_id: str) -> None:
    """An erased case leaves nothing here either."""
    gone = sa.select(PATIENTS.c.source, PATIENTS.c.mark).where(PATIENTS.c.case_id == case_id)
    for source, mark in connection.execute(gone).all():
        forget(connection, source, mark)


def forget(connection: sa.Connection, source: str, mark: str) -> None:
    """As if the patient had never been taken."""
    connection.execute(sa.delete(RESOURCES).where(RESOURCES.c.source == source, RESOURCES.c.patient == mark))
    connection.execute(sa.delete(PATIENTS).where(PATIENTS.c.source == source, PATIENTS.c.mark == mark))
