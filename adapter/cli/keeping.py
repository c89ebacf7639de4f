"""Commands on what the registry keeps: case, cohort.

Takes from: store, cohort.  Gives to: cli.
"""

from __future__ import annotations

import click

from adapter.cli.entry import Session
from adapter.cli.terminal import emit, emit_rows, json_option, tell, terminal_width, without_times
from adapter.errors import NotSupportedError


@click.group()
def case() -> None:
    """The registry's cases."""


@case.command("list")
@click.option("--status", type=click.Choice(["eligible", "undetermined", "ineligible"]))
@json_option
@click.pass_obj
def case_list(session: Session, status: str | None, as_json: bool) -> None:
    """Living cases, by pseudonym."""
    from adapter.store import cases

    with session.parts() as parts, parts.store.reading() as connection:
        found = [without_times(each) for each in cases.summaries(connection, status=status, limit=1_000_000)]
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
    """A case with its decision."""
    from adapter.store import cases

    with session.parts() as parts, parts.store.reading() as connection:
        found = cases.read(connection, case_id, version)
    emit({"version": found.version, "case": found.case, "decision": found.decision}, indent=not as_json)


@case.command("erase")
@click.argument("case_id")
@click.option("--yes", is_flag=True, help="Do not ask.")
@json_option
@click.pass_obj
def case_erase(session: Session, case_id: str, yes: bool, as_json: bool) -> None:
    """Forget a case for good: versions, decisions, findings and the bytes it came from."""
    from adapter.store import keeping

    if not yes:
        click.confirm("This cannot be undone. Erase?", abort=True, err=True)
    with session.parts() as parts, parts.store.writing() as connection:
        keeping.erase(connection, case_id, parts.clock())
    if as_json:
        emit({"case_id": case_id, "erased": True}, indent=False)
    tell("erased; a tombstone refuses the case from now on")


@click.command()
@click.option("--format", "form", type=click.Choice(["text", "json", "csv", "html", "docx"]), default="text")
@click.option("--like", type=click.Choice(["SA", "SB"]), default="SA", help="Beside which published cohort.")
@json_option
@click.pass_obj
def cohort(session: Session, form: str, like: str, as_json: bool) -> None:
    """Describe the eligible cases beside the published cohort."""
    from adapter.cohort import render_csv, render_text
    from adapter.describing import describe_cohort

    if form in ("html", "docx"):
        raise NotSupportedError(f"The {form} report is not built yet; text, json and csv are.")
    with session.parts() as parts:
        rows = describe_cohort(parts, like, language=session.language)
    if as_json or form == "json":
        emit(rows, indent=not as_json)
    else:
        text = form == "text"
        click.echo(render_text(rows, terminal_width(), color=True) if text else render_csv(rows), nl=text)
