"""The command that says what hospitals send and nobody reads.

Takes from: store, bootstrap.  Gives to: cli.
"""

from __future__ import annotations

import click

from adapter.cli.entry import Session
from adapter.cli.terminal import emit, emit_rows, json_option


@click.command()
@click.option("--source", help="Only what this source sends.")
@json_option
@click.pass_obj
def unread(session: Session, source: str | None, as_json: bool) -> None:
    """Say what each source sends and no rule reads: by place and count, most frequent first, never a value."""
    from adapter.store import findings

    with session.parts() as parts, parts.store.reading() as connection:
        found = findings.count_unread(connection, source)
    if as_json:
        emit(found, indent=False)
    else:
        emit_rows([[each["source"], each["count"], each["expression"]] for each in found], ["source", "count", "place"])
