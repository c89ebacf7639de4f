"""How fast one server may be asked by all our connections together: what it says to one of them holds for all.

A server that throttles is asked over half as many connections; each answer after that opens a part of one again. No
connection asks before the time a server has named to any of them.

Takes from: errors, hospital.retry.  Gives to: hospital.asking, crawl.
Source: https://www.rfc-editor.org/rfc/rfc6585#section-4
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from adapter.errors import RemoteTransientError
from adapter.hospital.retry import Patience

_THROTTLED = (429, 503)


class Pace:
    """Shared by the threads that ask one server."""

    def __init__(self, connections: int, patience: Patience) -> None:
        self._most = self._open = float(connections)
        self._patience = patience
        self._asking, self._peak = 0, 0
        self._until: float | None = None
        self._changed = threading.Condition()

    @property
    def connections(self) -> int:
        """How many may ask at the same time, as the server stands it."""
        return max(1, int(self._open))

    @property
    def peak(self) -> int:
        """How many did ask at the same time, at most."""
        return self._peak

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Wait until it is our turn to ask, and leave it to others afterwards."""
        with self._changed:
            self._changed.wait_for(lambda: self._asking < self.connections)
            self._asking += 1
            self._peak = max(self._peak, self._asking)
        try:
            self._rest()
            yield
        finally:
            with self._changed:
                self._asking -= 1
                self._changed.notify_all()

    def answered(self) -> None:
        """An answer that could be used: a part of a connection more."""
        with self._changed:
            self._open = min(self._most, self._open + 1 / self.connections)
            self._changed.notify_all()

    def refused(self, error: RemoteTransientError) -> None:
        """A server that says it is too much is believed at once; the time it names holds for everybody."""
        with self._changed:
            if error.status in _THROTTLED:
                self._open = max(1.0, self._open / 2)
            if error.retry_after_seconds is not None:
                wait = min(error.retry_after_seconds, self._patience.longest_wait_seconds)
                self._until = max(self._until or 0.0, self._patience.ticks() + wait)

    def _rest(self) -> None:
        with self._changed:
            until = self._until
        left = until - self._patience.ticks() if until is not None else 0.0
        if left > 0:
            self._patience.pause(left)
        with self._changed:
            if self._until == until:
                self._until = None
