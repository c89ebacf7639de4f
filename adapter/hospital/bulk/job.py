"""An export job on the server: start it, wait for its manifest, take it away.

Takes from: errors, resource, hospital.bulk.manifest, hospital.session, hospital.retry.  Gives to: bulk.
Source: https://hl7.org/fhir/uv/bulkdata/STU2/export.html#bulk-data-status-request
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from typing import Protocol, TypeVar
from urllib.parse import urljoin

from adapter.errors import RemoteError, RemoteTransientError
from adapter.hospital.bulk.manifest import Manifest, read_manifest
from adapter.hospital.bulk.request import Request
from adapter.hospital.retry import Patience
from adapter.hospital.session import FHIR_JSON, Answer, Stream, ensure_success
from adapter.resource import dump_json

SHORTEST_WAIT_SECONDS, LONGEST_WAIT_SECONDS = 1.0, 3600.0
LONGEST_PAUSE_SECONDS = 30.0
LONGEST_EXPORT_SECONDS = 24 * 3600.0
MAX_MANIFEST_PAGES = 10_000

_ACCEPTED = 202
_PROGRESS_LENGTH = 100

Waiting = Callable[[str], None]
T = TypeVar("T")


class Conversation(Protocol):
    """What is needed of a session."""

    def ask(
        self,
        method: str,
        url: str,
        read: Callable[[Answer], T],
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> T: ...

    def download(
        self, url: str, headers: Mapping[str, str] | None = None, *, bare: bool = False
    ) -> AbstractContextManager[Stream]: ...


def kick_off(session: Conversation, request: Request, base: str) -> str:
    """Start an export; returns the address to watch.

    Errors:  RemoteError and its kinds; also when the server takes the request and names no address
    """
    body = request.body()
    headers = {"Accept": FHIR_JSON, "Prefer": "respond-async"}
    url = request.url(base)

    def read(answer: Answer) -> str:
        ensure_success(answer, "start an export")
        where = answer.headers.get("content-location") or answer.location
        if answer.status != _ACCEPTED or not where:
            raise RemoteError("took the export and named no address to watch", answer.host, answer.status)
        return urljoin(url, where)

    return session.ask(request.method, url, read, dump_json(body) if body else None, headers=headers)


def await_manifest(
    session: Conversation, status_url: str, patience: Patience, max_bytes: int, waiting: Waiting
) -> Iterator[Manifest]:
    """The pages of the manifest, each as soon as it is there.

    Shapes:  waiting  told the server's own words on its progress, before each pause; may raise to stop
    Errors:  RemoteError (status 404 or 410: the job is gone); when the pages run in a circle or do not end;
             RemoteTransientError when the export is not ready after a day
    """
    seen: set[str] = set()
    url = status_url
    while url:
        if url in seen or len(seen) == MAX_MANIFEST_PAGES:
            raise RemoteError("the pages of the manifest run in a circle or do not end")
        seen.add(url)
        page = _poll(session, url, patience, max_bytes, waiting)
        yield page
        url = page.next


def _poll(session: Conversation, url: str, patience: Patience, max_bytes: int, waiting: Waiting) -> Manifest:
    waited, turn = 0.0, 0
    while True:
        answer = session.ask("GET", url, lambda got: _settled(got, url, max_bytes), headers=_JSON)
        if isinstance(answer, Manifest):
            return answer
        pause = _pause_seconds(answer, turn, patience)
        if waited + pause > LONGEST_EXPORT_SECONDS:
            raise RemoteTransientError("the export is not ready after a day of asking", answer.host)
        for part in _parts(pause):
            waiting(_printable(answer.headers.get("x-progress", "")))
            patience.pause(part)
        waited, turn = waited + pause, turn + 1


def _settled(answer: Answer, url: str, max_bytes: int) -> Manifest | Answer:
    return answer if answer.status == _ACCEPTED else read_manifest(answer, url, max_bytes)


def _pause_seconds(answer: Answer, turn: int, patience: Patience) -> float:
    """What the server asks for, within reason (Oracle asks for hours); else twice as long each time."""
    asked = answer.retry_after_seconds
    if asked is None:
        asked = min(patience.backoff_cap_seconds, patience.first_wait_seconds * 2 ** min(turn, 16))
    return min(max(asked, SHORTEST_WAIT_SECONDS), LONGEST_WAIT_SECONDS)


def _parts(seconds: float) -> Iterator[float]:
    """A long wait in pieces: whoever pauses or cancels the pull, or ends the worker, is not left waiting for hours."""
    while seconds > LONGEST_PAUSE_SECONDS:
        yield LONGEST_PAUSE_SECONDS
        seconds -= LONGEST_PAUSE_SECONDS
    yield seconds


def take_away(session: Conversation, status_url: str) -> bool:
    """Tell the server that its files are no longer needed. HAPI does not know how, which is no fault of the pull."""
    try:
        session.ask("DELETE", status_url, lambda answer: ensure_success(answer, "delete an export"), headers=_JSON)
    except RemoteError:
        return False
    return True


_JSON = {"Accept": "application/json"}


def _printable(text: str) -> str:
    return "".join(each for each in text if each.isprintable())[:_PROGRESS_LENGTH]
