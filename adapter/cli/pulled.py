"""Commands on pulls that were made: list, show, ledger, and the trace of a case back to a request.

Takes from: tracing, store.  Gives to: cli.
"""

from __future__ import annotations

import click

from adapter.cli.entry import Session
from adapter.cli.terminal import emit, emit_rows, json_option

_SHOWN = ("id", "at", "method", "address", "outcome", "status", "milliseconds", "bytes", "resources", "reason")


@click.group()
def pulls() -> None:
    """Pulls that were made: units, proofs, every request."""


@pulls.command("list")
@click.option("--limit", default=100, show_default=True, type=click.IntRange(1, 100_000))
@json_option
@click.pass_obj
def pulls_list(session: Session, limit: int, as_json: bool) -> None:
    """Pulls, newest first."""
    from adapter.store import jobs

    with session.parts() as parts, parts.store.reading() as connection:
        found = jobs.recent(connection, limit)
    rows = [[each.id, f"{each.requested_at:%Y-%m-%d %H:%M}", each.source, each.state] for each in found]
    names = ["id", "requested (UTC)", "source", "state"]
    if as_json:
        emit([dict(zip(names, row, strict=True)) for row in rows], indent=False)
    else:
        emit_rows(rows, names)


@pulls.command("show")
@click.argument("pull_id")
@json_option
@click.pass_obj
def pulls_show(session: Session, pull_id: str, as_json: bool) -> None:
    """One pull: each unit with its proof, or with what is missing."""
    from adapter.tracing import read_pull

    with session.parts() as parts:
        emit(read_pull(parts, pull_id), indent=not as_json)


@pulls.command("ledger")
@click.argument("pull_id")
@click.option("--after", default=0, type=click.IntRange(0), help="Only requests after this number.")
@click.option("--limit", default=1000, show_default=True, type=click.IntRange(1, 100_000))
@json_option
@click.pass_obj
def pulls_ledger(session: Session, pull_id: str, after: int, limit: int, as_json: bool) -> None:
    """Every request of a pull, in order. Ids and other values that may name a patient are keyed hashes."""
    from adapter.tracing import read_ledger

    with session.parts() as parts:
        found = read_ledger(parts, pull_id, after=after, limit=limit)
    if as_json:
        emit(found, indent=False)
    else:
        emit_rows([[each.get(name, "") for name in _SHOWN] for each in found], list(_SHOWN))


@pulls.command("trace")
@click.argument("case_id")
@click.option("--version", type=click.IntRange(1), help="Of an earlier version.")
@json_option
@click.pass_obj
def pulls_trace(session: Session, case_id: str, version: int | None, as_json: bool) -> None:
    """Where a case's values came from: rule, place, resource version, request."""
    from adapter.tracing import trace_case

    with session.parts() as parts:
        emit(trace_case(parts, case_id, version), indent=not as_json)
