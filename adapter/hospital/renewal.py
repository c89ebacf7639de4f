"""A token that is fetched by one thread for all, kept until shortly before its end, and fetched anew when refused.

Takes from: nothing.  Gives to: hospital.access.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field

_EARLY_SECONDS = 30.0


@dataclass(frozen=True)
class Token:
    """Units:  seconds from the moment it was asked for"""

    value: str = field(repr=False)
    lives_seconds: float


class Renewal:
    """Keeps one token. `count` says how many were fetched."""

    def __init__(self, fetch: Callable[[], Token], ticks: Callable[[], float]) -> None:
        self._fetch, self._ticks = fetch, ticks
        self._lock = threading.Lock()
        self._flight: Future[str] | None = None
        self._value, self._due = "", 0.0
        self.count = 0

    def token(self) -> str:
        """A token that still lives. Whoever comes while one is being fetched waits for that one, or for its failure.

        Errors:  whatever `fetch` raises, for every thread that waited
        """
        with self._lock:
            if self._value and self._ticks() < self._due:
                return self._value
            flight, mine = self._flight or Future(), self._flight is None
            self._flight = flight
        if mine:
            self._fly(flight)
        return flight.result()

    def renew(self, refused: str) -> bool:
        """This token was refused: is there another one? Many threads may ask about the same; one fetches."""
        with self._lock:
            if self._value == refused:
                self._value = ""
        return self.token() != refused

    def _fly(self, flight: Future[str]) -> None:
        asked_at = self._ticks()
        try:
            token = self._fetch()
        except BaseException as error:
            with self._lock:
                self._flight = None
            flight.set_exception(error)
            raise
        early = min(_EARLY_SECONDS, token.lives_seconds / 2)
        with self._lock:
            self._value, self._due = token.value, asked_at + token.lives_seconds - early
            self._flight = None
            self.count += 1
        flight.set_result(token.value)
