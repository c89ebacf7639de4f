"""Counts for those who watch the service, asked of the tables, so that every process tells the same.

Takes from: inbox, known.  Gives to: web.
"""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from adapter.store.inbox import INBOX, OPEN_STATES
from adapter.store.known import SOURCES


def arrivals(connection: sa.Connection) -> list[tuple[str, str, int]]:
    """(source, state, number) of everything that ever arrived."""
    by = INBOX.c.source, INBOX.c.state
    found = connection.execute(sa.select(*by, sa.func.count()).group_by(*by).order_by(*by))
    return [(source, state, count) for source, state, count in found]


def oldest(connection: sa.Connection) -> dict[str, datetime]:
    """Since when the oldest entry waits, by the state it waits in."""
    query = sa.select(INBOX.c.state, sa.func.min(INBOX.c.received_at)).where(INBOX.c.state.in_(OPEN_STATES))
    return {state: since for state, since in connection.execute(query.group_by(INBOX.c.state))}


def reached(connection: sa.Connection) -> dict[str, datetime]:
    """Up to which time of its own everything of a source was pulled."""
    query = sa.select(SOURCES.c.source, SOURCES.c.served_at).order_by(SOURCES.c.source)
    return {source: at for source, at in connection.execute(query)}
