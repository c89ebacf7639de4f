"""Pseudonyms under a ring of keys: made with the oldest, then carried on by each later one.

    identifier ── first key ──► p1 ── second key ──► p2 ── third key ──► p3, the one in the database

So a new key takes effect without asking any hospital again: from p1, which is in the database, comes p2. Whoever has an
earlier key alone cannot get from an identifier to what the database holds.

Takes from: canonical, resource, keyfile, identifiers.  Gives to: pseudonym.
Source: RFC 2104 (HMAC)
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from adapter.errors import Json
from adapter.keyfile import Keys, load_keys
from adapter.pseudonym.identifiers import best_identifier, find_case_identifier, logical_id
from adapter.resource import dump_json

_OURS = re.compile(r"C-[A-Z2-7]{20}\Z")
_MARK_LETTERS = 64


@dataclass(frozen=True)
class Pseudonyms:
    """Makes pseudonyms under the keys of one ring.

    Shapes:  key_id   of the newest key: it says under which key a pseudonym stands, without telling the key
             _before  the keys before it, oldest first
    """

    key_id: str
    _key: bytes = field(repr=False)
    _before: tuple[bytes, ...] = field(default=(), repr=False)

    def case_id(self, patient: Json, *, source: str, full_url: str = "") -> str | None:
        """The registry's id for a Patient of a source; None when nothing about it would be the same next time.

        Our own identifier, when the Patient carries it, is taken as it is: that is a case coming home.

        Shapes:  full_url  of the Bundle entry; a RESTful one tells the id of a Patient that has none
        """
        if known := find_case_identifier(patient):
            return known
        mark = best_identifier(patient) or logical_id(patient, full_url)
        return self._made(["case", source, *mark]) if mark else None

    def message_mark(self, identifier: list[str], letters: int = _MARK_LETTERS) -> str:
        """What a Bundle.identifier [system, value] is known by: it may well be made of a patient's number."""
        first, *later = self._keys
        mark = hmac.new(first, dump_json(["message", *identifier]), hashlib.sha256).hexdigest()[:letters]
        for key in later:
            mark = _next_mark(key, mark)
        return mark

    def next_case_id(self, case_id: str) -> str:
        """What the newest key makes of a pseudonym from before it. A name that no key of ours made stays."""
        return _next_case_id(self._key, case_id)

    def next_mark(self, mark: str) -> str:
        """What the newest key makes of a mark from before it, of the same length."""
        return _next_mark(self._key, mark)

    def may_be(self, case_id: str) -> list[str]:
        """What a pseudonym is called now, by how old it may be: given out under the newest key, the one before, ….

        Shapes:  returns  the pseudonym itself first
        """
        found = [case_id]
        for start in range(len(self._keys) - 1, 0, -1):
            told = case_id
            for key in self._keys[start:]:
                told = _next_case_id(key, told)
            found.append(told)
        return found

    @property
    def _keys(self) -> tuple[bytes, ...]:
        return (*self._before, self._key)

    def _made(self, mark: list[str]) -> str:
        first, *later = self._keys
        told = _case_id(first, mark)
        for key in later:
            told = _next_case_id(key, told)
        return told


def _case_id(key: bytes, mark: list[Any]) -> str:
    digest = hmac.digest(key, dump_json(mark), hashlib.sha256)
    return f"C-{base64.b32encode(digest)[:20].decode()}"


def _next_case_id(key: bytes, case_id: str) -> str:
    return _case_id(key, ["next", case_id]) if _OURS.match(case_id) else case_id


def _next_mark(key: bytes, mark: str) -> str:
    return hmac.new(key, dump_json(["next", mark]), hashlib.sha256).hexdigest()[: len(mark)]


def make_pseudonyms(keys: Keys) -> Pseudonyms:
    """Shapes:  keys  newest first, as the file has them"""
    newest, *older = keys.secrets.values()
    return Pseudonyms(keys.current, newest, tuple(reversed(older)))


def load_pseudonyms(file: Path) -> Pseudonyms:
    """Read the keys; make one, readable by its owner only, when there is none yet.

    Errors:  ConfigError when the file can be read by others, or does not hold keys
    """
    return make_pseudonyms(load_keys(file))
