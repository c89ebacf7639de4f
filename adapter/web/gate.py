"""In front of the application: so many requests at once, so many waiting, and for the rest "later" at once.

Whoever waits is let in in the order of arrival. Health and figures never wait. A refused request is neither read nor
written down: under overload that is what time is saved for.

Takes from: errors, protection.  Gives to: serving.
Source: RFC 9110 15.6.4 (503), 10.2.3 (Retry-After); PEP 3333
"""

from __future__ import annotations

import threading
import uuid
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from adapter.errors import Issue, make_operation_outcome
from adapter.resource import dump_json
from adapter.web.protection import HEADERS

PATIENCE_SECONDS = 2.0
RETRY_AFTER_SECONDS = 3
_UNGATED = ("/livez", "/readyz", "/metrics", "/static/")
_READS = ("GET", "HEAD", "OPTIONS")
_BUSY = Issue(
    "error",
    "throttled",
    "http",
    "overload",
    "The service has more to do than it can: send this again later.",
    "receive",
    text_fr="Le service a plus à faire qu'il ne peut : renvoyez ceci plus tard.",
)


@dataclass(frozen=True)
class Room:
    """How many requests of a kind there is room for.

    Shapes:  at_once  are worked on
             waiting  wait for that
    """

    at_once: int
    waiting: int

    @property
    def all(self) -> int:
        return self.at_once + self.waiting


@dataclass(frozen=True)
class Rooms:
    reads: Room
    writes: Room

    @property
    def threads(self) -> int:
        """With some over, so that whoever is refused, or asks how we are, has one."""
        return self.reads.all + self.writes.all + 4


def make_rooms(threads: int) -> Rooms:
    """Writing is for half of the threads: it takes the processor, and one database."""
    writes = max(1, threads // 2)
    return Rooms(Room(threads, 4 * threads), Room(writes, 4 * writes))


class Turns:
    """Who is let in, and who waits, first come first served.

    Shapes:  refused  how many were not let in so far
    """

    def __init__(self, room: Room) -> None:
        self._free = room.at_once
        self._places = room.waiting
        self._waiting: deque[threading.Event] = deque()
        self._lock = threading.Lock()
        self.refused = 0

    def enter(self, patience_seconds: float) -> bool:
        """False when nobody may wait any more, or the wait was too long. Who was let in has to `leave`."""
        with self._lock:
            if self._free and not self._waiting:
                self._free -= 1
                return True
            if len(self._waiting) >= self._places:
                self.refused += 1
                return False
            called = threading.Event()
            self._waiting.append(called)
        if called.wait(patience_seconds):
            return True
        with self._lock:
            if called.is_set():
                return True
            self._waiting.remove(called)
            self.refused += 1
            return False

    def leave(self) -> None:
        with self._lock:
            if self._waiting:
                self._waiting.popleft().set()
            else:
                self._free += 1


class Gate:
    """A WSGI application around another one."""

    def __init__(self, inner: Any, rooms: Rooms, patience_seconds: float = PATIENCE_SECONDS) -> None:
        self._inner = inner
        self._reads, self._writes = Turns(rooms.reads), Turns(rooms.writes)
        self._patience_seconds = patience_seconds

    def refused(self) -> dict[str, int]:
        """How many this process has refused since it began."""
        return {"read": self._reads.refused, "write": self._writes.refused}

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        if environ.get("PATH_INFO", "").startswith(_UNGATED):
            return self._inner(environ, start_response)  # type: ignore[no-any-return]
        turns = self._reads if environ.get("REQUEST_METHOD") in _READS else self._writes
        if not turns.enter(self._patience_seconds):
            return _refuse(environ, start_response)
        try:
            return _Answer(self._inner(environ, start_response), turns)
        except BaseException:
            turns.leave()
            raise


class _Answer:
    """The answer's blocks; the turn ends when the last of them was sent, or nobody wants them any more."""

    def __init__(self, blocks: Iterable[bytes], turns: Turns) -> None:
        self._blocks = blocks
        self._turns: Turns | None = turns

    def __iter__(self) -> Iterator[bytes]:
        yield from self._blocks

    def close(self) -> None:
        try:
            if callable(close := getattr(self._blocks, "close", None)):
                close()
        finally:
            turns, self._turns = self._turns, None
            if turns:
                turns.leave()


def _refuse(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    french = environ.get("HTTP_ACCEPT_LANGUAGE", "").lower().startswith("fr")
    body = dump_json(make_operation_outcome([_BUSY], "fr" if french else "en"))
    headers = {
        **HEADERS,
        "Content-Type": "application/fhir+json; charset=utf-8",
        "Content-Length": str(len(body)),
        "Retry-After": str(RETRY_AFTER_SECONDS),
        "X-Request-Id": str(uuid.uuid4()),
    }
    start_response("503 Service Unavailable", list(headers.items()))
    return [body]
