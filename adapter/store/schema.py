"""What every table is made of: one MetaData, aware UTC times, JSON that keeps its decimals.

Takes from: resource.  Gives to: the other files of store.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from adapter.resource import dump_json, parse_json

METADATA = sa.MetaData(
    naming_convention={
        "ix": "ix_%(column_0_N_label)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
    }
)

# Our own documents are as large as they are; the limits for what strangers send do not apply to them.
_ANY_SIZE = 1 << 40


# A number that the database gives; SQLite counts up only in a column it calls INTEGER.
Number = sa.BigInteger().with_variant(sa.Integer, "sqlite")


class Moment(sa.TypeDecorator[datetime]):
    """An aware time, always UTC. SQLite keeps no zone, so it is put back on the way out."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        return value.astimezone(UTC) if value else None

    def process_result_value(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        return value.replace(tzinfo=value.tzinfo or UTC).astimezone(UTC) if value else None


class JsonText(sa.TypeDecorator[Any]):
    """JSON as text, written and read by `adapter.resource`, so that 1.10 stays 1.10 in either database."""

    impl = sa.Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: sa.Dialect) -> str | None:
        return None if value is None else dump_json(value).decode()

    def process_result_value(self, value: str | None, dialect: sa.Dialect) -> Any:
        return None if value is None else parse_json(value.encode(), max_bytes=_ANY_SIZE)[0]


def insert_if_new(
    connection: sa.Connection, table: sa.Table, values: dict[str, Any], keys: list[str], where: Any = None
) -> bool:
    """Insert unless a unique index already has the row; the index decides, never a look before.

    Shapes:  keys, where  columns (and condition) of that unique index
             returns      True when the row is ours
    """
    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    statement = dialect.insert(table).values(values)
    unless_there = statement.on_conflict_do_nothing(index_elements=keys, index_where=where)
    return connection.execute(unless_there.returning(sa.literal(1))).first() is not None
