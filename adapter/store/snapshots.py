"""The registry as it stood at a moment, type by type: every version says when it began, so no copy is needed.

Takes from: inbox, registry_exports, resources.  Gives to: registry.
Source: https://hl7.org/fhir/uv/bulkdata/STU2/export.html (transactionTime, _since)
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from adapter.store import registry_exports
from adapter.store.inbox import INBOX
from adapter.store.resources import RESOURCES, Stored, select

_BATCH = 2000


@dataclass(frozen=True)
class View:
    """Which resources of one type are looked at, as of when, and by whom.

    Shapes:  since     only what came to be so after it, or came into the asker's sight after it
             source    only of cases that this source had sent something of; None: of all
             patients  ids of the Patients it is about; None: all
             export    id of an export of a Group, whose members it is about; None: all
             deleted   the resources that were no more, instead of those that were
    """

    type: str
    at: datetime
    since: datetime | None = None
    source: str | None = None
    patients: tuple[str, ...] | None = None
    export: str | None = None
    deleted: bool = False


def ids(connection: sa.Connection, view: View) -> Iterator[str]:
    """In their order."""
    query = sa.select(RESOURCES.c.id).where(*_conditions(view)).order_by(RESOURCES.c.id)
    with connection.execute(query.execution_options(yield_per=_BATCH)) as result:
        yield from result.scalars()


def page(connection: sa.Connection, view: View, after: str, until: str, limit: int) -> list[Stored]:
    """Shapes:  after, until  ids between which it lies, the second included"""
    here = RESOURCES.c.id > after, RESOURCES.c.id <= until
    return select(
        connection, sa.select(RESOURCES).where(*_conditions(view), *here).order_by(RESOURCES.c.id).limit(limit)
    )


def last_id(connection: sa.Connection, view: View) -> str | None:
    found: str | None = connection.scalar(sa.select(sa.func.max(RESOURCES.c.id)).where(*_conditions(view)))
    return found


def erased_since(connection: sa.Connection, at: datetime) -> bool:
    """Whether something was forgotten for good after a moment: what stood then can no more be told whole."""
    before = RESOURCES.alias()
    earlier = (before.c.type == RESOURCES.c.type) & (before.c.id == RESOURCES.c.id)
    # What is merely deleted keeps the version before.
    forgotten = ~sa.exists().where(earlier, before.c.version == RESOURCES.c.version - 1)
    query = sa.select(sa.literal(1)).select_from(RESOURCES)
    query = query.where(RESOURCES.c.updated_at > at, RESOURCES.c.body.is_(None), forgotten)
    return connection.execute(query.limit(1)).first() is not None


def write_mark(connection: sa.Connection) -> str:
    """Number of this writer: all that began before have a lower one. "" on SQLite, where a writer is alone."""
    if connection.dialect.name == "sqlite":
        return ""
    return str(connection.scalar(sa.text("SELECT CAST(pg_current_xact_id() AS text)")))


def is_settled(connection: sa.Connection, mark: str) -> bool:
    """Whether all writers that began before a mark have ended, so that nothing older can still appear."""
    if not mark:
        return True
    query = sa.text("SELECT pg_snapshot_xmin(pg_current_snapshot()) >= CAST(:mark AS xid8)")
    return bool(connection.scalar(query, {"mark": mark}))


def _conditions(view: View) -> list[sa.ColumnElement[bool]]:
    newer, columns = RESOURCES.alias(), RESOURCES.c
    following = (newer.c.type == columns.type) & (newer.c.id == columns.id) & (newer.c.version == columns.version + 1)
    stood = [columns.updated_at <= view.at, ~sa.exists().where(following, newer.c.updated_at <= view.at)]
    there = columns.body.is_(None) if view.deleted else columns.body.is_not(None)
    told = [columns.type == view.type, there, *stood, *_sight(view)]
    if view.patients is not None:
        patient = RESOURCES.alias()
        of_them = sa.select(patient.c.case_id).where(patient.c.type == "Patient", patient.c.id.in_(view.patients))
        told.append(columns.case_id.in_(of_them))
    if view.export is not None:
        told.append(columns.case_id.in_(registry_exports.members(view.export)))
    return told


def _sight(view: View) -> Iterator[sa.ColumnElement[bool]]:
    """What the asker could see then, and since when."""
    changed = RESOURCES.c.updated_at > view.since if view.since else None
    if view.source is None:
        if changed is not None:
            yield changed
        return
    yield RESOURCES.c.case_id.in_(_sent(view, view.at))
    if changed is not None and view.since:
        yield sa.or_(changed, RESOURCES.c.case_id.not_in(_sent(view, view.since)))


def _sent(view: View, by: datetime) -> sa.Select[Any]:
    """Cases that a source had fed by a moment; of the erased ones it is told that they are gone."""
    fed = sa.or_(INBOX.c.case_version.is_not(None), sa.literal(view.deleted) & (INBOX.c.state == "erased"))
    mine = INBOX.c.case_id.is_not(None) & (INBOX.c.source == view.source)
    return sa.select(INBOX.c.case_id).where(mine, fed, INBOX.c.settled_at <= by)
