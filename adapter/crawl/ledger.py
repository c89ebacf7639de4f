"""Attempts as they are written down: what was asked stays readable, whom it was about does not.

Takes from: errors, hospital.attempt, pseudonym, store.ledger.  Gives to: crawl.
"""

from __future__ import annotations

from urllib.parse import parse_qsl, urlsplit

from adapter.hospital import Source
from adapter.hospital.attempt import Attempt
from adapter.pseudonym import Pseudonyms
from adapter.store.ledger import Request

# Values that say how to answer, and none that says about whom.
CONTROLS = frozenset(("_count", "_summary", "_include", "_revinclude", "_offset", "_sort", "_total", "_elements"))
_MARK_LETTERS, _HASH_LETTERS = 32, 16


class Scribe:
    """Writes attempts for one source: values it declares are shown, every other value is a keyed hash."""

    def __init__(self, source: Source, pseudonyms: Pseudonyms) -> None:
        self._base = source.base
        self._pseudonyms = pseudonyms
        searches = (*source.candidates, *source.collect)
        self._declared = frozenset(
            value for search in searches for values in search.parameters.values() for value in values
        )

    def request(self, attempt: Attempt, resources: int = 0) -> Request:
        """Shapes:  resources  how many were kept of the answer"""
        return Request(
            at=attempt.at,
            method=attempt.method,
            address=self._address(attempt.url),
            mark=self.mark(attempt.url),
            outcome=attempt.outcome,
            reason=attempt.reason,
            status=attempt.status,
            milliseconds=round(attempt.seconds * 1000),
            bytes=attempt.size,
            resources=resources,
            etag=attempt.etag,
            digest=attempt.digest,
        )

    def mark(self, url: str) -> str:
        """The same address has the same mark."""
        return self._hash(url, _MARK_LETTERS)

    def _address(self, url: str) -> str:
        parts = urlsplit(url)
        below = f"{parts.scheme}://{parts.netloc}{parts.path}".removeprefix(self._base).strip("/")
        type_, slash, id_ = below.partition("/")
        path = f"{type_}/{id_ if id_.startswith('_') else self._hash(id_)}" if slash else type_
        pairs = parse_qsl(parts.query, keep_blank_values=True)
        shown = "&".join(f"{name}={self._shown(name, value)}" for name, value in pairs)
        return f"{path}?{shown}" if shown else path

    def _shown(self, name: str, value: str) -> str:
        if name in CONTROLS:
            return value
        return ",".join(each if each in self._declared else self._hash(each) for each in value.split(","))

    def _hash(self, text: str, letters: int = _HASH_LETTERS) -> str:
        return "~" + self._pseudonyms.message_mark(["pull", text], letters - 1)
