"""Send on a timetable, whatever the answers do: the wait of a request counts from when it should have been sent.

So a service that stalls cannot hide it by keeping its callers from asking ("coordinated omission").
"""

from __future__ import annotations

import http.client
import itertools
import math
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

SECONDS = 120
ERROR = 0


@dataclass(frozen=True)
class Sample:
    """One request.

    Shapes:  status       0 when there was no answer
             retry_after  the header, when there was one
    Units:   seconds since the first was due; `due` by the timetable, `sent` and `answered` by the clock
    """

    due: float
    sent: float
    answered: float
    status: int
    retry_after: str | None


class Caller:
    """One connection that is kept open."""

    def __init__(self, address: tuple[str, int]) -> None:
        self._address = address
        self._connection: http.client.HTTPConnection | None = None

    def ask(self, method: str, path: str, body: bytes | None = None) -> tuple[int, str | None]:
        headers = {"Content-Type": "application/fhir+json"} if body else {}
        for attempt in (1, 2):
            fresh = self._connection is None
            try:
                if self._connection is None:
                    self._connection = http.client.HTTPConnection(*self._address, timeout=SECONDS)
                self._connection.request(method, path, body, headers)
                answer = self._connection.getresponse()
                answer.read()
            except (OSError, http.client.HTTPException):
                self.close()
                # A kept connection may have been closed at the other end just now; the same bytes are no second case.
                if fresh or attempt == 2:
                    return ERROR, None
            else:
                return answer.status, answer.getheader("Retry-After")
        return ERROR, None

    def close(self) -> None:
        if self._connection:
            self._connection.close()
        self._connection = None


def send(
    address: tuple[str, int], make: Callable[[int], bytes], numbers: Sequence[int], rate: float, threads: int
) -> list[Sample]:
    """Push the Bundles with these numbers, `rate` a second; 0: as fast as `threads` callers get answers."""
    begun, turn, samples = time.monotonic() + 0.1, itertools.count(), []

    def call() -> None:
        caller = Caller(address)
        while (turn_of := next(turn)) < len(numbers):
            body = make(numbers[turn_of])
            due = begun + turn_of / rate if rate else time.monotonic()
            time.sleep(max(0.0, due - time.monotonic()))
            sent = time.monotonic()
            told = caller.ask("POST", "/fhir", body)
            samples.append(Sample(due - begun, sent - begun, time.monotonic() - begun, *told))
        caller.close()

    crowd = [threading.Thread(target=call) for _ in range(min(threads, len(numbers)))]
    for each in crowd:
        each.start()
    for each in crowd:
        each.join()
    return sorted(samples, key=lambda each: each.due)


class Health:
    """Asks /livez all the while: `with Health(address) as health: …; health.statuses`."""

    def __init__(self, address: tuple[str, int], every_seconds: float = 0.25) -> None:
        self.statuses: Counter[int] = Counter()
        self.slowest = 0.0
        self._address, self._every = address, every_seconds
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._ask)

    def __enter__(self) -> Health:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _ask(self) -> None:
        caller = Caller(self._address)
        while not self._stop.is_set():
            begun = time.monotonic()
            self.statuses[caller.ask("GET", "/livez")[0]] += 1
            self.slowest = max(self.slowest, time.monotonic() - begun)
            self._stop.wait(self._every)
        caller.close()


def statuses(samples: Sequence[Sample]) -> dict[str, int]:
    return {str(status): count for status, count in sorted(Counter(each.status for each in samples).items())}


def waits(samples: Sequence[Sample]) -> dict[str, Any]:
    """Units:  milliseconds from when a request was due to its answer"""
    ordered = sorted(each.answered - each.due for each in samples)
    if not ordered:
        return {}
    shares = {"p50_ms": 0.5, "p90_ms": 0.9, "p99_ms": 0.99, "max_ms": 1.0}
    return {name: round(ordered[math.ceil(len(ordered) * share) - 1] * 1000) for name, share in shares.items()}
