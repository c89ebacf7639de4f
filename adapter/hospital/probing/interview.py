"""Control questions to one server: each is answered by a page, or by the reason why there is none.

Takes from: errors, hospital.  Gives to: the other files of probing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from adapter.errors import Json, RemoteAuthError, RemoteTransientError
from adapter.hospital.answers import Page, read_document, read_page
from adapter.hospital.asking import Question
from adapter.hospital.client import Hospital, address
from adapter.hospital.probing.profile import Throttling
from adapter.hospital.session import Answer

T = TypeVar("T")

_THROTTLED = (429, 503)


@dataclass
class Interview:
    """Asks, counts, and remembers how the server throttled. Without an answer at all there is nothing to learn."""

    hospital: Hospital
    requests: int = 0
    throttling: Throttling = "unseen"
    samples: dict[str, list[Json]] = field(default_factory=dict)

    def search(self, type_: str, parameters: Mapping[str, str]) -> Page | None:
        """The first page of a search; None when the server refuses it.

        Errors:  RemoteTransientError when it does not answer, RemoteAuthError when it does not know us
        """
        source = self.hospital.source

        def read(answer: Answer) -> Page:
            self._notice(answer)
            return read_page(answer, type_, f"search {type_}", source.max_answer_bytes)

        page = self._ask(Question(address(source.base, type_, parameters)), read)
        return None if page is None or page.complaint else page

    def document(self, url: str, what: str) -> Json:
        """A resource, of whatever type; empty when there is none.  Errors:  as search"""

        def read(answer: Answer) -> Json:
            self._notice(answer)
            return read_document(answer, what, self.hospital.source.max_answer_bytes)

        return self._ask(Question(url), read) or {}

    def _ask(self, question: Question, read: Callable[[Answer], T]) -> T | None:
        reply = self.hospital.asker.ask(question, read)
        self.requests += len(reply.attempts)
        error = reply.error
        if isinstance(error, RemoteTransientError) and error.status in (0, *_THROTTLED):
            raise error
        if isinstance(error, RemoteAuthError) and error.status == 401:
            raise error
        return reply.value

    def count(self, type_: str, parameters: Mapping[str, str]) -> int | None:
        """How many a search would find, by the server's word."""
        page = self.search(type_, {**parameters, "_summary": "count"})
        return page.total if page else None

    def _notice(self, answer: Answer) -> None:
        if answer.status not in _THROTTLED:
            return
        told = answer.headers.get("retry-after", "").strip()
        self.throttling = "bare" if not told else "seconds" if told.isdecimal() else "date"
