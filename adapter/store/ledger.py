"""Every request a pull has sent, and in which answer each stored entry came. Identifiers stand in it as keyed hashes.

Takes from: errors, schema.  Gives to: crawl, the doors.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from typing import Literal

import sqlalchemy as sa

from adapter.errors import Json
from adapter.store.schema import METADATA, Moment, Number

Outcome = Literal["ok", "transient", "restart", "fatal"]

REQUESTS = sa.Table(
    "pull_requests",
    METADATA,
    sa.Column("id", Number, primary_key=True, autoincrement=True),
    sa.Column("pull_id", sa.String(36), nullable=False),
    sa.Column("unit_id", Number),
    sa.Column("at", Moment, nullable=False),
    sa.Column("method", sa.String(8), nullable=False),
    sa.Column("address", sa.Text, nullable=False),
    sa.Column("mark", sa.String(32), nullable=False),
    sa.Column("outcome", sa.String(20), nullable=False),
    sa.Column("reason", sa.String(200), nullable=False),
    sa.Column("status", sa.Integer, nullable=False),
    sa.Column("milliseconds", sa.Integer, nullable=False),
    sa.Column("bytes", sa.BigInteger, nullable=False),
    sa.Column("resources", sa.Integer, nullable=False),
    sa.Column("etag", sa.String(200), nullable=False),
    sa.Column("digest", sa.String(64), nullable=False),
    sa.Index("ix_pull_requests_pull_id", "pull_id", "id"),
    sa.Index("ix_pull_requests_unit_id", "unit_id", "mark"),
)
ORIGINS = sa.Table(
    "pull_origins",
    METADATA,
    sa.Column("inbox_id", sa.String(36), primary_key=True),
    sa.Column("position", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("type", sa.String(64), nullable=False),
    sa.Column("version_id", sa.String(64), nullable=False),
    sa.Column("request_id", Number, nullable=False),
)


@dataclass(frozen=True, slots=True)
class Request:
    """One request and how its answer was taken.

    Shapes:  address  below the base, with keyed hashes in place of ids and of values that may name a patient
             mark     keyed hash of the whole address: the same request has the same mark
             reason   why the answer was not used; "" when it was
             status   0 when there was no answer
             digest   SHA-256 of the answer's bytes; "" without
    """

    at: datetime
    method: str
    address: str
    mark: str
    outcome: Outcome
    reason: str = ""
    status: int = 0
    milliseconds: int = 0
    bytes: int = 0
    resources: int = 0
    etag: str = ""
    digest: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """A request as it stands in the ledger."""

    id: int
    unit_id: int | None
    request: Request

    def as_json(self) -> Json:
        told = {**asdict(self.request), "at": self.request.at.isoformat()}
        return {"id": self.id, "unit": self.unit_id, **{name: value for name, value in told.items() if value != ""}}


@dataclass(frozen=True, slots=True)
class Origin:
    """The answer in which one entry of a stored Bundle came.

    Shapes:  position  of the entry in the Bundle
    """

    position: int
    type: str
    version_id: str
    request_id: int


_NAMES = tuple(field.name for field in fields(Request))
_REQUEST = [REQUESTS.c[name] for name in _NAMES]
_NEW_REQUEST = sa.insert(REQUESTS)
_LINE = [REQUESTS.c.id, REQUESTS.c.unit_id, *_REQUEST]


def add(connection: sa.Connection, pull_id: str, unit_id: int | None, requests: Sequence[Request]) -> list[int]:
    """Write requests down; returns their numbers, in the same order."""
    numbers = []
    for request in requests:
        row = {name: getattr(request, name) for name in _NAMES}
        row["pull_id"], row["unit_id"] = pull_id, unit_id
        numbers.append(int(connection.execute(_NEW_REQUEST, row).inserted_primary_key[0]))  # type: ignore[index]
    return numbers


def lines(connection: sa.Connection, pull_id: str, *, after: int = 0, limit: int = 1000) -> list[Line]:
    """Requests of a pull in the order they were written."""
    query = sa.select(*_LINE).where(REQUESTS.c.pull_id == pull_id, REQUESTS.c.id > after)
    return [_line(row) for row in connection.execute(query.order_by(REQUESTS.c.id).limit(limit))]


def find(connection: sa.Connection, numbers: Iterable[int]) -> dict[int, tuple[str, Line]]:
    """Some requests by number, each with its pull."""
    query = sa.select(REQUESTS.c.pull_id, *_LINE).where(REQUESTS.c.id.in_(list(numbers)))
    return {row[1]: (row[0], _line(row[1:])) for row in connection.execute(query)}


def _line(row: Sequence[object]) -> Line:
    return Line(row[0], row[1], Request(*row[2:]))  # type: ignore[arg-type]


def marks(connection: sa.Connection, unit_id: int, after: int) -> set[str]:
    """Marks of the pages that a unit has taken since a request."""
    query = sa.select(REQUESTS.c.mark).where(
        REQUESTS.c.unit_id == unit_id, REQUESTS.c.outcome == "ok", REQUESTS.c.id > after
    )
    return set(connection.scalars(query))


def summary(connection: sa.Connection, pull_id: str) -> Json:
    """Shapes:  {"requests", "bytes", "again": {reason: count}}: what a pull has cost the hospital"""
    mine = REQUESTS.c.pull_id == pull_id
    total = connection.execute(sa.select(sa.func.count(), sa.func.sum(REQUESTS.c.bytes)).where(mine)).one()
    asked = sa.select(REQUESTS.c.reason, sa.func.count()).where(mine, REQUESTS.c.outcome != "ok")
    again = {row[0]: row[1] for row in connection.execute(asked.group_by(REQUESTS.c.reason))}
    return {"requests": total[0], "bytes": int(total[1] or 0), "again": again}


def keep_origins(connection: sa.Connection, inbox_id: str, origins: Iterable[Origin]) -> None:
    """Say of each entry of an inbox Bundle in which answer it came."""
    if rows := [{"inbox_id": inbox_id, **asdict(each)} for each in origins]:
        connection.execute(sa.insert(ORIGINS), rows)


def origins_of(connection: sa.Connection, inbox_id: str) -> list[Origin]:
    """By position; none for what was pushed to us."""
    columns = [ORIGINS.c[field.name] for field in fields(Origin)]
    query = sa.select(*columns).where(ORIGINS.c.inbox_id == inbox_id).order_by(ORIGINS.c.position)
    return [Origin(*row) for row in connection.execute(query)]
