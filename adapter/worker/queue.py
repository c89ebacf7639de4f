"""The queue that wakes workers: ids of pulls, in an SQLite file, or in PostgreSQL.

Of huey its storages are used and not its tasks: a message is an id and nothing that could be run, so whoever can write
to a shared queue can wake workers and do nothing else.

Takes from: errors.  Gives to: worker.loop, web.
Source: https://huey.readthedocs.io/en/latest/
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from huey import storage as storages
from huey.exceptions import ConfigurationError

from adapter.errors import ConfigError, RemoteTransientError

_NAME = "crmo-pulls"
_DRIVER = "'crmo-fhir-adapter[postgres]'"
_EXPECTED = "CRMO_QUEUE_URL must be a sqlite:/// or postgresql:// URL; of huey's other storages none was tried here."
_AWAY = tuple(kind for kind in (sqlite3.Error, getattr(storages.psycopg, "Error", None)) if kind is not None)


class Queue:
    """Ids in the order in which they were put. Safe between threads and processes; close it in each thread."""

    def __init__(self, storage: Any) -> None:
        self._storage = storage
        self._closing = threading.Lock()

    def put(self, job_id: str) -> None:
        """Wake a worker.  Errors:  RemoteTransientError when the queue does not answer"""
        with _translated():
            self._storage.enqueue(job_id.encode())

    def take(self) -> str | None:
        """The next id; None when there is none (PostgreSQL waits a second for one).

        Errors:  RemoteTransientError
        """
        with _translated():
            found: bytes | None = self._storage.dequeue()
        return bytes(found).decode() if found is not None else None

    def size(self) -> int:
        """Errors:  RemoteTransientError"""
        with _translated():
            return int(self._storage.queue_size())

    def close(self) -> None:
        with self._closing:
            self._storage.close()


def open_queue(url: str) -> Queue:
    """Open the queue behind a URL.

    Shapes:  url  sqlite:////absolute/file.db or postgresql://user@host/name
    Errors:  ConfigError for another URL, or when its driver is missing; RemoteTransientError when it does not answer
    """
    kind, found, place = url.partition("://")
    try:
        with _translated():
            if found and kind == "sqlite" and place.startswith("/"):
                return Queue(_in_a_file(Path(place[1:])))
            if found and kind in ("postgresql", "postgresql+psycopg"):
                return Queue(storages.PostgresStorage(_NAME, dsn=f"postgresql://{place}", table_prefix="crmo_queue"))
    except ConfigurationError as error:
        raise ConfigError(f"The driver of the queue is missing: pip install {_DRIVER}.") from error
    raise ConfigError(_EXPECTED)


def _in_a_file(file: Path) -> Any:
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(f"The folder of the queue cannot be made ({error.strerror}).") from error
    return storages.SqliteStorage(_NAME, filename=str(file), timeout=30)


@contextmanager
def _translated() -> Iterator[None]:
    """Library exceptions end here; their texts may quote an address with a password."""
    try:
        yield
    except _AWAY as error:
        raise RemoteTransientError(f"The queue does not answer ({type(error).__name__}).") from None
