"""Searches of the audit: by when, by whom, about whom, with what end.

Takes from: audit, searching.  Gives to: access.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from adapter.search import within
from adapter.store.audit import AUDIT, Event


@dataclass
class Wanted:
    """Each list holds groups: all groups must fit, of a group any member will do.

    Shapes:  spans     (prefix, start, end), the end not included
             statuses  (lowest, highest)
             kinds     (action, route)
    """

    numbers: list[list[int]] = field(default_factory=list)
    spans: list[tuple[str, datetime, datetime]] = field(default_factory=list)
    actors: list[list[str]] = field(default_factory=list)
    cases: list[list[str]] = field(default_factory=list)
    statuses: list[list[tuple[int, int]]] = field(default_factory=list)
    kinds: list[list[tuple[str, str]]] = field(default_factory=list)


def count(connection: sa.Connection, wanted: Wanted) -> int:
    return connection.scalar(sa.select(sa.func.count()).select_from(AUDIT).where(*_conditions(wanted))) or 0


def kinds(connection: sa.Connection) -> list[tuple[str, str]]:
    """Every (action, route) there is."""
    return [(row.action, row.route) for row in connection.execute(sa.select(AUDIT.c.action, AUDIT.c.route).distinct())]


def page(
    connection: sa.Connection, wanted: Wanted, *, after: int, upwards: bool, limit: int
) -> list[tuple[int, Event]]:
    """(number, event) in the order of the numbers, beyond `after` unless it is 0."""
    number = AUDIT.c.number
    query = sa.select(AUDIT).where(*_conditions(wanted)).order_by(number if upwards else number.desc()).limit(limit)
    if after:
        query = query.where(number > after if upwards else number < after)
    names = Event.__slots__
    return [(row.number, Event(*(getattr(row, name) for name in names))) for row in connection.execute(query)]


def _conditions(wanted: Wanted) -> list[sa.ColumnElement[bool]]:
    columns = AUDIT.c
    told: list[sa.ColumnElement[bool]] = []
    for column, groups in (
        (columns.number, wanted.numbers),
        (columns.actor, wanted.actors),
        (columns.case_id, wanted.cases),
        (sa.tuple_(columns.action, columns.route), wanted.kinds),
    ):
        members: list[list[Any]] = groups
        told += [column.in_(group) for group in members]
    told += [sa.or_(*(columns.status.between(low, high) for low, high in group)) for group in wanted.statuses]
    return told + [within(columns.at, *span) for span in wanted.spans]
