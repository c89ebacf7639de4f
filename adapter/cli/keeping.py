"""Commands on what the registry keeps: inbox, case, cohort.

Takes from: inbound, receipt, store, cohort.  Gives to: cli.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from adapter.cli.entry import Session
from adapter.cli.terminal import emit, emit_rows, end, json_option, tell, terminal_width
from adapter.errors import Json, NotSupportedError

if TYPE_CHECKING:
    from adapter.parts import Parts

FINDINGS = 1


@click.group()
def inbox() -> None:
    """What arrived, and how it ended."""


@inbox.command("list")
@click.option("--state", help="Only entries in this state.")
@click.option("--source", help="Only what this source sent.")
@click.option("--limit", default=100, show_default=True, type=click.IntRange(1, 100_000))
@json_option
@click.pass_obj
def inbox_list(session: Session, state: Any, source: str | None, limit: int, as_json: bool) -> None:
    """Entries, newest first."""
    from adapter.store import inbox as table

    if state and state not in table.STATES:
        raise click.BadParameter(f"one of {', '.join(table.STATES)}", param_hint="--state")
    with session.parts() as parts, parts.store.reading() as connection:
        found = table.entries(connection, state=state, source=source, limit=limit)
    if as_json:
        emit([_plain(asdict(entry)) for entry in found], indent=False)
    else:
        rows = [[e.id, f"{e.received_at:%Y-%m-%d %H:%M}", e.source, e.state, e.status, e.case_id] for e in found]
        emit_rows(rows, ["id", "received (UTC)", "source", "state", "status", "case"])


@inbox.command("show")
@click.argument("entry_id")
@json_option
@click.pass_obj
def inbox_show(session: Session, entry_id: str, as_json: bool) -> None:
    """One entry with its issues and what nobody read of it. The bytes themselves are not shown."""
    from adapter.receipt import read_receipt

    with session.parts() as parts:
        receipt = read_receipt(parts, entry_id, entry_id)
    told = {**_plain(asdict(receipt.entry)), "decision": receipt.decision, "unread": receipt.unread}
    emit({**told, "issues": [issue.as_json() for issue in receipt.issues]}, indent=not as_json)


@inbox.command("retry")
@click.argument("entry_ids", nargs=-1)
@click.option("--all", "every", is_flag=True, help="Everything in quarantine, and what was cut short.")
@json_option
@click.pass_obj
def inbox_retry(session: Session, entry_ids: tuple[str, ...], every: bool, as_json: bool) -> None:
    """Judge quarantined entries again, after a mapping has learnt what it lacked."""
    from adapter.inbound import retry

    if bool(entry_ids) == every:
        raise click.UsageError("Give ids, or --all.")
    with session.parts() as parts:
        receipts = [retry(parts, entry_id) for entry_id in (entry_ids or _waiting(parts))]
    told = [{"id": each.entry.id, "state": each.entry.state, "case_id": each.entry.case_id} for each in receipts]
    if as_json:
        emit(told, indent=False)
    else:
        emit_rows([list(each.values()) for each in told], ["id", "state", "case"])
    end(0 if all(each.accepted for each in receipts) else FINDINGS)


def _waiting(parts: Parts) -> list[str]:
    from adapter.store import inbox as table

    with parts.store.reading() as connection:
        return [e.id for state in table.OPEN_STATES for e in table.entries(connection, state=state, limit=1_000_000)]


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
        found = [_plain(each) for each in cases.summaries(connection, status=status, limit=1_000_000)]
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


def _plain(values: Json) -> Json:
    """Times as ISO text."""
    return {key: value.isoformat() if hasattr(value, "isoformat") else value for key, value in values.items()}
