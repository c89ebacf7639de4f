"""Commands on pulls: list, show, ledger, the trace of a case back to a request; pause, resume, cancel.

Takes from: tracing, store.  Gives to: cli.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from adapter.cli.entry import Session
from adapter.cli.terminal import emit, emit_rows, json_option

if TYPE_CHECKING:
    from adapter.store.jobs import Job

_SHOWN = ("id", "at", "method", "address", "outcome", "status", "milliseconds", "bytes", "resources", "reason")


@click.group()
def pulls() -> None:
    """Pulls: units, proofs, every request; pause, resume or cancel one that runs elsewhere."""


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


@pulls.command("pause")
@click.argument("pull_id")
@json_option
@click.pass_obj
def pulls_pause(session: Session, pull_id: str, as_json: bool) -> None:
    """Let an open pull stop after its next page; it keeps what it has."""
    from adapter.store import jobs

    with session.parts() as parts, parts.store.writing() as connection:
        _show_state(jobs.pause(connection, pull_id), as_json)


@pulls.command("resume")
@click.argument("pull_id")
@json_option
@click.pass_obj
def pulls_resume(session: Session, pull_id: str, as_json: bool) -> None:
    """Let a pull that pauses go on where it stopped: a worker takes it, or 'crmo-adapter pull SOURCE'."""
    from adapter.store import jobs

    with session.parts() as parts, parts.store.writing() as connection:
        _show_state(jobs.resume(connection, pull_id, parts.clock()), as_json)


@pulls.command("cancel")
@click.argument("pull_id")
@json_option
@click.pass_obj
def pulls_cancel(session: Session, pull_id: str, as_json: bool) -> None:
    """End an open pull; one that runs stops after its next page. What it had taken is forgotten, cases stay."""
    from adapter.store import jobs

    with session.parts() as parts, parts.store.writing() as connection:
        _show_state(jobs.cancel(connection, pull_id, parts.clock()), as_json)


def _show_state(job: Job, as_json: bool) -> None:
    row = [job.id, job.source, job.state, job.wish]
    names = ["id", "source", "state", "wish"]
    emit(dict(zip(names, row, strict=True)), indent=False) if as_json else emit_rows([row], names)


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
