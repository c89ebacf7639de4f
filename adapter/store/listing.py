"""Living cases as a list: filtered, counted, page by page; which hospitals sent each.

Takes from: adjudications, cases, inbox.  Gives to: web, cli.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import sqlalchemy as sa

from adapter.store.adjudications import ADJUDICATIONS
from adapter.store.cases import CASE_VERSIONS, CASES, CURRENT
from adapter.store.inbox import INBOX, fed

Review = Literal["", "open", "adjudicated"]
_NAMES = ("case_id", "version", "status", "updated_at")
_FED = INBOX.c.case_version.is_not(None)


@dataclass(frozen=True)
class Filters:
    """Which cases are wanted; what is empty does not matter.

    Shapes:  sources  each has sent something of the case
             review   "adjudicated": a person judged it; "open": undetermined, and as it stands judged by nobody
             since    changed then or later
             search   part of the pseudonym, small letters or capitals
    """

    status: str = ""
    sources: tuple[str, ...] = ()
    sex: str = ""
    review: Review = ""
    since: datetime | None = None
    search: str = ""


EVERYTHING = Filters()


def summaries(
    connection: sa.Connection, filters: Filters = EVERYTHING, *, after: str = "", limit: int = 100
) -> list[dict[str, Any]]:
    """One line per living case, by pseudonym: case_id, version, status, updated_at."""
    query = sa.select(*(CASES.c[name] for name in _NAMES)).where(*_conditions(filters), CASES.c.case_id > after)
    found = connection.execute(query.order_by(CASES.c.case_id).limit(limit))
    return [dict(zip(_NAMES, row, strict=True)) for row in found]


def chosen(filters: Filters) -> sa.Select[tuple[str]]:
    """The same by case_id, for other questions to ask in."""
    return sa.select(CASES.c.case_id).where(*_conditions(filters))


def count(connection: sa.Connection, filters: Filters = EVERYTHING) -> int:
    """How many living cases there are like that."""
    return connection.scalar(sa.select(sa.func.count()).select_from(CASES).where(*_conditions(filters))) or 0


def bodies(connection: sa.Connection, case_ids: Iterable[str]) -> dict[str, Any]:
    """What some cases say as they stand."""
    query = sa.select(CASES.c.case_id, CASE_VERSIONS.c.body).join(CASES, CURRENT)
    return {case_id: body for case_id, body in connection.execute(query.where(CASES.c.case_id.in_(list(case_ids))))}


def senders(connection: sa.Connection, case_ids: Iterable[str]) -> dict[str, list[str]]:
    """Who has sent something of some cases, in the order of the alphabet."""
    names = _sources()
    sent = sa.exists().where(INBOX.c.source == names.c.source, INBOX.c.case_id == CASES.c.case_id, _FED)
    query = sa.select(CASES.c.case_id, names.c.source).join_from(CASES, names, sent)
    query = query.where(CASES.c.case_id.in_(list(case_ids)))
    found: dict[str, list[str]] = {}
    for case_id, source in connection.execute(query.order_by(names.c.source)):
        found.setdefault(case_id, []).append(source)
    return found


def all_senders(connection: sa.Connection) -> list[str]:
    """Everybody who has sent something of a case."""
    names = _sources()
    sent = sa.exists().where(INBOX.c.source == names.c.source, _FED)
    return list(connection.scalars(sa.select(names.c.source).where(sent).order_by(names.c.source)))


def _sources() -> sa.CTE:
    """Everybody who has sent anything; each name is one look at an index, however much he sent. The last is None."""
    names = sa.select(sa.func.min(INBOX.c.source).label("source")).cte("names", recursive=True)
    following = sa.select(sa.func.min(INBOX.c.source)).where(INBOX.c.source > names.c.source).scalar_subquery()
    return names.union_all(sa.select(following).where(names.c.source.is_not(None)))


def _conditions(filters: Filters) -> list[sa.ColumnElement[bool]]:
    told: list[sa.ColumnElement[bool]] = [CASES.c.erased_at.is_(None)]
    for column, wanted in ((CASES.c.status, filters.status), (CASES.c.sex, filters.sex)):
        told += [column == wanted] if wanted else []
    told += [CASES.c.updated_at >= filters.since] if filters.since else []
    told += [CASES.c.case_id.icontains(filters.search, autoescape=True)] if filters.search else []
    for source in filters.sources:
        told.append(CASES.c.case_id.in_(fed(source)))
    return [*told, *_reviewed(filters.review)]


def _reviewed(review: Review) -> list[sa.ColumnElement[bool]]:
    if review == "adjudicated":
        return [CASES.c.case_id.in_(sa.select(ADJUDICATIONS.c.case_id))]
    if review == "open":
        as_it_stands = ADJUDICATIONS.c.version == CASES.c.version
        judged = sa.exists().where(ADJUDICATIONS.c.case_id == CASES.c.case_id, as_it_stands)
        return [CASES.c.status == "undetermined", ~judged]
    return []
