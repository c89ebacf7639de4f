"""A copy of the registry in one file, and the registry from such a copy, on either database.

A ZIP archive: `manifest.json`, and a file of JSON lines for each table. What hospitals sent is in it as it is kept,
sealed; the keys are not, and have to be copied apart.

Takes from: errors, resource, store.  Gives to: cli.
"""

from __future__ import annotations

import hashlib
import os
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO

from adapter.errors import IntegrityError, Json, UsageError
from adapter.resource import dump_json, parse_json
from adapter.store import Store, copying
from adapter.store.database import find_head, read_revision

FORMAT = "crmo-registry-copy/1"
MANIFEST = "manifest.json"
# Our own lines, as long as they are: a sealed Bundle of a child's whole laboratory history.
_MAX_LINE_BYTES = 1 << 30


@dataclass(frozen=True)
class Copy:
    """Shapes:  tables  name -> {"rows", "sha256"}"""

    revision: str
    made_at: str
    tables: Json

    @property
    def rows(self) -> int:
        return sum(each["rows"] for each in self.tables.values())


def back_up(store: Store, file: Path, now: datetime) -> Copy:
    """Copy the registry as it stands at one moment, while it goes on working.

    Errors:  UsageError when the file is there already or cannot be written; the file appears when it is complete
    """
    if file.exists():
        raise UsageError(f"{file.name} is there already: a copy is not written over another.")
    draft = file.with_name(f".{file.name}.part")
    try:
        with zipfile.ZipFile(draft, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
            copy = _write(store, archive, now)
        with draft.open("rb") as written:
            os.fsync(written.fileno())
        draft.rename(file)
    except OSError as error:
        raise UsageError(f"The copy cannot be written ({error.strerror}).") from error
    finally:
        draft.unlink(missing_ok=True)
    return copy


def _write(store: Store, archive: zipfile.ZipFile, now: datetime) -> Copy:
    told: Json = {}
    with copying.snapshot(store) as connection, connection.begin():
        revision = read_revision(connection) or ""
        for name in copying.tables(store):
            digest, count = hashlib.sha256(), 0
            with archive.open(f"{name}.ndjson", "w", force_zip64=True) as member:
                for row in copying.rows(connection, name):
                    line = dump_json(row) + b"\n"
                    digest.update(line)
                    member.write(line)
                    count += 1
            told[name] = {"rows": count, "sha256": digest.hexdigest()}
    copy = Copy(revision, now.isoformat(), told)
    manifest = {"format": FORMAT, "revision": revision, "made_at": copy.made_at, "tables": told}
    archive.writestr(MANIFEST, dump_json(manifest, indent=True))
    return copy


def check_copy(file: Path) -> Copy:
    """Read a copy to its end and hold it against its own manifest.

    Errors:  IntegrityError when it is none, is not whole, or was changed; UsageError for another revision
    """
    try:
        with zipfile.ZipFile(file) as archive:
            copy = _read_manifest(archive)
            for name, told in copy.tables.items():
                with archive.open(f"{name}.ndjson") as member:
                    if _digest(member) != told["sha256"]:
                        raise IntegrityError(f"Table {name} of this copy is not what its manifest says.")
    except (OSError, KeyError, EOFError, zipfile.BadZipFile, zipfile.LargeZipFile) as error:
        raise IntegrityError(f"{file.name} is no copy that can be read ({type(error).__name__}).") from error
    return copy


def _digest(member: IO[bytes]) -> str:
    digest = hashlib.sha256()
    while block := member.read(1 << 20):
        digest.update(block)
    return digest.hexdigest()


def _read_manifest(archive: zipfile.ZipFile) -> Copy:
    manifest, issues = parse_json(archive.read(MANIFEST))
    if issues or not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
        raise IntegrityError("The manifest of this copy is not one of ours.")
    if manifest["revision"] != find_head():
        made, here = manifest["revision"], find_head()
        raise UsageError(f"This copy was made at revision {made}, this adapter is at {here}: restore it with its own.")
    return Copy(manifest["revision"], manifest["made_at"], manifest["tables"])


def restore(store: Store, file: Path) -> Copy:
    """Bring a copy back into an empty database: all of it, or nothing.

    Errors:  as `check_copy`; UsageError when the database is not empty
    """
    copy = check_copy(file)
    with zipfile.ZipFile(file) as archive, store.writing() as connection:
        if not copying.is_empty(connection):
            raise UsageError("This database is not empty: a copy is brought back into an empty one only.")
        for name, told in copy.tables.items():
            with archive.open(f"{name}.ndjson") as member:
                if copying.put_back(connection, name, _lines(member)) != told["rows"]:
                    raise IntegrityError(f"Table {name} of this copy lacks rows.")
    return copy


def _lines(member: IO[bytes]) -> Iterator[Json]:
    for line in member:
        row, issues = parse_json(line, max_bytes=_MAX_LINE_BYTES)
        if issues or not isinstance(row, dict):
            raise IntegrityError("A line of this copy is no row.")
        yield row
