"""Every row of every table, out and in again, in a form that neither database owns.

Takes from: errors, schema.  Gives to: backup.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa

from adapter.errors import IntegrityError, Json
from adapter.store.database import Store
from adapter.store.schema import METADATA, JsonText, Moment

_BATCH = 500


def tables(store: Store) -> list[str]:
    """Names of the tables that are in the database, those that others point at first."""
    there = set(sa.inspect(store.engine).get_table_names())
    return [str(table.name) for table in METADATA.sorted_tables if table.name in there]


def snapshot(store: Store) -> sa.Connection:
    """A connection that sees one moment of the whole database, whatever is written meanwhile. Close it."""
    if store.is_sqlite:
        return store.engine.connect()
    return store.engine.connect().execution_options(isolation_level="REPEATABLE READ")


def rows(connection: sa.Connection, name: str) -> Iterator[Json]:
    """Rows as JSON objects: times in ISO 8601, bytes in base 64, documents as the text they are kept as."""
    table = METADATA.tables[name]
    columns = [_as_kept(column) for column in table.c]
    # A row that points at another row of its own table comes after it.
    inner = [column.is_not(None) for column in table.c if any(key.column.table is table for key in column.foreign_keys)]
    query = sa.select(*columns).order_by(*inner, *table.primary_key.columns)
    names = [str(column.name) for column in table.c]
    with connection.execute(query.execution_options(yield_per=_BATCH)) as result:
        for row in result:
            yield {name: _out(value) for name, value in zip(names, row, strict=True) if value is not None}


def put_back(connection: sa.Connection, name: str, lines: Iterable[Json]) -> int:
    """Insert rows as `rows` gave them. Returns how many.

    Errors:  IntegrityError for a column that this adapter does not know
    """
    table, batch, count = METADATA.tables[name], [], 0
    for line in lines:
        if unknown := set(line) - set(table.c.keys()):
            raise IntegrityError(f"Table {name} has no column {', '.join(sorted(unknown))}.")
        batch.append({column.name: _in(column, line.get(column.name)) for column in table.c})
        count += 1
        if len(batch) == _BATCH:
            _insert(connection, table, batch)
            batch = []
    if batch:
        _insert(connection, table, batch)
    return count


def is_empty(connection: sa.Connection) -> bool:
    """Whether nothing was ever kept here."""
    kept = (METADATA.tables[name] for name in ("inbox", "cases", "clients", "people"))
    return not any(connection.execute(sa.select(sa.literal(1)).select_from(table).limit(1)).first() for table in kept)


def _insert(connection: sa.Connection, table: sa.Table, batch: list[Json]) -> None:
    """Documents go in as the text they came out as: reading and writing them again could only change them."""
    raw = {column.name: sa.bindparam(column.name, type_=sa.Text) for column in table.c if _is_document(column)}
    connection.execute(sa.insert(table).values(raw) if raw else sa.insert(table), batch)


def _as_kept(column: sa.Column[Any]) -> Any:
    return sa.type_coerce(column, sa.Text).label(column.name) if _is_document(column) else column


def _is_document(column: sa.Column[Any]) -> bool:
    return isinstance(column.type, JsonText)


def _out(value: Any) -> Any:
    if isinstance(value, date):  # a moment is one too
        return value.isoformat()
    return base64.b64encode(value).decode() if isinstance(value, bytes | memoryview) else value


def _in(column: sa.Column[Any], value: Any) -> Any:
    if value is None:
        return None
    if isinstance(column.type, Moment):
        return datetime.fromisoformat(value)
    if isinstance(column.type, sa.Date):
        return date.fromisoformat(value)
    return base64.b64decode(value) if isinstance(column.type, sa.LargeBinary) else value
