"""The file of our own client keys: which exist, which one signs, what is published while they change.

A change takes two steps, because hospitals cache what we publish: a new key is published first and signs nothing;
after `rotate` it signs, and the earlier one stays published until it is forgotten.

Takes from: errors, resource, tokens.keys.  Gives to: hospital, web, cli.
Source: https://hl7.org/fhir/smart-app-launch/client-confidential-asymmetric.html#registering-a-client-communicating-public-keys
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

from adapter.errors import ConfigError, Json, UsageError
from adapter.resource import dump_json, parse_json
from adapter.tokens.keys import ALGORITHMS, Algorithm, SigningKey, load_key, make_key, publish

_MAX_BYTES = 1 << 20


@dataclass(frozen=True)
class KeyRing:
    """Our client keys.

    Shapes:  keys     oldest first
             signing  algorithm -> id of the key that signs
    """

    keys: tuple[SigningKey, ...] = ()
    signing: Mapping[str, str] = field(default_factory=dict)

    def signer(self, algorithm: Algorithm) -> SigningKey | None:
        return next((key for key in self.keys if key.key_id == self.signing.get(algorithm)), None)

    def public(self) -> Json:
        """The JWK Set to publish: every key, those to come and those of yesterday too."""
        return publish(self.keys)

    def states(self) -> list[Json]:
        """Each key without its secret, for people: signing, next (newer than the signing one) or earlier."""
        return [self._told(place, key) for place, key in enumerate(self.keys)]

    def _told(self, place: int, key: SigningKey) -> Json:
        signer = self.signer(key.algorithm)
        newer = signer is None or place > self.keys.index(signer)
        state = "signing" if key is signer else "next" if newer else "earlier"
        return {"kid": key.key_id, "algorithm": key.algorithm, "state": state, "made": key.made_at}

    def with_new(self, algorithm: Algorithm, now: datetime) -> KeyRing:
        """One more key; the first of its algorithm signs at once, a later one waits for `rotated`."""
        key = make_key(algorithm, now)
        return KeyRing((*self.keys, key), {algorithm: key.key_id, **self.signing})

    def rotated(self, algorithm: Algorithm) -> KeyRing:
        """The newest key of the algorithm signs from now on.

        Errors:  UsageError when there is none newer than the one that signs
        """
        newest = next((key for key in reversed(self.keys) if key.algorithm == algorithm), None)
        if newest is None or newest.key_id == self.signing.get(algorithm):
            raise UsageError(f"There is no newer {algorithm} key: make one and let hospitals read it first.")
        return replace(self, signing={**self.signing, algorithm: newest.key_id})

    def without(self, key_id: str) -> KeyRing:
        """Errors:  UsageError when there is no such key, or it signs"""
        if key_id in self.signing.values():
            raise UsageError("This key signs; rotate first.")
        if key_id not in {key.key_id for key in self.keys}:
            raise UsageError("There is no key with this kid.")
        return replace(self, keys=tuple(key for key in self.keys if key.key_id != key_id))


def load_key_ring(file: Path) -> KeyRing:
    """The keys of a file: ours, or a JWK Set made elsewhere, whose first key of each algorithm signs. No file, no keys.

    Errors:  ConfigError when others can read the file, or it holds no such keys
    """
    if not file.exists():
        return KeyRing()
    try:
        if file.stat().st_mode & 0o077:
            raise ConfigError(f"The key file {file.name} can be read by others: chmod 600 it.")
        content, issues = parse_json(file.read_bytes(), max_bytes=_MAX_BYTES)
    except OSError as error:
        raise ConfigError(f"The key file {file.name} cannot be read ({error.strerror}).") from None
    listed = content.get("keys", [content]) if isinstance(content, dict) else None
    if issues or not isinstance(listed, list) or not all(isinstance(each, dict) for each in listed):
        raise ConfigError(f"The key file {file.name} holds neither a JWK Set nor a JWK.")
    keys = tuple(load_key(each) for each in listed)
    signing: dict[str, str] = {key.algorithm: key.key_id for key in reversed(keys)}
    told = content.get("signing")
    if isinstance(told, dict):
        signing |= {name: str(told[name]) for name in ALGORITHMS if name in told}
    return KeyRing(keys, signing)


def save_key_ring(ring: KeyRing, file: Path) -> None:
    """Write the file anew, readable by its owner only; whoever reads meanwhile sees the old one or the new one.

    Errors:  ConfigError when the folder cannot be written to
    """
    content = dump_json({"signing": dict(ring.signing), "keys": [key.private() for key in ring.keys]})
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle, draft = tempfile.mkstemp(dir=file.parent)
        with os.fdopen(handle, "wb") as opened:
            opened.write(content)
            opened.flush()
            os.fsync(opened.fileno())
        os.replace(draft, file)
    except OSError as error:
        raise ConfigError(f"The client keys cannot be written to {file.parent} ({error.strerror}).") from None
