"""The patients of a pull until it ends: who was found, and what became of each. Local ids, forgotten with the pull.

Takes from: errors, schema.  Gives to: pull.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import sqlalchemy as sa

from adapter.store.schema import METADATA

PATIENTS = sa.Table(
    "pull_patients",
    METADATA,
    sa.Column("pull_id", sa.String(36), primary_key=True),
    sa.Column("patient", sa.String(128), primary_key=True),
    sa.Column("outcome", sa.String(20), nullable=False),
    sa.Column("problem", sa.Text, nullable=False),
)


def add(connection: sa.Connection, pull_id: str, patients: Iterable[str]) -> None:
    """Note patients who are to be judged."""
    if rows := [{"pull_id": pull_id, "patient": each, "outcome": "", "problem": ""} for each in patients]:
        connection.execute(sa.insert(PATIENTS), rows)


def settle(connection: sa.Connection, pull_id: str, patient: str, outcome: str, problem: str = "") -> None:
    """Write what became of one."""
    mine = (PATIENTS.c.pull_id == pull_id) & (PATIENTS.c.patient == patient)
    connection.execute(sa.update(PATIENTS).where(mine).values(outcome=outcome, problem=problem))


def waiting(connection: sa.Connection, pull_id: str) -> list[str]:
    """Who has not been judged yet."""
    query = sa.select(PATIENTS.c.patient).where(PATIENTS.c.pull_id == pull_id, PATIENTS.c.outcome == "")
    return list(connection.scalars(query.order_by(PATIENTS.c.patient)))


def settled(connection: sa.Connection, pull_id: str, outcome: str) -> list[str]:
    """Of whom this became."""
    query = sa.select(PATIENTS.c.patient).where(PATIENTS.c.pull_id == pull_id, PATIENTS.c.outcome == outcome)
    return list(connection.scalars(query.order_by(PATIENTS.c.patient)))


def everybody(connection: sa.Connection, pull_id: str) -> list[str]:
    query = sa.select(PATIENTS.c.patient).where(PATIENTS.c.pull_id == pull_id)
    return list(connection.scalars(query.order_by(PATIENTS.c.patient)))


def count(connection: sa.Connection, pull_id: str) -> int:
    query = sa.select(sa.func.count()).select_from(PATIENTS).where(PATIENTS.c.pull_id == pull_id)
    return int(connection.scalar(query) or 0)


def outcomes(connection: sa.Connection, pull_id: str) -> dict[str, int]:
    """How many ended how."""
    mine = (PATIENTS.c.pull_id == pull_id) & (PATIENTS.c.outcome != "")
    query = sa.select(PATIENTS.c.outcome, sa.func.count()).where(mine).group_by(PATIENTS.c.outcome)
    return {row[0]: row[1] for row in connection.execute(query)}


def problems(connection: sa.Connection, pull_id: str) -> list[str]:
    """Why patients could not be judged, one text for each."""
    mine = (PATIENTS.c.pull_id == pull_id) & (PATIENTS.c.problem != "")
    return list(connection.scalars(sa.select(PATIENTS.c.problem).where(mine).order_by(PATIENTS.c.patient)))


def forget(connection: sa.Connection, pull_ids: Sequence[str]) -> None:
    connection.execute(sa.delete(PATIENTS).where(PATIENTS.c.pull_id.in_(pull_ids)))
