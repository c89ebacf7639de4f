"""Commands that copy the registry and bring a copy back: backup, restore.

Takes from: access, backup, bootstrap.  Gives to: cli.
"""

from __future__ import annotations

from pathlib import Path

import click

from adapter.cli.entry import Session
from adapter.cli.terminal import emit, json_option, tell

_FILE = click.Path(dir_okay=False, path_type=Path)


@click.command()
@click.argument("file", type=_FILE)
@json_option
@click.pass_obj
def backup(session: Session, file: Path, as_json: bool) -> None:
    """Copy the registry into one file while it goes on working. The keys are not in it: copy them apart."""
    from adapter.access.commands import write_down
    from adapter.backup import back_up

    with session.parts() as parts:
        with parts.store.writing() as connection:
            write_down(parts, connection, "backup")  # first: a copy that nobody wrote down must not be
        copy = back_up(parts.store, file, parts.clock())
    if as_json:
        emit({"file": str(file), "revision": copy.revision, "rows": copy.rows, "tables": copy.tables}, indent=False)
    tell(f"{copy.rows} rows of {len(copy.tables)} tables are in {file}; the keys are not")


@click.command()
@click.argument("file", type=_FILE)
@click.option("--check", is_flag=True, help="Only read the copy to its end; change nothing.")
@json_option
@click.pass_obj
def restore(session: Session, file: Path, check: bool, as_json: bool) -> None:
    """Bring a copy back into an empty database, SQLite or PostgreSQL, then look whether every promise holds."""
    from adapter.backup import check_copy
    from adapter.backup import restore as bring_back
    from adapter.cli.terminal import end
    from adapter.errors import IntegrityError
    from adapter.fsck import check_integrity

    if check:
        copy, problems = check_copy(file), []
    else:
        with session.parts() as parts:
            copy = bring_back(parts.store, file)
            problems = list(check_integrity(parts))
    if as_json:
        emit({"file": str(file), "made_at": copy.made_at, "rows": copy.rows, "problems": problems}, indent=False)
    for problem in problems:
        tell(problem)
    tell(f"{copy.rows} rows of {copy.made_at} {'can be' if check else 'are'} brought back")
    end(IntegrityError.exit_code if problems else 0)
