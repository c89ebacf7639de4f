"""What was learnt about each server, one row a base address: the latest.

Takes from: errors, schema.  Gives to: crawl, the doctor.
"""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from adapter.errors import Json
from adapter.store.schema import METADATA, JsonText, Moment

PROFILES = sa.Table(
    "server_profiles",
    METADATA,
    sa.Column("base", sa.String(500), primary_key=True),
    sa.Column("probed_at", Moment, nullable=False),
    sa.Column("profile", JsonText, nullable=False),
)


def keep(connection: sa.Connection, base: str, profile: Json, at: datetime) -> None:
    """In place of what was learnt before."""
    connection.execute(sa.delete(PROFILES).where(PROFILES.c.base == base))
    connection.execute(sa.insert(PROFILES).values(base=base, probed_at=at, profile=profile))


def find(connection: sa.Connection, base: str) -> Json | None:
    """The profile of the server at an address; None when nobody looked yet."""
    found = find_dated(connection, base)
    return found[0] if found else None


def find_dated(connection: sa.Connection, base: str) -> tuple[Json, datetime] | None:
    """The profile, and when it was learnt."""
    row = connection.execute(sa.select(PROFILES.c.profile, PROFILES.c.probed_at).where(PROFILES.c.base == base)).first()
    return (row.profile, row.probed_at) if row else None
