"""Commands for whoever runs the service: fsck, doctor.

Takes from: fsck, config, bootstrap, store.  Gives to: cli.
"""

from __future__ import annotations

import platform
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import click

from adapter.cli.entry import Session
from adapter.cli.terminal import emit, emit_rows, end, json_option, tell
from adapter.errors import AdapterError, IntegrityError, Json

if TYPE_CHECKING:
    from adapter.config import Settings

FINDINGS = 1
# Before this release a reset of the write-ahead log could corrupt a database with several connections.
SAFE_SQLITE = (3, 51, 3)
LOW_DISK_BYTES = 1 << 30

Check = tuple[str, str, str]


@click.command()
@click.option("--recompute", is_flag=True, help="Also make every case again from the bytes it came from.")
@json_option
@click.pass_obj
def fsck(session: Session, recompute: bool, as_json: bool) -> None:
    """Check that the registry keeps its promises. Exit code 6 when it does not."""
    from adapter.fsck import check_integrity
    from adapter.recomputing import recompute as make_again

    told: Json = {}
    with session.parts() as parts:
        problems = list(check_integrity(parts))
        if recompute:
            again = make_again(parts)
            problems += again.problems
            told = {"recomputed": again.versions, "left_out": again.left_out}
    if as_json:
        emit({"problems": problems, **told}, indent=False)
    if told:
        tell(f"{told['recomputed']} versions were made again, {told['left_out']} cannot be")
    for problem in problems:
        tell(problem)
    if problems:
        end(IntegrityError.exit_code)
    tell("every promise holds")


@click.command()
@click.argument("source", required=False)
@json_option
@click.pass_obj
def doctor(session: Session, source: str | None, as_json: bool) -> None:
    """Look at the installation: versions, folders, key, database, declarations. Exit code 1 when something is wrong.

    With SOURCE (declared, or a FHIR base address) look at that server instead, by control questions: what it serves,
    which filters really filter, how it pages and counts. What is learnt is kept for later pulls.
    """
    found = list(_examine_server(session, source) if source else _examine(session.settings()))
    if as_json:
        emit([dict(zip(("what", "state", "detail"), each, strict=True)) for each in found], indent=False)
    else:
        emit_rows(found, ["what", "state", "detail"])
    end(FINDINGS if any(state == "wrong" for _, state, _ in found) else 0)


def _examine_server(session: Session, name: str) -> Iterator[Check]:
    from adapter.examining import examine_source, explain_profile

    with session.parts() as parts:
        yield from explain_profile(*examine_source(parts, name))


def _examine(settings: Settings) -> Iterator[Check]:
    yield "python", "fine", platform.python_version()
    yield _sqlite()
    yield _disk(settings.data)
    yield _tried("declarations", lambda: _declarations(settings))
    yield _tried("pseudonym key", lambda: _key(settings))
    yield _tried("sealing key", lambda: _seal(settings))
    yield _tried("database", lambda: _database(settings))


def _sqlite() -> Check:
    safe = sqlite3.sqlite_version_info >= SAFE_SQLITE
    advice = "" if safe else " (before 3.51.3: run one process only, keep backups)"
    return "sqlite", "fine" if safe else "note", sqlite3.sqlite_version + advice


def _disk(data: Path) -> Check:
    existing = next(folder for folder in (data, *data.parents) if folder.exists())
    free = shutil.disk_usage(existing).free
    return "disk", "fine" if free > LOW_DISK_BYTES else "wrong", f"{free >> 20} MiB free for {data}"


def _tried(what: str, look: Callable[[], str]) -> Check:
    try:
        return what, "fine", look()
    except AdapterError as error:
        return what, "wrong", str(error).splitlines()[0]


def _declarations(settings: Settings) -> str:
    from adapter.bootstrap import load_knowledge

    return f"mappings {load_knowledge(settings).mappings.version} in {settings.mappings}"


def _key(settings: Settings) -> str:
    from adapter.pseudonym import load_pseudonyms

    return load_pseudonyms(settings.pseudonym_key).key_id


def _seal(settings: Settings) -> str:
    from adapter.sealing import load_seals

    return load_seals(settings.sealing_key).key_id


def _database(settings: Settings) -> str:
    from adapter.store import open_store, pseudonym_keys
    from adapter.store.database import find_head

    store = open_store(settings.database_url)
    with closing(store), store.reading() as connection:
        pseudonym_keys.ensure_usable(connection, _key(settings))
    return f"{store.engine.dialect.name}, revision {find_head()}"
