"""One conversation with one server: every request gated, given its credentials, sent politely, followed, tried again.

Takes from: errors, hospital.origin, hospital.access, hospital.politeness, hospital.retry, hospital.wire.
Gives to: hospital.client, hospital.bulk, hospital.probing.
Source: https://hl7.org/fhir/R4/http.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import TypeVar
from urllib.parse import urljoin

from adapter.errors import Json, RemoteError
from adapter.hospital.access import Credentials, open_credentials
from adapter.hospital.origin import Gate, host_of
from adapter.hospital.politeness import Turns
from adapter.hospital.retry import Patience, persist
from adapter.hospital.source import Source
from adapter.hospital.wire import TRANSLATIONS, Answer, Stream, Wire, ensure_success, translate_exception

__all__ = [
    "FHIR_JSON",
    "TRANSLATIONS",
    "Answer",
    "Session",
    "Stream",
    "ensure_success",
    "open_session",
    "translate_exception",
]

T = TypeVar("T")

FHIR_JSON = "application/fhir+json"
MAX_REDIRECTS = 5
_REDIRECTS = {301, 302, 303, 307, 308}


class Session:
    """Many threads may speak through one session; together they keep to the source's politeness."""

    def __init__(self, source: Source, credentials: Credentials, wire: Wire, patience: Patience) -> None:
        self._source, self._patience = source, patience
        self._wire, self._credentials = wire, credentials
        self._gate = Gate(source.base, source.addresses.trusted, source.addresses.open)
        self._turns = Turns(source.politeness, patience)
        # The Date of the server's first answer: what changes after that is seen next time.
        self.date = ""

    def ask(
        self,
        method: str,
        url: str,
        read: Callable[[Answer], T],
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> T:
        """Send, and read the answer; both are tried again together when the failure may pass.

        Errors:  RemoteError and its kinds
        """
        return persist(lambda: self.ask_once(method, url, read, body, headers), self._patience)

    def ask_once(
        self,
        method: str,
        url: str,
        read: Callable[[Answer], T],
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> T:
        """For what must not be sent twice, and for whoever counts attempts himself."""
        with ExitStack() as closing:
            answer = self._wire.read(self._follow(closing, method, url, body, headers or {}))
            self.date = self.date or answer.headers.get("date", "")
            return read(answer)

    @contextmanager
    def download(self, url: str, headers: Mapping[str, str] | None = None, *, bare: bool = False) -> Iterator[Stream]:
        """A body of any size, piece by piece; tried once.

        Shapes:  bare  never send credentials, although they might go there
        Errors:  RemoteError and its kinds, also by status
        """
        with ExitStack() as closing:
            stream = self._follow(closing, "GET", url, None, headers or {}, bare=bare)
            if stream.status >= 300:
                ensure_success(self._wire.read(stream), "a file")
            yield stream

    def access(self) -> Json:
        """How we are known to the server and what it granted, for a report; no secret."""
        return self._credentials.report()

    def close(self) -> None:
        self._wire.close()

    def _follow(
        self,
        closing: ExitStack,
        method: str,
        url: str,
        body: bytes | None,
        headers: Mapping[str, str],
        bare: bool = False,
    ) -> Stream:
        """Redirects are followed for GET only, and each target passes the gate like the first address."""
        for _ in range(MAX_REDIRECTS + 1):
            stream = self._send(closing, method, url, body, headers, bare)
            location = stream.headers.get("location", "")
            if stream.status not in _REDIRECTS or not location:
                return stream
            closing.close()
            if method != "GET":
                raise RemoteError("redirects what was sent to it; that is not followed", host_of(url), stream.status)
            url = urljoin(url, location.strip())
        raise RemoteError("redirects in a circle", host_of(url))

    def _send(
        self, closing: ExitStack, method: str, url: str, body: bytes | None, headers: Mapping[str, str], bare: bool
    ) -> Stream:
        """Credentials go along only where the gate says so; refused once, they are renewed and sent once more."""
        trusted = self._gate.admit(url) and not bare
        typed = {"Content-Type": FHIR_JSON} if body is not None else {}
        plain = {"Accept": FHIR_JSON, **typed, **headers}
        carried = self._credentials.headers() if trusted else {}
        stream = self._open(closing, method, url, {**plain, **carried}, body, trusted)
        if stream.status == 401 and trusted and self._credentials.renew(carried):
            closing.close()
            stream = self._open(closing, method, url, {**plain, **self._credentials.headers()}, body, trusted)
        return stream

    def _open(
        self, closing: ExitStack, method: str, url: str, headers: Mapping[str, str], body: bytes | None, trusted: bool
    ) -> Stream:
        closing.enter_context(self._turns.turn())
        return closing.enter_context(self._wire.open(method, url, headers, body, trusted=trusted))


@contextmanager
def open_session(
    source: Source, secret: Callable[[str], str | None], patience: Patience | None = None
) -> Iterator[Session]:
    """Open a conversation with a source's server.

    Shapes:  secret  looks a named secret up (the environment, in production); None when it is not set
    Errors:  ConfigError when the source names a secret, key or certificate that is not there
    """
    patience = patience or Patience()
    wire = Wire(source, patience)
    try:
        yield Session(source, open_credentials(source, secret, wire, patience), wire, patience)
    finally:
        wire.close()
