"""What was compiled, kept for the next start: taken back only when nothing that it was made of has changed.

The file holds Python objects, so whoever can write it can run code as us. It is therefore believed only when it and its
folder are ours and nobody else may write them; anything odd about it means that it is not there.

Takes from: nothing above the standard library.  Gives to: mapping.engine.
"""

from __future__ import annotations

import gc
import hashlib
import os
import pickle
import stat
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

_KEPT = 4
_DIGEST = hashlib.sha256().digest_size
# Written by us and whole, so what else can be wrong is that the program has changed in a way the stamp does not show.
_CHANGED = (pickle.UnpicklingError, EOFError, ImportError, AttributeError, LookupError, TypeError, ValueError)


def make_stamp(folder: Path) -> str:
    """A digest of every declaration in a folder, of this program and of the Python that runs it."""
    digest = hashlib.sha256(f"{sys.version}\0{folder.absolute()}".encode())
    for file in sorted(folder.rglob("*.yaml")):
        digest.update(f"\0{file.relative_to(folder)}\0".encode() + file.read_bytes())
    for name, size, changed in sorted(_program(Path(__file__).parent.parent)):
        digest.update(f"\0{name}\0{size}\0{changed}".encode())
    return digest.hexdigest()


def _program(package: Path) -> Iterator[tuple[str, int, int]]:
    """Name, size and time of the files that what is kept depends on."""
    for folder in (package, package / "schemas", package / "mapping", package / "mapping" / "checks"):
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.name.endswith((".py", ".json", ".yaml")):
                    told = entry.stat()
                    yield entry.path, told.st_size, told.st_mtime_ns


def recall(folder: Path, stamp: str) -> Any:
    """What was kept under a stamp; None when there is nothing, or nothing that can be believed."""
    if not _is_ours(folder, stat.S_ISDIR):
        return None
    file = _place(folder, stamp)
    with suppress(OSError, *_CHANGED):
        if _is_ours(file, stat.S_ISREG):
            content = file.read_bytes()
            if hashlib.sha256(content[_DIGEST:]).digest() == content[:_DIGEST]:
                with _uncollected():
                    return pickle.loads(memoryview(content)[_DIGEST:])  # noqa: S301 - see the head of this file
    return None


def keep(folder: Path, stamp: str, thing: Any) -> None:
    """Keep something for the next start; a folder that cannot be written is no reason to stop."""
    with suppress(OSError):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not _is_ours(folder, stat.S_ISDIR):
            return
        content = pickle.dumps(thing, protocol=pickle.HIGHEST_PROTOCOL)
        handle, name = tempfile.mkstemp(dir=folder, prefix=".mapping-")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(hashlib.sha256(content).digest() + content)
            Path(name).replace(_place(folder, stamp))
        finally:
            Path(name).unlink(missing_ok=True)
        _clear(folder)


def _place(folder: Path, stamp: str) -> Path:
    return folder / f"mapping-{stamp[:40]}.pickle"


def _clear(folder: Path) -> None:
    """Only the last few are kept: each change of a mapping file makes a new one."""
    files = sorted(folder.glob("mapping-*.pickle"), key=lambda file: file.stat().st_mtime_ns, reverse=True)
    for file in files[_KEPT:]:
        file.unlink(missing_ok=True)


def _is_ours(path: Path, kind: Any) -> bool:
    """Whether it is what it should be and not a link, ours, and writable by nobody else."""
    if not hasattr(os, "getuid"):
        return False
    try:
        told = path.lstat()
    except OSError:
        return False
    return bool(kind(told.st_mode)) and told.st_uid == os.getuid() and not told.st_mode & (stat.S_IWGRP | stat.S_IWOTH)


@contextmanager
def _uncollected() -> Iterator[None]:
    """Without the collector, which would look through the objects several times while they are made."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
