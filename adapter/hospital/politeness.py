"""How we behave towards a hospital's server: how many requests at a time, how many a second, at which hours none.

Takes from: errors, hospital.attempt, hospital.retry.  Gives to: hospital.source, hospital.session, the worker.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from adapter.errors import RemoteTransientError
from adapter.hospital.attempt import Attempt
from adapter.hospital.retry import Patience

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@dataclass(frozen=True)
class QuietHours:
    """When the hospital needs its server for itself.

    Shapes:  end   before `start` when the quiet lasts over midnight
             days  those on which a quiet begins
    """

    start: time
    end: time
    zone: ZoneInfo
    days: tuple[str, ...] = DAYS

    def until(self, now: datetime) -> datetime | None:
        """When the quiet of this moment ends; None when it is not quiet."""
        local = now.astimezone(self.zone)
        for day in (local.date() - timedelta(days=1), local.date()):
            begins = datetime.combine(day, self.start, self.zone)
            last = day if self.end > self.start else day + timedelta(days=1)
            ends = datetime.combine(last, self.end, self.zone)
            if DAYS[day.weekday()] in self.days and begins <= local < ends:
                return ends.astimezone(UTC)
        return None


class QuietHour(RemoteTransientError):
    """Not asked: the hospital needs its server for itself.

    Shapes:  attempts  of the same question, before the quiet began
    """

    attempts: Sequence[Attempt] = ()


@dataclass(frozen=True)
class Politeness:
    """Shapes:  connections          requests under way at the same time, over all threads
    requests_per_second  None: as many as the connections carry
    """

    connections: int = 8
    requests_per_second: float | None = None
    quiet: QuietHours | None = None


def quiet_until(politeness: Politeness, now: datetime) -> datetime | None:
    """When the source may be asked again; None when it may be asked now."""
    return politeness.quiet.until(now) if politeness.quiet else None


class Turns:
    """Hands out turns to speak. Whoever has none waits; but quiet hours end a pull, which goes on later."""

    def __init__(self, politeness: Politeness, patience: Patience) -> None:
        self._politeness, self._patience = politeness, patience
        self._places = threading.BoundedSemaphore(politeness.connections)
        self._lock = threading.Lock()
        self._next = 0.0

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Errors:  QuietHour, with the seconds until it ends"""
        now = self._patience.now()
        if ends := quiet_until(self._politeness, now):
            wait = (ends - now).total_seconds()
            raise QuietHour("it is a quiet hour of this source", retry_after_seconds=wait)
        with self._places:
            if pause := self._wait_seconds():
                self._patience.pause(pause)
            yield

    def _wait_seconds(self) -> float:
        rate = self._politeness.requests_per_second
        if not rate:
            return 0.0
        with self._lock:
            now = self._patience.ticks()
            due = max(now, self._next)
            self._next = due + 1 / rate
        return due - now
