"""Read a client's public keys at the address it was registered with: once, small, quickly, and nowhere else.

Takes from: errors, resource, hospital.declaring, hospital.origin, hospital.retry, hospital.wire.  Gives to: access.
Source: https://hl7.org/fhir/smart-app-launch/client-confidential-asymmetric.html, RFC 7517
"""

from __future__ import annotations

import re
from contextlib import closing
from dataclasses import replace
from urllib.parse import urlsplit

from adapter.errors import Json, RemoteError
from adapter.hospital.declaring import resolve_source
from adapter.hospital.origin import host_of, is_loopback, origin_of
from adapter.hospital.retry import Patience
from adapter.hospital.source import Timeouts
from adapter.hospital.wire import Wire
from adapter.resource import parse_json

MAX_BYTES = 64 * 1024
DEFAULT_SECONDS = 300.0
_TIMEOUTS = Timeouts(connect_seconds=5, read_seconds=5, answer_seconds=10)
_MAX_AGE = re.compile(r"max-age=(\d{1,9})")
_NOT_KEPT = re.compile(r"no-store|no-cache")
_LONGEST = 500


def address_problem(url: str) -> str:
    """Why a client's keys cannot be read at an address; "" when they can."""
    try:
        scheme, _host, _port = origin_of(url)
    except ValueError:
        return "it is no plain https address"
    if scheme != "https" and not is_loopback(url):
        return "it is not https"
    return "it is too long, or has a fragment" if len(url) > _LONGEST or urlsplit(url).fragment else ""


def fetch_key_set(url: str, *, private: bool = False) -> tuple[Json, float]:
    """A JWK Set, and for how many seconds its server wants it to be used.

    It is asked for without credentials and tried once; a redirect is an answer like any other wrong one.

    Shapes:  private  the operator says that this host may have an address that is not public
    Errors:  RemoteError and its kinds
    """
    host = host_of(url)
    if problem := address_problem(url):
        raise RemoteError(f"the address of the key set cannot be used: {problem}", host)
    source = replace(resolve_source(url, {}), timeouts=_TIMEOUTS, max_answer_bytes=MAX_BYTES)
    with closing(Wire(source, Patience(), public_only=not private and not is_loopback(url))) as wire:
        accepted = {"Accept": "application/jwk-set+json, application/json"}
        answer = wire.send("GET", url, accepted, None, trusted=False)
    if answer.status != 200:
        raise RemoteError(f"answered {answer.status} instead of a key set", host, answer.status)
    told, issues = parse_json(answer.body, max_bytes=MAX_BYTES)
    if issues or not isinstance(told, dict) or not isinstance(told.get("keys"), list):
        raise RemoteError("answered something that is no key set", host)
    return told, _lifetime(answer.headers.get("cache-control", ""))


def _lifetime(cache_control: str) -> float:
    if _NOT_KEPT.search(cache_control.lower()):
        return 0
    told = _MAX_AGE.search(cache_control.lower())
    return float(told[1]) if told else DEFAULT_SECONDS
