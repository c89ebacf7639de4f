"""Open the database, bring it to the current schema, and hand out transactions.

Takes from: errors, schema.  Gives to: store, and through it the journeys.
Source: https://sqlite.org/wal.html, https://docs.sqlalchemy.org/en/20/dialects/sqlite.html
"""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from adapter.errors import ConfigError, IntegrityError, RemoteTransientError, UsageError
from adapter.store.turns import FairLock

MIGRATIONS = Path(__file__).parent / "migrations"
BUSY_SECONDS = 30
# Any number that nobody else takes: two processes that start at once migrate one after the other.
_MIGRATION_LOCK = 0x43524D4F
# Alembic keeps the running migration in module globals: one at a time in a process.
_alembic_turn = threading.Lock()


class Store:
    """An open database. Transactions come from `reading()` and `writing()`; close it when done."""

    def __init__(self, engine: sa.Engine) -> None:
        self.engine = engine
        # SQLite lets waiting writers starve each other; a lock in front of it keeps the waits short and fair.
        self._turn = FairLock() if self.is_sqlite else nullcontext()

    @property
    def is_sqlite(self) -> bool:
        return self.engine.dialect.name == "sqlite"

    @contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        """One consistent view.  Errors:  RemoteTransientError when the database does not answer"""
        with _translated(), self.engine.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def writing(self) -> Iterator[sa.Connection]:
        """One transaction: everything inside is committed, or nothing.

        Errors:  RemoteTransientError (busy, unreachable, disk full), IntegrityError (a rule of the schema is broken)
        """
        with _translated(), self._turn, self.engine.connect() as plain:
            connection = plain.execution_options(writes=True)
            with connection.begin():
                if not self.is_sqlite:
                    # Numbered before it looks at the clock: whoever waits for older writers can know them all.
                    connection.exec_driver_sql("SELECT pg_current_xact_id()")
                yield connection

    def log_bytes(self) -> int | None:
        """How large SQLite's log is; it grows while somebody reads without an end. None for another database."""
        if not self.is_sqlite:
            return None
        log = Path(f"{self.engine.url.database}-wal")
        return log.stat().st_size if log.exists() else 0

    def forget_remains(self) -> None:
        """What was deleted leaves the files too: SQLite's log, PostgreSQL's dead rows. Call it after an erasure.

        Errors:  RemoteTransientError when the database does not answer
        """
        if not self.is_sqlite:
            with _translated(), self.engine.connect() as connection:
                connection.execution_options(isolation_level="AUTOCOMMIT").exec_driver_sql("VACUUM")
            return
        with _translated(), self._turn, self.engine.connect() as connection:
            # A checkpoint stands outside every transaction; SQLAlchemy would begin one.
            connection.connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def close(self) -> None:
        self.engine.dispose()


@contextmanager
def _translated() -> Iterator[None]:
    """Library exceptions end here. Their texts are dropped: they quote parameters, that is, patients."""
    try:
        yield
    except sa.exc.IntegrityError as error:
        raise IntegrityError(f"The database refused a row ({type(error.orig).__name__}).") from None
    except sa.exc.DataError:
        # PostgreSQL keeps no NUL and no number above 2^63: what holds one can be looked for, but is nowhere.
        raise UsageError("This asks for a value that no row can hold.") from None
    except (sa.exc.OperationalError, sa.exc.InternalError, sa.exc.TimeoutError) as error:
        raise RemoteTransientError(f"The database does not answer ({type(error).__name__}).") from None


def open_store(url: str) -> Store:
    """Open (and create or upgrade) the database behind a SQLAlchemy URL.

    Shapes:  url   sqlite:////absolute/file.db or postgresql+psycopg://user@host/name
    Errors:  ConfigError for a URL that cannot be used or a database newer than this adapter;
             RemoteTransientError when it cannot be reached
    """
    store = Store(_make_engine(url))
    with ExitStack() as on_failure:
        on_failure.callback(store.close)
        _migrate(store)
        on_failure.pop_all()
    return store


def _make_engine(url: str) -> sa.Engine:
    try:
        parsed = sa.make_url(url)
        if parsed.drivername == "postgresql":
            parsed = parsed.set(drivername="postgresql+psycopg")
        _make_folder(parsed)
        over_a_network = parsed.get_backend_name() != "sqlite"
        engine = sa.create_engine(
            parsed, hide_parameters=True, connect_args=_connect_args(parsed), pool_pre_ping=over_a_network
        )
    except (sa.exc.ArgumentError, sa.exc.NoSuchModuleError) as error:
        raise ConfigError("CRMO_DATABASE_URL must be a sqlite:/// or postgresql:// URL.") from error
    except ModuleNotFoundError as error:
        raise ConfigError("PostgreSQL needs psycopg: pip install 'crmo-fhir-adapter[postgres]'.") from error
    if parsed.get_backend_name() == "sqlite":
        _tune_sqlite(engine)
    return engine


def _make_folder(url: sa.URL) -> None:
    backend = url.get_backend_name()
    if backend not in ("sqlite", "postgresql"):
        raise ConfigError("CRMO_DATABASE_URL must be a sqlite:/// or postgresql:// URL.")
    if backend == "postgresql":
        return
    if not url.database or url.database == ":memory:":
        raise ConfigError("An SQLite database needs a file: sqlite:////folder/registry.db.")
    try:
        Path(url.database).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(f"The database folder cannot be made ({error.strerror}).") from error


def _connect_args(url: sa.URL) -> dict[str, Any]:
    return {"timeout": BUSY_SECONDS} if url.get_backend_name() == "sqlite" else {"connect_timeout": 10}


def _tune_sqlite(engine: sa.Engine) -> None:
    @sa.event.listens_for(engine, "connect")
    def _connected(connection: Any, _: Any) -> None:
        connection.isolation_level = None  # the driver's own BEGIN is deferred, and fails at once under writers
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("PRAGMA foreign_keys=ON")
        connection.execute("PRAGMA secure_delete=ON")  # what is erased is overwritten, not only unlinked
        _write_ahead(connection)

    @sa.event.listens_for(engine, "begin")
    def _begun(connection: sa.Connection) -> None:
        writes = connection.get_execution_options().get("writes")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _write_ahead(connection: sqlite3.Connection) -> None:
    """Switch the file to WAL. SQLite does not wait for its lock here, whatever the busy timeout: we do."""
    deadline = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.02)
        else:
            return


def find_head() -> str:
    """Number of the newest migration this adapter carries."""
    return max(file.name[:4] for file in (MIGRATIONS / "versions").glob("[0-9]*.py"))


def read_revision(connection: sa.Connection) -> str | None:
    """Number of the migration the database stands at; None for an empty one."""
    if not sa.inspect(connection).has_table("alembic_version"):
        return None
    found: str | None = connection.scalar(sa.text("SELECT version_num FROM alembic_version"))
    return found


def _migrate(store: Store) -> None:
    head = find_head()
    with store.reading() as connection:
        found = read_revision(connection)
    if found == head:
        return
    if found and found > head:
        raise ConfigError(f"The database is at revision {found}, newer than this adapter ({head}).")
    with _alembic_turn, store.writing() as connection:
        if not store.is_sqlite:
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_MIGRATION_LOCK)))
        upgrade(connection, head)  # does nothing when another process was faster


def upgrade(connection: sa.Connection, revision: str) -> None:
    """Bring the schema up to a revision inside the open transaction."""
    from alembic import command  # half a second of imports, needed only when the schema moves

    command.upgrade(_alembic(connection), revision)


def downgrade(connection: sa.Connection, revision: str) -> None:
    """Take the schema back to a revision ("base" for none) inside the open transaction."""
    from alembic import command

    command.downgrade(_alembic(connection), revision)


def _alembic(connection: sa.Connection) -> Any:
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config
