"""When to ask again, and how long to wait before: full-jitter exponential backoff that obeys Retry-After.

Takes from: errors.  Gives to: hospital.session, hospital.asking.
Source: https://www.rfc-editor.org/rfc/rfc9110#field.retry-after
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TypeVar

from adapter.errors import RemoteTransientError

T = TypeVar("T")


def _utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True)
class Patience:
    """How long one question may be asked again. Clock, pause and chance are handed in, so that tests own them.

    Units:   seconds; `longest_wait_seconds` bounds a single Retry-After, beyond it we give up rather than guess
    """

    attempts: int = 6
    first_wait_seconds: float = 0.5
    backoff_cap_seconds: float = 30.0
    longest_wait_seconds: float = 300.0
    pause: Callable[[float], None] = field(default=time.sleep, repr=False)
    chance: Callable[[float, float], float] = field(default=random.SystemRandom().uniform, repr=False)
    now: Callable[[], datetime] = field(default=_utc_now, repr=False)
    ticks: Callable[[], float] = field(default=time.monotonic, repr=False)


def persist(action: Callable[[], T], patience: Patience) -> T:
    """Run the action until it succeeds; a transient error is met with a pause, any other error ends it.

    Errors:  the last RemoteTransientError when attempts are used up or the server asks for too long a wait
    """
    for attempt in range(1, patience.attempts):
        try:
            return action()
        except RemoteTransientError as error:
            wait = wait_seconds(error, attempt, patience)
            if wait > patience.longest_wait_seconds:
                raise
            patience.pause(wait)
    return action()


def wait_seconds(error: RemoteTransientError, attempt: int, patience: Patience) -> float:
    """How long to wait before the next attempt: what the server says, else anything up to an ever higher ceiling."""
    if error.retry_after_seconds is not None:
        return error.retry_after_seconds
    ceiling = min(patience.backoff_cap_seconds, patience.first_wait_seconds * 2 ** (attempt - 1))
    return patience.chance(0.0, ceiling)


def parse_retry_after(text: str | None, now: datetime) -> float | None:
    """Seconds to wait; None when the header is absent or unreadable.

    Shapes:  text  "120" or an HTTP date; a date already past means 0
    """
    if text is None:
        return None
    if text.strip().isdecimal():
        return float(text)
    try:
        due = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    due = due if due.tzinfo else due.replace(tzinfo=UTC)
    return max(0.0, (due - now).total_seconds())
