"""The units of a pull: one search for one chunk of patients, how far it came, and what proves that it is all.

    waiting ──► complete      with a proof
       ├──────► incomplete    the problem says what is missing
       └──────► split         smaller units took its place

Takes from: errors, schema.  Gives to: crawl, the doors.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import sqlalchemy as sa

from adapter.errors import Json
from adapter.store.schema import METADATA, JsonText, Number

Stage = Literal["changes", "candidates", "patients", "consents", "collect", "linked", "export"]
# Searches for resources of named patients.
BY_PATIENT: tuple[Stage, ...] = ("consents", "collect")
State = Literal["waiting", "complete", "incomplete", "split"]

UNITS = sa.Table(
    "pull_units",
    METADATA,
    sa.Column("id", Number, primary_key=True, autoincrement=True),
    sa.Column("pull_id", sa.String(36), nullable=False),
    sa.Column("stage", sa.String(20), nullable=False),
    sa.Column("type", sa.String(64), nullable=False),
    sa.Column("parameters", JsonText, nullable=False),
    sa.Column("patients", JsonText),
    sa.Column("state", sa.String(20), nullable=False),
    sa.Column("cursor", sa.Text),
    sa.Column("way", JsonText, nullable=False),
    sa.Column("pages", sa.Integer, nullable=False),
    sa.Column("received", sa.Integer, nullable=False),
    sa.Column("expected", sa.Integer),
    sa.Column("restarts", sa.Integer, nullable=False),
    sa.Column("proof", sa.String(20), nullable=False),
    sa.Column("problem", sa.Text, nullable=False),
    sa.Index("ix_pull_units_pull_id", "pull_id", "state"),
)
# What could name a patient, while its pull runs. Word for word the same in the index and in the question.
_NAMING = sa.text("patients IS NOT NULL OR (stage = 'candidates' AND parameters <> '{}')")
sa.Index("ix_pull_units_naming", UNITS.c.pull_id, sqlite_where=_NAMING, postgresql_where=_NAMING)


@dataclass(slots=True)
class Unit:
    """One search on its way.

    Shapes:  parameters  as declared, name -> values that are ORed; no patient among them
             patients    local ids of the chunk; None when the search is not about given patients
             cursor      address of the next page; None before the first
             way         how this server wants to be asked, as far as that was learnt (see `crawl`)
             received    different matches so far
             expected    how many the server counts
             proof       "total", "count", "repeat", "ids"; "" without
             problem     in words without a patient's value; "" while all is well
    """

    pull_id: str
    stage: Stage
    type: str
    parameters: dict[str, list[str]]
    patients: list[str] | None = None
    id: int = 0
    state: State = "waiting"
    cursor: str | None = None
    way: Json = field(default_factory=dict)
    pages: int = 0
    received: int = 0
    expected: int | None = None
    restarts: int = 0
    proof: str = ""
    problem: str = ""

    def as_json(self) -> Json:
        """Counts and proof only: fit for a report."""
        shown = {
            "stage": self.stage,
            "type": self.type,
            "patients": len(self.patients) if self.patients is not None else None,
            "pages": self.pages,
            "received": self.received,
            "expected": self.expected,
            "restarts": self.restarts or None,
            "complete": self.state == "complete",
            "proof": self.proof,
            "problem": self.problem,
        }
        return {name: value for name, value in shown.items() if value is not None and value != ""}


_COLUMNS = [UNITS.c[name] for name in Unit.__dataclass_fields__]
_CHANGING = ("state", "cursor", "way", "pages", "received", "expected", "restarts", "proof", "problem")
_SAVE = sa.update(UNITS).where(UNITS.c.id == sa.bindparam("unit")).values({n: sa.bindparam(n) for n in _CHANGING})


def add(connection: sa.Connection, units: Iterable[Unit]) -> None:
    """Note units that are to be made."""
    rows = [{name: getattr(unit, name) for name in Unit.__dataclass_fields__ if name != "id"} for unit in units]
    if rows:
        connection.execute(sa.insert(UNITS), rows)


def save(connection: sa.Connection, unit: Unit) -> None:
    """Write how far a unit has come."""
    connection.execute(_SAVE, {"unit": unit.id} | {name: getattr(unit, name) for name in _CHANGING})


def waiting(connection: sa.Connection, pull_id: str, stage: Stage, *, after: int = 0, limit: int = 200) -> list[Unit]:
    """Units of a stage that have not ended, oldest first."""
    query = (
        sa.select(*_COLUMNS)
        .where(UNITS.c.pull_id == pull_id, UNITS.c.stage == stage, UNITS.c.state == "waiting", UNITS.c.id > after)
        .order_by(UNITS.c.id)
        .limit(limit)
    )
    return [Unit(*row) for row in connection.execute(query)]


def ended(connection: sa.Connection, pull_id: str, stage: Stage | None = None) -> list[Unit]:
    """Units that are complete or incomplete, oldest first."""
    query = sa.select(*_COLUMNS).where(UNITS.c.pull_id == pull_id, UNITS.c.state.in_(("complete", "incomplete")))
    if stage:
        query = query.where(UNITS.c.stage == stage)
    return [Unit(*row) for row in connection.execute(query.order_by(UNITS.c.id))]


def page(
    connection: sa.Connection, pull_id: str, *, after: int = 0, limit: int = 100, state: State | None = None
) -> list[Unit]:
    """Units in the order they were planned, without those that were split; of one state, if given."""
    query = sa.select(*_COLUMNS).where(UNITS.c.pull_id == pull_id, UNITS.c.state != "split", UNITS.c.id > after)
    query = query.where(UNITS.c.state == state) if state else query
    return [Unit(*row) for row in connection.execute(query.order_by(UNITS.c.id).limit(limit))]


def has_stage(connection: sa.Connection, pull_id: str, stage: Stage) -> bool:
    """Was this stage planned before?"""
    query = sa.select(UNITS.c.id).where(UNITS.c.pull_id == pull_id, UNITS.c.stage == stage).limit(1)
    return connection.execute(query).first() is not None


def count(connection: sa.Connection, pull_id: str) -> Json:
    """Shapes:  {"made", "complete", "pages", "received"}: split units are not counted, what replaced them is"""
    total, pages, received = (sa.func.count(), sa.func.sum(UNITS.c.pages), sa.func.sum(UNITS.c.received))
    query = (
        sa.select(UNITS.c.state, total, pages, received)
        .where(UNITS.c.pull_id == pull_id, UNITS.c.state != "split")
        .group_by(UNITS.c.state)
    )
    rows: dict[str, Any] = {row[0]: row for row in connection.execute(query)}
    sums = [sum(int(row[column] or 0) for row in rows.values()) for column in (1, 2, 3)]
    complete = int(rows["complete"][1]) if "complete" in rows else 0
    return {"made": sums[0], "complete": complete, "pages": sums[1], "received": sums[2]}


def abandon(connection: sa.Connection, pull_id: str, problem: str) -> None:
    """Whatever still waits is incomplete, and why."""
    mine = (UNITS.c.pull_id == pull_id) & (UNITS.c.state == "waiting")
    values = {"state": "incomplete", "proof": "", "problem": problem, "cursor": None}
    connection.execute(sa.update(UNITS).where(mine).values(values))


def remove(connection: sa.Connection, pull_id: str) -> None:
    """As if the pull had never been planned."""
    connection.execute(sa.delete(UNITS).where(UNITS.c.pull_id == pull_id))


def forget(connection: sa.Connection, pull_ids: Sequence[str]) -> None:
    """Take out of the units what could name a patient; counts and proofs stay."""
    values: Json = {"patients": None, "cursor": None, "parameters": {}}
    connection.execute(sa.update(UNITS).where(UNITS.c.pull_id.in_(pull_ids)).values(values))


def unforgotten(connection: sa.Connection) -> list[str]:
    """Pulls that still hold what could name a patient."""
    return list(connection.scalars(sa.select(UNITS.c.pull_id).where(_NAMING).distinct()))
