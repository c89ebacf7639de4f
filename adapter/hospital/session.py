"""One conversation with one server: send, receive within bounds, translate every failure into our own words.

Takes from: errors, resource, hospital.retry, hospital.origin.  Gives to: hospital.client.
Source: https://hl7.org/fhir/R4/http.html
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import ip_address
from typing import TypeVar

import requests
from requests import exceptions

from adapter.errors import RemoteAuthError, RemoteError, RemoteTransientError
from adapter.hospital.origin import host_of, resolve_link
from adapter.hospital.retry import Patience, parse_retry_after, persist
from adapter.hospital.source import Source

T = TypeVar("T")

FHIR_JSON = "application/fhir+json"
MAX_REDIRECTS = 5
_CHUNK_BYTES = 64 * 1024
_REDIRECTS = {301, 302, 303, 307, 308}
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
    """What came back, whole and uncompressed."""

    status: int
    body: bytes
    location: str
    retry_after_seconds: float | None
    host: str
    content_type: str


class _Bearer(requests.auth.AuthBase):
    """The token for the configured origin; present even without a token, so that no .netrc steps in."""

    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        if self._token:
            request.headers["Authorization"] = f"Bearer {self._token}"
        return request


class Session:
    """A connection pool with our limits. `ask` is the only way to speak through it."""

    def __init__(self, source: Source, token: str, patience: Patience) -> None:
        self._source, self._patience = source, patience
        self._http = requests.Session()
        self._http.auth = _Bearer(token)
        self._http.headers.update({"Accept": FHIR_JSON, "User-Agent": "crmo-fhir-adapter"})
        # A proxy of the environment is for the world outside, not for a server on this machine.
        self._http.trust_env = not _is_loopback(host_of(source.base))

    def ask(self, method: str, url: str, read: Callable[[Answer], T], body: bytes | None = None) -> T:
        """Send, and read the answer; both are tried again together when the failure may pass.

        Errors:  RemoteError and its kinds
        """
        return persist(lambda: read(self._follow(method, url, body)), self._patience)

    def ask_once(self, method: str, url: str, read: Callable[[Answer], T], body: bytes | None = None) -> T:
        """For what must not be sent twice."""
        return read(self._follow(method, url, body))

    def close(self) -> None:
        self._http.close()

    def _follow(self, method: str, url: str, body: bytes | None) -> Answer:
        """Redirects are followed within the origin only: a token goes nowhere else."""
        for _ in range(MAX_REDIRECTS + 1):
            answer = self._send(method, url, body)
            if answer.status not in _REDIRECTS or not answer.location:
                return answer
            if method != "GET":
                raise RemoteError("redirects what was sent to it; that is not followed", answer.host, answer.status)
            url = resolve_link(answer.location, self._source.base, url)
        raise RemoteError("redirects in a circle", host_of(url))

    def _send(self, method: str, url: str, body: bytes | None) -> Answer:
        limits = self._source.timeouts
        headers = {"Content-Type": FHIR_JSON} if body is not None else None
        started = self._patience.ticks()
        try:
            with self._http.request(
                method,
                url,
                data=body,
                headers=headers,
                timeout=(limits.connect_seconds, limits.read_seconds),
                allow_redirects=False,
                stream=True,
            ) as response:
                return self._receive(response, host_of(url), started + limits.answer_seconds)
        except exceptions.RequestException as error:
            raise translate_exception(error, host_of(url)) from None

    def _receive(self, response: requests.Response, host: str, deadline: float) -> Answer:
        parts: list[bytes] = []
        size = 0
        for chunk in response.iter_content(_CHUNK_BYTES):
            size += len(chunk)
            if size > self._source.max_answer_bytes:
                raise RemoteError(f"an answer is larger than {self._source.max_answer_bytes} bytes", host)
            if self._patience.ticks() > deadline:
                raise RemoteTransientError("the answer dripped in too slowly", host)
            parts.append(chunk)
        wait = parse_retry_after(response.headers.get("Retry-After"), self._patience.now())
        location = response.headers.get("Location", "")
        content_type = response.headers.get("Content-Type", "")
        return Answer(response.status_code, b"".join(parts), location, wait, host, content_type)


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


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
