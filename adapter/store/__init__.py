"""What the registry keeps: inbox, cases, findings, pulls. SQLite by default, PostgreSQL by URL.

One file per table group. A new group is a file here (its `Table`s on `schema.METADATA`, functions that take the
open connection) and a file in `migrations/versions/` named `NNNN_<group>.py` whose revision is "NNNN"; the
highest number is the head, and `open_store` brings any older database up to it.

    with store.writing() as connection:      # one transaction; SQLite: BEGIN IMMEDIATE, one writer at a time
        inbox.settle(connection, ...)
        keeping.keep(connection, ...)        # committed together, or not at all
    with store.reading() as connection: ...  # a consistent snapshot

Takes from: errors, resource.  Gives to: every journey.
"""

from sqlalchemy import Connection

from adapter.store.database import Store, open_store

__all__ = ["Connection", "Store", "open_store"]
