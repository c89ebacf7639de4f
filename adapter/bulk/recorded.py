"""A conversation whose every request is written into the ledger, like those of a search pull.

Takes from: errors, hospital, crawl, store.  Gives to: bulk.taking.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TypeVar

from adapter.crawl.ledger import Scribe
from adapter.errors import RemoteError
from adapter.hospital.attempt import Attempt, outcome_of, reason_of
from adapter.hospital.retry import Patience, persist
from adapter.hospital.session import Answer, Session, Stream
from adapter.store import Store, ledger

T = TypeVar("T")

_GONE = (404, 410)


class RecordedSession:
    """Asks and downloads as the session does; each attempt is a line of the ledger."""

    def __init__(self, session: Session, patience: Patience, store: Store, scribe: Scribe, pull_id: str) -> None:
        self._session, self._patience = session, patience
        self._store, self._scribe, self._pull_id = store, scribe, pull_id

    def ask(
        self,
        method: str,
        url: str,
        read: Callable[[Answer], T],
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> T:
        """As `Session.ask`.  Errors:  RemoteError and its kinds"""
        return persist(lambda: self._ask_once(method, url, read, body, headers), self._patience)

    def _ask_once(
        self,
        method: str,
        url: str,
        read: Callable[[Answer], T],
        body: bytes | None,
        headers: Mapping[str, str] | None,
    ) -> T:
        seen: list[Answer] = []

        def look(answer: Answer) -> T:
            seen.append(answer)
            return read(answer)

        with self._line(method, url, lambda: (seen[0].status, len(seen[0].body)) if seen else (0, 0)):
            return self._session.ask_once(method, url, look, body, headers)

    @contextmanager
    def download(self, url: str, headers: Mapping[str, str] | None = None, *, bare: bool = False) -> Iterator[Stream]:
        """As `Session.download`.  Errors:  RemoteError and its kinds"""
        opened: list[Stream] = []
        with (
            self._line("GET", url, lambda: (opened[0].status if opened else 0, 0)),
            self._session.download(url, headers, bare=bare) as stream,
        ):
            opened.append(stream)
            yield stream

    @contextmanager
    def _line(self, method: str, url: str, answered: Callable[[], tuple[int, int]]) -> Iterator[None]:
        at, started = self._patience.now(), self._patience.ticks()
        failed: RemoteError | None = None
        try:
            yield
        except RemoteError as error:
            failed = error
            raise
        finally:
            told, size = answered()
            status = told or (failed.status if failed else 0)
            seconds = self._patience.ticks() - started
            outcome = outcome_of(failed, _GONE)
            attempt = Attempt(at, method, url, outcome, reason_of(failed), status, seconds, size)
            with self._store.writing() as connection:
                ledger.add(connection, self._pull_id, None, [self._scribe.request(attempt)])
