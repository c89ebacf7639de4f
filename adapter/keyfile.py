"""Secret keys in files of their own: made when missing, readable by their owner only, never shown.

Takes from: errors.  Gives to: pseudonym, sealing.
"""

from __future__ import annotations

import json
import os
import re
import secrets
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from adapter.errors import ConfigError

KEY_BYTES = 32
_KEY_ID = re.compile(r"[A-Za-z0-9._-]{1,32}\Z")


@dataclass(frozen=True)
class Keys:
    """The secret keys of one purpose.

    Shapes:  current  id of the key that new work is done with; the first in the file
             secrets  every key of the file by its id, 256 bits or more each
    """

    current: str
    secrets: Mapping[str, bytes] = field(repr=False)


def load_keys(file: Path) -> Keys:
    """Read the keys; make one when there is no file yet.

    Shapes:  file  {"id", "secret"} for one key, {"keys": [{"id", "secret"}, …]} for several, newest first;
                   a secret in hexadecimal
    Errors:  ConfigError when the file can be read by others, or does not hold keys
    """
    if not file.exists():
        _make(file)
    try:
        if file.stat().st_mode & 0o077:
            raise ConfigError(f"The key file {file.name} can be read by others: chmod 600 it.")
        content = json.loads(file.read_text(encoding="ascii"))
        listed = [content] if "secret" in content else content["keys"]
        keys = {str(each["id"]): bytes.fromhex(each["secret"]) for each in listed}
        current = str(listed[0]["id"])
    except (OSError, ValueError, KeyError, TypeError, IndexError) as error:
        raise ConfigError(f"The key file {file.name} does not hold a key ({type(error).__name__}).") from None
    _ensure_sound(file, keys, len(listed))
    return Keys(current, keys)


def _ensure_sound(file: Path, keys: Mapping[str, bytes], listed: int) -> None:
    if len(keys) != listed:
        raise ConfigError(f"Two keys in {file.name} have one id.")
    for key_id, secret in keys.items():
        if not _KEY_ID.match(key_id):
            raise ConfigError(f"The id of the key in {file.name} is 1 to 32 letters, digits, '.', '_' or '-'.")
        if len(secret) < KEY_BYTES:
            raise ConfigError(f"The key in {file.name} is shorter than 256 bits.")


def add_key(file: Path) -> Keys:
    """Put a new key before the others; what the others made stays readable.  Errors:  ConfigError"""
    known = load_keys(file)
    old = [{"id": key_id, "secret": secret.hex()} for key_id, secret in known.secrets.items()]
    os.replace(_draft(file, {"keys": [_new_key(), *old]}), file)
    return load_keys(file)


def _new_key() -> dict[str, str]:
    return {"id": f"k-{secrets.token_hex(4)}", "secret": secrets.token_hex(KEY_BYTES)}


def _make(file: Path) -> None:
    """Two processes that start at once end with one key: a link is made once, and the later one gives way."""
    draft = _draft(file, _new_key())
    try:
        os.link(draft, file)
    except FileExistsError:
        pass
    except OSError as error:
        raise ConfigError(f"The key cannot be written to {file.parent} ({error.strerror}).") from error
    finally:
        os.unlink(draft)


def _draft(file: Path, content: dict[str, Any]) -> str:
    """A file beside the one that is meant, complete on disk."""
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle, draft = tempfile.mkstemp(dir=file.parent)
        with os.fdopen(handle, "w", encoding="ascii") as opened:
            json.dump(content, opened)
            opened.flush()
            os.fsync(opened.fileno())
    except OSError as error:
        raise ConfigError(f"The key cannot be written to {file.parent} ({error.strerror}).") from error
    return draft
