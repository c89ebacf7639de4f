"""What is kept sealed at rest: the bytes hospitals sent, under a key that is not in the database.

Takes from: errors, keyfile.  Gives to: store.inbox, bootstrap.
Source: NIST SP 800-38D (AES-GCM); the nonce is random, so that a key stays good for 2^32 messages
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from adapter.errors import IntegrityError
from adapter.keyfile import KEY_BYTES, Keys, load_keys

_NONCE_BYTES = 12


@dataclass(frozen=True)
class Seals:
    """Seals with the current key, opens with any key of the ring."""

    keys: Keys

    @property
    def key_id(self) -> str:
        return self.keys.current

    def seal(self, content: bytes, bound_to: str) -> bytes:
        """Nonce and ciphertext. `bound_to`: the row it belongs to, so that it opens nowhere else."""
        nonce = os.urandom(_NONCE_BYTES)
        return nonce + self._cipher(self.key_id).encrypt(nonce, content, bound_to.encode())

    def unseal(self, sealed: bytes, bound_to: str, key_id: str) -> bytes:
        """Errors:  IntegrityError for a key that is not here, another row, or bytes that were changed"""
        try:
            return self._cipher(key_id).decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], bound_to.encode())
        except (InvalidTag, ValueError):
            raise IntegrityError(f"What was sealed with the key {key_id} does not open: it was changed.") from None

    def _cipher(self, key_id: str) -> AESGCM:
        secret = self.keys.secrets.get(key_id)
        if secret is None:
            raise IntegrityError(f"The key {key_id} that sealed this is not in the key file.")
        return AESGCM(secret[:KEY_BYTES])


def load_seals(file: Path) -> Seals:
    """Errors:  ConfigError, see `load_keys`"""
    return Seals(load_keys(file))
