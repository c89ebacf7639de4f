"""By which version of the mapping the cases that stand were made.

Takes from: cases.  Gives to: web.
"""

from __future__ import annotations

import sqlalchemy as sa

from adapter.store.cases import CASE_VERSIONS, CASES, CURRENT


def count(connection: sa.Connection) -> list[tuple[str, int]]:
    """(version of the mapping, living cases), most first."""
    number = sa.func.count()
    query = sa.select(CASE_VERSIONS.c.mapping_version, number).join(CASES, CURRENT)
    grouped = query.where(CASES.c.erased_at.is_(None)).group_by(CASE_VERSIONS.c.mapping_version)
    return [(version, n) for version, n in connection.execute(grouped.order_by(number.desc()))]
