"""What was found about an inbox entry: its issues and the counts of what nobody reads. Places only, never values.

Takes from: errors, schema.  Gives to: store, the journeys.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa

from adapter.errors import Issue
from adapter.store.inbox import INBOX
from adapter.store.schema import METADATA, JsonText

ISSUES = sa.Table(
    "issues",
    METADATA,
    sa.Column("inbox_id", sa.String(36), sa.ForeignKey("inbox.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("position", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("severity", sa.String(20), nullable=False),
    sa.Column("rule", sa.String(200), nullable=False),
    sa.Column("stage", sa.String(20), nullable=False),
    sa.Column("place", sa.String(500), nullable=False, server_default=""),
    sa.Column("body", JsonText, nullable=False),
    sa.Index("ix_issues_rule", "rule", "severity", "inbox_id"),
    sa.Index("ix_issues_place", "inbox_id", "severity", "rule", "place"),
)
UNREAD = sa.Table(
    "unread",
    METADATA,
    sa.Column("inbox_id", sa.String(36), sa.ForeignKey("inbox.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("expression", sa.String(500), primary_key=True),
    sa.Column("count", sa.Integer, nullable=False),
)
# What tells one item from another; without it, issues about the same element are alike.
_UNMAPPED = "mapping:unmapped:"
_INDEX = re.compile(r"\[\d+\]|(?<=/)\d+(?=/|\Z)")


def replace(
    connection: sa.Connection, inbox_id: str, issues: Iterable[Issue], unread: Iterable[dict[str, Any]] = ()
) -> None:
    """Put the findings of the latest judgement in the place of the earlier ones.

    Shapes:  unread  [{"expression": "Patient.name", "count": 2}, ...]
    """
    forget(connection, [inbox_id])
    rows = [_row(inbox_id, position, issue) for position, issue in enumerate(issues)]
    if rows:
        connection.execute(sa.insert(ISSUES), rows)
    counts: dict[str, int] = {}
    for each in unread:
        # PostgreSQL's text has no NUL; a hospital may well put one into the name of an element.
        place = each["expression"].replace("\0", "\ufffd")[:500]
        counts[place] = counts.get(place, 0) + each["count"]
    if counts:
        unread_rows = [{"inbox_id": inbox_id, "expression": place, "count": n} for place, n in counts.items()]
        connection.execute(sa.insert(UNREAD), unread_rows)


def _row(inbox_id: str, position: int, issue: Issue) -> dict[str, Any]:
    place = _INDEX.sub("", issue.expression).replace("\0", "\ufffd")[:500]
    heads = {"severity": issue.severity, "rule": issue.rule[:200], "stage": issue.stage, "place": place}
    return {"inbox_id": inbox_id, "position": position, **heads, "body": issue.as_json()}


def forget(connection: sa.Connection, inbox_ids: list[str]) -> None:
    for table in (ISSUES, UNREAD):
        connection.execute(sa.delete(table).where(table.c.inbox_id.in_(inbox_ids)))


def issues_of(connection: sa.Connection, inbox_id: str) -> list[Issue]:
    """The issues of an entry, in the order they were found."""
    query = sa.select(ISSUES.c.body).where(ISSUES.c.inbox_id == inbox_id).order_by(ISSUES.c.position)
    return [Issue(**{"expression": "", **body}) for body in connection.execute(query).scalars()]


def unread_of(connection: sa.Connection, inbox_id: str) -> list[dict[str, Any]]:
    query = sa.select(UNREAD.c.expression, UNREAD.c.count).where(UNREAD.c.inbox_id == inbox_id)
    rows = connection.execute(query.order_by(UNREAD.c.expression))
    return [{"expression": expression, "count": count} for expression, count in rows]


def count_unread(connection: sa.Connection, source: str | None = None) -> list[dict[str, Any]]:
    """What each source, or this one, sends and no rule reads, most frequent first."""
    total = sa.func.sum(UNREAD.c.count).label("total")
    query = (
        sa.select(INBOX.c.source, UNREAD.c.expression, total)
        .join(INBOX, INBOX.c.id == UNREAD.c.inbox_id)
        .group_by(INBOX.c.source, UNREAD.c.expression)
        .order_by(total.desc(), INBOX.c.source, UNREAD.c.expression)
    )
    if source is not None:
        query = query.where(INBOX.c.source == source)
    return [{"source": s, "expression": e, "count": int(n)} for s, e, n in connection.execute(query)]


def count_rules(connection: sa.Connection) -> list[dict[str, Any]]:
    """How often each rule was broken, most frequent first."""
    count = sa.func.count().label("count")
    query = sa.select(ISSUES.c.severity, ISSUES.c.rule, count).group_by(ISSUES.c.severity, ISSUES.c.rule)
    rows = connection.execute(query.order_by(count.desc(), ISSUES.c.rule, ISSUES.c.severity))
    return [{"severity": severity, "rule": rule, "count": n} for severity, rule, n in rows]


def count_unmapped(connection: sa.Connection) -> list[dict[str, Any]]:
    """Where a code was sent that no table has, most frequent first: source, rule (of the mapping), count, entries."""
    rules = connection.scalars(sa.select(ISSUES.c.rule).distinct())
    unmapped = [rule for rule in rules if rule.startswith(_UNMAPPED)]
    count, entries = sa.func.count().label("count"), sa.func.count(sa.distinct(ISSUES.c.inbox_id)).label("entries")
    query = sa.select(INBOX.c.source, ISSUES.c.rule, count, entries).join(INBOX, INBOX.c.id == ISSUES.c.inbox_id)
    query = query.where(ISSUES.c.rule.in_(unmapped)).group_by(INBOX.c.source, ISSUES.c.rule)
    found = connection.execute(query.order_by(count.desc(), INBOX.c.source, ISSUES.c.rule))
    return [{"source": s, "rule": rule.removeprefix(_UNMAPPED), "count": n, "entries": e} for s, rule, n, e in found]
