"""Ask a server one question until its answer can be used, and remember every attempt.

One retry holds sending, parsing and checking together: a status of 200 proves nothing.

Takes from: errors, hospital.attempt, pace, politeness, retry, session.  Gives to: hospital.client, crawl.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Generic, TypeVar

from adapter.errors import RemoteError, RemoteTransientError
from adapter.hospital.attempt import Attempt, Outcome, outcome_of, reason_of
from adapter.hospital.pace import Pace
from adapter.hospital.politeness import QuietHour
from adapter.hospital.retry import Patience, wait_seconds
from adapter.hospital.session import Answer, Session

T = TypeVar("T")

FORM = "application/x-www-form-urlencoded"
_GONE = (410,)


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked. A question with a form is a search by POST, which may be repeated."""

    url: str
    form: bytes | None = None

    @property
    def method(self) -> str:
        return "GET" if self.form is None else "POST"


@dataclass(slots=True)
class Reply(Generic[T]):
    """How a question ended: its value, or the error that says why there is none."""

    value: T | None = None
    outcome: Outcome = "ok"
    error: RemoteError | None = None
    attempts: list[Attempt] = field(default_factory=list)

    @property
    def unreachable(self) -> bool:
        return self.outcome == "transient" and self.error is not None and not self.error.status


class Asker:
    """Asks over one session; may be used by several threads."""

    def __init__(self, session: Session, patience: Patience, pace: Pace) -> None:
        self._session, self._patience, self.pace = session, patience, pace

    def ask(self, question: Question, read: Callable[[Answer], T]) -> Reply[T]:
        """Shapes:  read  parses and checks; a RemoteTransientError of its makes us ask again

        Errors:  none raised for what the server does; it is in the reply. QuietHour when it may not be asked now
        """
        reply: Reply[T] = Reply()
        for number in range(1, self._patience.attempts + 1):
            self._try(question, read, reply)
            if reply.outcome != "transient" or number == self._patience.attempts:
                break
            if not self._wait(reply.error, number):
                break
        return reply

    def _try(self, question: Question, read: Callable[[Answer], T], reply: Reply[T]) -> None:
        seen: list[Answer] = []
        at, started = self._patience.now(), self._patience.ticks()

        def look(answer: Answer) -> T:
            seen.append(answer)
            return read(answer)

        try:
            with self.pace.turn():
                reply.value = self._send(question, look)
            reply.outcome, reply.error = "ok", None
            self.pace.answered()
        except QuietHour as error:
            error.attempts = reply.attempts
            raise
        except RemoteError as error:
            reply.outcome, reply.error = outcome_of(error, _GONE), error
            if isinstance(error, RemoteTransientError):
                self.pace.refused(error)
        answer = seen[0] if seen else None
        seconds = self._patience.ticks() - started
        reply.attempts.append(_attempt(question, at, seconds, answer, reply))

    def _send(self, question: Question, look: Callable[[Answer], T]) -> T:
        if question.form is None:
            return self._session.ask_once("GET", question.url, look)
        return self._session.ask_once("POST", question.url, look, question.form, {"Content-Type": FORM})

    def _wait(self, error: RemoteError | None, number: int) -> bool:
        """False when the server asks for a longer wait than we have."""
        if not isinstance(error, RemoteTransientError):
            return False
        wait = wait_seconds(error, number, self._patience)
        if wait > self._patience.longest_wait_seconds:
            return False
        if error.retry_after_seconds is None:  # else the pace makes everybody wait, us too
            self._patience.pause(wait)
        return True


def _attempt(question: Question, at: datetime, seconds: float, answer: Answer | None, reply: Reply[T]) -> Attempt:
    told = reason_of(reply.error)
    if answer is None:
        status = reply.error.status if reply.error else 0
        return Attempt(at, question.method, question.url, reply.outcome, told, status, seconds)
    digest, etag = hashlib.sha256(answer.body).hexdigest(), answer.headers.get("etag", "")[:200]
    size = len(answer.body)
    return Attempt(at, question.method, question.url, reply.outcome, told, answer.status, seconds, size, etag, digest)
