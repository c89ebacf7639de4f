"""Commands on what the registry keeps: case.

Takes from: store, adjudicating.  Gives to: cli.
"""

from __future__ import annotations

import click

from adapter.cli.deciding import adjudicate
from adapter.cli.entry import Session
from adapter.cli.terminal import emit, emit_rows, json_option, tell, without_times


@click.group()
def case() -> None:
    """The registry's cases."""


@case.command("list")
@click.option("--status", type=click.Choice(["eligible", "undetermined", "ineligible"]))
@json_option
@click.pass_obj
def case_list(session: Session, status: str | None, as_json: bool) -> None:
    """Living cases, by pseudonym."""
    from adapter.store import listing

    with session.parts() as parts, parts.store.reading() as connection:
        wanted = listing.Filters(status=status or "")
        found = [without_times(each) for each in listing.summaries(connection, wanted, limit=1_000_000)]
    if as_json:
        emit(found, indent=False)
    else:
        emit_rows([list(each.values()) for each in found], ["case", "version", "decision", "updated"])


@case.command("show")
@click.argument("case_id")
@click.option("--version", type=int, help="As it stood then.")
@json_option
@click.pass_obj
def case_show(session: Session, case_id: str, version: int | None, as_json: bool) -> None:
    """A case with its decision, and what persons judged of it."""
    from adapter.adjudicating import read_adjudications
    from adapter.store import cases

    with session.parts() as parts:
        with parts.store.reading() as connection:
            found = cases.read(connection, case_id, version)
        judged = read_adjudications(parts, case_id)
    told = {"version": found.version, "case": found.case, "decision": found.decision}
    emit({**told, **({"adjudications": judged} if judged else {})}, indent=not as_json)


@case.command("erase")
@click.argument("case_id")
@click.option("--yes", is_flag=True, help="Do not ask.")
@json_option
@click.pass_obj
def case_erase(session: Session, case_id: str, yes: bool, as_json: bool) -> None:
    """Forget a case for good: versions, decisions, findings and the bytes it came from."""
    from adapter.access.commands import write_down
    from adapter.store import keeping

    if not yes:
        click.confirm("This cannot be undone. Erase?", abort=True, err=True)
    with session.parts() as parts:
        with parts.store.writing() as connection:
            keeping.erase(connection, case_id, parts.clock())
            write_down(parts, connection, "case erase", case_id)
        parts.store.forget_remains()
    if as_json:
        emit({"case_id": case_id, "erased": True}, indent=False)
    tell("erased; a tombstone refuses the case from now on")


case.add_command(adjudicate)
