"""Which Patients a decision speaks of: the members of the registry's Groups.

Takes from: listing, resources.  Gives to: registry.
"""

from __future__ import annotations

import sqlalchemy as sa

from adapter.store.listing import Filters, chosen
from adapter.store.resources import LIVING, RESOURCES


def members(connection: sa.Connection, status: str, *, source: str | None) -> list[str]:
    """Ids of Patients, in their order.

    Shapes:  source  only of cases that this source has sent something of; None: of all
    """
    cases = chosen(Filters(status=status, sources=(source,) if source is not None else ()))
    told = RESOURCES.c.type == "Patient", LIVING, RESOURCES.c.case_id.in_(cases)
    return list(connection.scalars(sa.select(RESOURCES.c.id).where(*told).order_by(RESOURCES.c.id)))
