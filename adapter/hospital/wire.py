"""One request and its answer, within bounds, every failure of the library in our own words.

Nothing here decides where a request may go or what it may carry: that is `hospital.session`'s.

Takes from: errors, hospital.origin, hospital.retry, hospital.source.  Gives to: hospital.session, hospital.granting.
Source: https://www.rfc-editor.org/rfc/rfc9110
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.cookiejar import DefaultCookiePolicy

import requests
from requests import exceptions
from urllib3.exceptions import DecodeError, ProtocolError, ReadTimeoutError, SSLError

from adapter.errors import RemoteAuthError, RemoteError, RemoteTransientError
from adapter.hospital.origin import host_of, is_loopback
from adapter.hospital.peers import PublicOnly
from adapter.hospital.retry import Patience, parse_retry_after
from adapter.hospital.source import Source

_CHUNK_BYTES = 64 * 1024
_TRANSIENT_STATUSES = {408, 425, 429, 500, 502, 503, 504}

# What each failure of the library means here. The most telling class of an exception's ancestry decides.
TRANSLATIONS: dict[type[exceptions.RequestException], tuple[type[RemoteError], str]] = {
    exceptions.RequestException: (RemoteError, "the request failed"),
    exceptions.ConnectionError: (RemoteTransientError, "no connection, or it broke or fell silent"),
    exceptions.ProxyError: (RemoteTransientError, "the proxy refused or broke the connection"),
    exceptions.SSLError: (RemoteError, "the TLS connection cannot be trusted (certificate or protocol)"),
    exceptions.Timeout: (RemoteTransientError, "no answer in time"),
    exceptions.ConnectTimeout: (RemoteTransientError, "no connection in time"),
    exceptions.ReadTimeout: (RemoteTransientError, "no answer in time"),
    exceptions.ChunkedEncodingError: (RemoteTransientError, "the answer was cut short"),
    exceptions.ContentDecodingError: (RemoteTransientError, "the answer's compression is damaged"),
    exceptions.StreamConsumedError: (RemoteTransientError, "the answer was read twice"),
    exceptions.RetryError: (RemoteTransientError, "too many failed attempts"),
    exceptions.HTTPError: (RemoteError, "an HTTP error"),
    exceptions.TooManyRedirects: (RemoteError, "too many redirects"),
    exceptions.InvalidJSONError: (RemoteTransientError, "the answer is not JSON"),
    exceptions.JSONDecodeError: (RemoteTransientError, "the answer is not JSON"),
    exceptions.URLRequired: (RemoteError, "the address is missing"),
    exceptions.MissingSchema: (RemoteError, "the address has no scheme"),
    exceptions.InvalidSchema: (RemoteError, "the address has a scheme other than http or https"),
    exceptions.InvalidURL: (RemoteError, "the address cannot be used"),
    exceptions.InvalidProxyURL: (RemoteError, "the proxy's address cannot be used"),
    exceptions.InvalidHeader: (RemoteError, "a header cannot be sent"),
    exceptions.UnrewindableBodyError: (RemoteError, "the body cannot be sent again"),
}


@dataclass(frozen=True)
class Answer:
    """What came back, whole and uncompressed.

    Shapes:  headers  names in lower case
    """

    status: int
    body: bytes
    location: str
    retry_after_seconds: float | None
    host: str
    content_type: str
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Stream:
    """An answer whose body is still to be read, piece by piece and uncompressed."""

    status: int
    headers: Mapping[str, str]
    host: str
    _response: requests.Response = field(repr=False)

    def chunks(self) -> Iterator[bytes]:
        """Errors:  RemoteError and its kinds, when the body is cut, damaged or slow to come"""
        try:
            yield from _pieces(self._response)
        except exceptions.RequestException as error:
            raise translate_exception(error, self.host) from None


def _pieces(response: requests.Response) -> Iterator[bytes]:
    """What has come, as soon as it has come: `iter_content` waits for whole chunks, however slowly their bytes drip."""
    if response.raw.chunked:
        yield from response.iter_content(_CHUNK_BYTES)
        return
    try:
        while piece := response.raw.read1(_CHUNK_BYTES, decode_content=True):
            yield piece
    except ProtocolError as error:
        raise exceptions.ChunkedEncodingError(error) from None
    except DecodeError as error:
        raise exceptions.ContentDecodingError(error) from None
    except ReadTimeoutError as error:
        raise exceptions.ReadTimeout(error) from None
    except SSLError as error:
        raise exceptions.SSLError(error) from None


class _Silent(requests.auth.AuthBase):
    """No credentials of the library's own finding: without this, a .netrc of the account steps in."""

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        return request


class Wire:
    """Connections to a source's server, a set for each thread; only to a public address when that is demanded.

    A request that carries credentials shares neither cookies nor client certificate with one that does not.
    """

    def __init__(self, source: Source, patience: Patience, *, public_only: bool = False) -> None:
        self._source, self._patience, self._public_only = source, patience, public_only
        self._own = threading.local()
        self._opened: list[requests.Session] = []
        self._lock = threading.Lock()

    def send(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None, *, trusted: bool) -> Answer:
        """Errors:  RemoteError, RemoteTransientError; no status is an error here"""
        deadline = self._patience.ticks() + self._source.timeouts.answer_seconds
        try:
            with self.open(method, url, headers, body, trusted=trusted) as stream:
                return self._receive(stream, deadline)
        except exceptions.RequestException as error:
            raise translate_exception(error, host_of(url)) from None

    @contextmanager
    def open(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None = None, *, trusted: bool
    ) -> Iterator[Stream]:
        """Send, and give the answer as soon as its head is there. Redirects are answers like any other."""
        limits = self._source.timeouts
        try:
            response = self._session(trusted).request(
                method,
                url,
                data=body,
                headers=dict(headers),
                timeout=(limits.connect_seconds, limits.read_seconds),
                allow_redirects=False,
                stream=True,
            )
        except exceptions.RequestException as error:
            raise translate_exception(error, host_of(url)) from None
        with response:
            told = {name.lower(): value for name, value in response.headers.items()}
            yield Stream(response.status_code, told, host_of(url), response)

    def close(self) -> None:
        """Close the connections of every thread."""
        with self._lock:
            for session in self._opened:
                session.close()

    def read(self, stream: Stream) -> Answer:
        """The rest of a stream as a whole answer, within the limits."""
        return self._receive(stream, self._patience.ticks() + self._source.timeouts.answer_seconds)

    def _receive(self, stream: Stream, deadline: float) -> Answer:
        parts: list[bytes] = []
        size = 0
        for chunk in stream.chunks():
            size += len(chunk)
            if size > self._source.max_answer_bytes:
                raise RemoteError(f"an answer is larger than {self._source.max_answer_bytes} bytes", stream.host)
            if self._patience.ticks() > deadline:
                raise RemoteTransientError("the answer dripped in too slowly", stream.host)
            parts.append(chunk)
        told = stream.headers
        wait = parse_retry_after(told.get("retry-after"), self._patience.now())
        location, content_type = told.get("location", ""), told.get("content-type", "")
        return Answer(stream.status, b"".join(parts), location, wait, stream.host, content_type, told)

    def _session(self, trusted: bool) -> requests.Session:
        name = "trusted" if trusted else "bare"
        session: requests.Session | None = getattr(self._own, name, None)
        if session is None:
            session = self._make_session(trusted)
            setattr(self._own, name, session)
            with self._lock:
                self._opened.append(session)
        return session

    def _make_session(self, trusted: bool) -> requests.Session:
        session, tls = requests.Session(), self._source.tls
        session.auth = _Silent()
        session.headers.update({"User-Agent": "crmo-fhir-adapter"})
        # A proxy of the environment is for the world outside, not for a server on this machine.
        session.trust_env = not is_loopback(self._source.base)
        if self._public_only:
            session.trust_env = False  # a proxy would connect on our behalf, to whomever
            session.mount("https://", PublicOnly())
        if tls.authorities:
            session.verify = str(tls.authorities)
        if not trusted:
            session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        elif tls.certificate and tls.key:
            session.cert = (str(tls.certificate), str(tls.key))
        return session


def translate_exception(error: exceptions.RequestException, host: str) -> RemoteError:
    """The library's failure in our words, without the address it carries (its query may name a patient)."""
    kind, message = next(TRANSLATIONS[each] for each in type(error).__mro__ if each in TRANSLATIONS)
    return kind(message, host)


def ensure_success(answer: Answer, what: str, codes: str = "") -> None:
    """Raise unless the status is 2xx.

    Shapes:  what   what was asked, for the message ("search Condition"); never with an id or a query value
             codes  issue types the server gave as reason
    Errors:  RemoteAuthError on 401 and 403, RemoteTransientError on 408, 425, 429 and 5xx, else RemoteError
    """
    if 200 <= answer.status < 300:
        return
    message = f"answered {answer.status} to {what}" + (f" ({codes})" if codes else "")
    if answer.status in (401, 403):
        raise RemoteAuthError(message, answer.host, answer.status)
    if answer.status in _TRANSIENT_STATUSES:
        raise RemoteTransientError(message, answer.host, answer.status, answer.retry_after_seconds)
    raise RemoteError(message, answer.host, answer.status)
