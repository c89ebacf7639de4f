"""What a pull has taken and not yet handed over: pages, sealed, and an index of the resources in them.

Each resource of a unit stands once, in its latest version; a page that comes again changes nothing.

Takes from: errors, schema, units.  Gives to: crawl.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields

import sqlalchemy as sa

from adapter.store.schema import METADATA, Number
from adapter.store.units import UNITS

PAGES = sa.Table(
    "pull_pages",
    METADATA,
    sa.Column("id", Number, primary_key=True, autoincrement=True),
    sa.Column("unit_id", Number, nullable=False),
    sa.Column("request_id", Number, nullable=False),
    sa.Column("seal", sa.String(32), nullable=False),
    sa.Column("body", sa.LargeBinary, nullable=False),
    sa.Index("ix_pull_pages_unit_id", "unit_id"),
)
RESOURCES = sa.Table(
    "pull_resources",
    METADATA,
    sa.Column("unit_id", Number, primary_key=True, autoincrement=False),
    sa.Column("key", sa.String(200), primary_key=True),
    sa.Column("page_id", Number, nullable=False),
    sa.Column("position", sa.Integer, nullable=False),
    sa.Column("version", sa.BigInteger, nullable=False),
    sa.Column("updated", sa.String(40), nullable=False),
    sa.Column("matched", sa.Boolean, nullable=False),
    sa.Column("patient", sa.String(128), nullable=False),
    sa.Index("ix_pull_resources_patient", "patient", "unit_id"),
)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a resource stands among what was taken.

    Shapes:  key       "Condition/c1"
             position  in the page's list; negative when it was left out
             version   meta.versionId when it is a number, else 0
             updated   meta.lastUpdated as it came
             matched   found by the search, not included with what was found
             patient   local id of the patient it is about; "" when it names none
    """

    key: str
    position: int
    version: int
    updated: str
    matched: bool
    patient: str
    page_id: int = 0

    def newer_than(self, other: Place) -> bool:
        return (self.version, self.updated) > (other.version, other.updated)


_NAMES = tuple(field.name for field in fields(Place))
_COLUMNS = [RESOURCES.c[name] for name in _NAMES]

# Made once: a pull runs them for every page.
_NEW_PAGE, _NEW_RESOURCES = sa.insert(PAGES), sa.insert(RESOURCES)


def keep(
    connection: sa.Connection, unit_id: int, request_id: int, body: bytes, seal: str, places: Sequence[Place]
) -> None:
    """Keep a page: its sealed bytes, and the places that are new or newer (see `known`)."""
    row = {"unit_id": unit_id, "request_id": request_id, "seal": seal, "body": body}
    page_id = connection.execute(_NEW_PAGE, row).inserted_primary_key[0]  # type: ignore[index]
    if places:
        connection.execute(_NEW_RESOURCES, [_row(place, unit_id, page_id) for place in places])


def _row(place: Place, unit_id: int, page_id: int) -> dict[str, object]:
    """`asdict` copies deeply, which for small rows takes longer than the database does."""
    row = {name: getattr(place, name) for name in _NAMES}
    row["unit_id"], row["page_id"] = unit_id, page_id
    return row


def known(connection: sa.Connection, unit_id: int, keys: Sequence[str]) -> dict[str, Place]:
    """Those of the keys that the unit holds already."""
    query = sa.select(*_COLUMNS).where(RESOURCES.c.unit_id == unit_id, RESOURCES.c.key.in_(keys))
    return {row.key: Place(*row) for row in connection.execute(query)}


def drop(connection: sa.Connection, unit_id: int, keys: Iterable[str]) -> None:
    """Make room for newer versions."""
    query = sa.delete(RESOURCES).where(RESOURCES.c.unit_id == unit_id, RESOURCES.c.key.in_(list(keys)))
    connection.execute(query)


def clear(connection: sa.Connection, unit_id: int) -> None:
    """Forget what a unit has taken: it starts again."""
    for table in (RESOURCES, PAGES):
        connection.execute(sa.delete(table).where(table.c.unit_id == unit_id))


def keys_of(connection: sa.Connection, unit_id: int) -> list[str]:
    """Keys of the unit's matches, in order."""
    query = sa.select(RESOURCES.c.key).where(RESOURCES.c.unit_id == unit_id, RESOURCES.c.matched)
    return list(connection.scalars(query.order_by(RESOURCES.c.key)))


def patients_of(connection: sa.Connection, unit_id: int) -> set[str]:
    """Local ids of the patients whom a unit's matches are about; "" among them when one names none."""
    kept = RESOURCES.c.matched & (RESOURCES.c.position >= 0)
    query = sa.select(RESOURCES.c.patient).where(RESOURCES.c.unit_id == unit_id, kept)
    return set(connection.scalars(query.distinct()))


def places_of(connection: sa.Connection, unit_ids: Sequence[int], patient: str | None = None) -> list[Place]:
    """Places in some units; only those about one patient when it is given."""
    query = sa.select(*_COLUMNS).where(RESOURCES.c.unit_id.in_(unit_ids))
    if patient is not None:
        query = query.where(RESOURCES.c.patient == patient)
    return [Place(*row) for row in connection.execute(query)]


def find(connection: sa.Connection, unit_ids: Sequence[int], keys: Sequence[str]) -> list[Place]:
    """Places of some resources in some units."""
    query = sa.select(*_COLUMNS).where(RESOURCES.c.unit_id.in_(unit_ids), RESOURCES.c.key.in_(keys))
    return [Place(*row) for row in connection.execute(query)]


def count_left_out(connection: sa.Connection, pull_id: str) -> dict[str, int]:
    """Matches that did not fit their search, by type of resource."""
    query = (
        sa.select(UNITS.c.type, sa.func.count())
        .join(UNITS, UNITS.c.id == RESOURCES.c.unit_id)
        .where(UNITS.c.pull_id == pull_id, RESOURCES.c.position < 0)
        .group_by(UNITS.c.type)
    )
    return {row[0]: row[1] for row in connection.execute(query)}


def bodies(connection: sa.Connection, page_ids: Sequence[int]) -> list[tuple[int, int, str, bytes]]:
    """(page, request, seal, sealed bytes) of some pages."""
    query = sa.select(PAGES.c.id, PAGES.c.request_id, PAGES.c.seal, PAGES.c.body).where(PAGES.c.id.in_(page_ids))
    return [(row[0], row[1], row[2], row[3]) for row in connection.execute(query.order_by(PAGES.c.id))]


def forget(connection: sa.Connection, pull_ids: Sequence[str]) -> None:
    """Forget everything some pulls have taken."""
    mine = sa.select(UNITS.c.id).where(UNITS.c.pull_id.in_(pull_ids))
    for table in (RESOURCES, PAGES):
        connection.execute(sa.delete(table).where(table.c.unit_id.in_(mine)))
