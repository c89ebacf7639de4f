"""Which Patients a decision speaks of: the members of the registry's Groups.

Takes from: cases, resources, searching.  Gives to: registry.
"""

from __future__ import annotations

import sqlalchemy as sa

from adapter.store.cases import CASES
from adapter.store.resources import LIVING, RESOURCES
from adapter.store.searching import visible


def decided(status: str) -> sa.Select[tuple[str]]:
    """Living cases whose decision is this one, by case_id."""
    return sa.select(CASES.c.case_id).where(CASES.c.status == status, CASES.c.erased_at.is_(None))


def members(connection: sa.Connection, status: str, *, source: str | None) -> list[str]:
    """Ids of Patients, in their order.

    Shapes:  source  only of cases that this source has sent something of; None: of all
    """
    told = [RESOURCES.c.type == "Patient", LIVING, RESOURCES.c.case_id.in_(decided(status)), *visible(source)]
    return list(connection.scalars(sa.select(RESOURCES.c.id).where(*told).order_by(RESOURCES.c.id)))
