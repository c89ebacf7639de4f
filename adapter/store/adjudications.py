"""What a person judged of a case, beside the rule's answer: never over it, never changed afterwards.

Takes from: errors, cases, schema.  Gives to: keeping, the journeys.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from adapter.store.cases import CASES
from adapter.store.schema import METADATA, Moment

ADJUDICATIONS = sa.Table(
    "adjudications",
    METADATA,
    sa.Column("id", sa.String(36), primary_key=True),
    sa.Column("case_id", sa.String(128), sa.ForeignKey("cases.case_id"), nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("rule_set", sa.String(32), nullable=False),
    sa.Column("criteria_version", sa.String(64), nullable=False),
    sa.Column("rule_status", sa.String(20), nullable=False),
    sa.Column("decision", sa.String(20), nullable=False),
    sa.Column("role", sa.String(60), nullable=False),
    sa.Column("reason", sa.String(500), nullable=False),
    sa.Column("made_at", Moment, nullable=False),
    sa.CheckConstraint("decision IN ('eligible', 'ineligible', 'undetermined')", name="decision"),
    sa.Index("ix_adjudications_case_id", "case_id"),
)


@dataclass(frozen=True, slots=True)
class Adjudication:
    """One judgement.

    Shapes:  version      the version of the case that was judged
             rule_status  what the criteria of this version of the rule set answered
             role         who judged, by office and not by name
    """

    id: str
    case_id: str
    version: int
    rule_set: str
    criteria_version: str
    rule_status: str
    decision: str
    role: str
    reason: str
    made_at: datetime


def add(connection: sa.Connection, adjudication: Adjudication) -> None:
    connection.execute(sa.insert(ADJUDICATIONS).values(asdict(adjudication)))


def of_case(connection: sa.Connection, case_id: str) -> list[Adjudication]:
    """Every judgement on a case, oldest first."""
    return list(_found(connection, sa.select(ADJUDICATIONS).where(ADJUDICATIONS.c.case_id == case_id)))


def standing(connection: sa.Connection, rule_set: str) -> list[Adjudication]:
    """The last judgement on each living case by the criteria of a rule set."""
    living = CASES.c.case_id == ADJUDICATIONS.c.case_id
    query = sa.select(ADJUDICATIONS).join(CASES, living).where(ADJUDICATIONS.c.rule_set == rule_set)
    last = {each.case_id: each for each in _found(connection, query.where(CASES.c.erased_at.is_(None)))}
    return list(last.values())


def forget(connection: sa.Connection, case_id: str) -> None:
    """Part of the erasure of a case."""
    connection.execute(sa.delete(ADJUDICATIONS).where(ADJUDICATIONS.c.case_id == case_id))


def _found(connection: sa.Connection, query: sa.Select[Any]) -> Iterator[Adjudication]:
    for row in connection.execute(query.order_by(ADJUDICATIONS.c.made_at, ADJUDICATIONS.c.id)):
        yield Adjudication(**row._mapping)
