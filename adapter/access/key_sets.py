"""Keys of clients that are registered by address: kept as long as their server allows, asked for rarely.

Takes from: errors, hospital, tokens.  Gives to: web.
Source: https://hl7.org/fhir/smart-app-launch/client-confidential-asymmetric.html
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass, field

from adapter.errors import Json, RemoteError
from adapter.hospital.key_sets import fetch_key_set
from adapter.hospital.origin import host_of

# Between two questions to one address, whoever asks us meanwhile and with whatever key.
FLOOR_SECONDS = 10.0
MAX_SECONDS = 3600.0

Fetch = Callable[[str], tuple[Json, float]]


@dataclass
class _Known:
    turn: threading.Lock = field(default_factory=threading.Lock)
    key_set: Json | None = None
    good_until: float = 0
    asked_at: float | None = None


class KeySets:
    """Shapes:  fetch  reads an address: the key set, and the seconds it may be kept
    ticks  a clock that only goes forward
    """

    def __init__(self, fetch: Fetch, ticks: Callable[[], float] = time.monotonic) -> None:
        self._fetch, self._ticks = fetch, ticks
        self._known: dict[str, _Known] = {}
        self._lock = threading.Lock()

    def find(self, url: str, key_id: str) -> Json:
        """The key set of an address, read anew when its time is over or it lacks a key: a new key may be hours old.

        Shapes:  url  a registered one; nothing that a caller says may come here
        Errors:  RemoteError when it cannot be read, or could not a moment ago
        """
        with self._lock:
            known = self._known.setdefault(url, _Known())
        with known.turn:
            now = self._ticks()
            kept = known.key_set if now < known.good_until else None
            if kept is not None and _has(kept, key_id):
                return kept
            if known.asked_at is None or now - known.asked_at >= FLOOR_SECONDS:
                return self._ask(url, known, now)
        if kept is None:
            raise RemoteError("the key set could not be read a moment ago", host_of(url))
        return kept

    def _ask(self, url: str, known: _Known, now: float) -> Json:
        # Until there is an answer there is nothing: a key that was taken away must not be good by an old one.
        known.asked_at, known.key_set, known.good_until = now, None, 0
        known.key_set, seconds = self._fetch(url)
        known.good_until = now + min(max(seconds, FLOOR_SECONDS), MAX_SECONDS)
        return known.key_set


def open_key_sets(private_hosts: Collection[str] = ()) -> KeySets:
    """Shapes:  private_hosts  those that the operator lets have addresses that are not public"""
    return KeySets(lambda url: fetch_key_set(url, private=host_of(url) in private_hosts))


def _has(key_set: Json, key_id: str) -> bool:
    return any(isinstance(each, dict) and each.get("kid") == key_id for each in key_set["keys"])
