"""Commands on what arrived: list, show, causes, retry, forget, reseal.

Takes from: inbound, receipt, keyfile, sealing, store.  Gives to: cli.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from adapter.cli.entry import Session
from adapter.cli.terminal import emit, emit_rows, end, json_option, tell, without_times
from adapter.errors import Json

if TYPE_CHECKING:
    from adapter.inbound import Trial
    from adapter.parts import Parts
    from adapter.receipt import Receipt

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
        emit([without_times(asdict(entry)) for entry in found], indent=False)
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
    told = {**without_times(asdict(receipt.entry)), "decision": receipt.decision, "unread": receipt.unread}
    emit({**told, "issues": [issue.as_json() for issue in receipt.issues]}, indent=not as_json)


@inbox.command("retry")
@click.argument("entry_ids", nargs=-1)
@click.option("--all", "every", is_flag=True, help="Everything in quarantine, and what was cut short.")
@click.option("--cause", metavar="RULE", help="What this rule keeps in quarantine (see inbox causes).")
@click.option("--dry-run", is_flag=True, help="Say how each would end; change nothing.")
@json_option
@click.pass_obj
def inbox_retry(
    session: Session, entry_ids: tuple[str, ...], every: bool, cause: str | None, dry_run: bool, as_json: bool
) -> None:
    """Judge quarantined entries again, after a mapping has learnt what it lacked."""
    from adapter.inbound import retry, try_again

    if sum(map(bool, (entry_ids, every, cause))) != 1:
        raise click.UsageError("Give ids, --cause or --all.")
    with session.parts() as parts:
        chosen = entry_ids or _waiting(parts, cause)
        told = [
            _tried(try_again(parts, entry_id)) if dry_run else _ended(retry(parts, entry_id)) for entry_id in chosen
        ]
    if as_json:
        emit(told, indent=False)
    else:
        emit_rows([list(each.values()) for each in told], list(told[0]) if told else ["id"])
    end(0 if all(each["accepted"] for each in told) else FINDINGS)


def _ended(receipt: Receipt) -> Json:
    entry = receipt.entry
    return {"id": entry.id, "accepted": receipt.accepted, "state": entry.state, "case": entry.case_id}


def _tried(trial: Trial) -> Json:
    rules = sorted({issue.rule for issue in trial.issues if issue.blocks})
    return {"id": trial.entry_id, "accepted": trial.accepted, "refused by": ", ".join(rules)}


@inbox.command("causes")
@click.option("--source", help="Only what this source sent.")
@json_option
@click.pass_obj
def inbox_causes(session: Session, source: str | None, as_json: bool) -> None:
    """Why entries wait in quarantine, by source, rule and element: what concerns most of them first."""
    from adapter.store.causes import Key, causes, waiting

    with session.parts() as parts, parts.store.reading() as connection:
        found = causes(connection, Key(source or ""))
        ids = [[entry for _, entry in waiting(connection, each.key)] for each in found] if as_json else []
    if as_json:
        told = [
            {"source": c.key.source, "rule": c.key.rule, "expression": c.key.place, "text": c.text}
            | {"text_fr": c.text_fr, "entries": entries}
            for c, entries in zip(found, ids, strict=True)
        ]
        emit(told, indent=False)
    else:
        rows = [[each.entries, each.key.source, each.key.rule, each.key.place, each.text] for each in found]
        emit_rows(rows, ["entries", "source", "rule", "element", "what is expected"])


@inbox.command("forget")
@json_option
@click.pass_obj
def inbox_forget(session: Session, as_json: bool) -> None:
    """Delete the bytes of entries that ended well and whose time (CRMO_KEEP_RAW_DAYS) is over."""
    from adapter.inbound import forget_old_bytes

    with session.parts() as parts:
        gone = forget_old_bytes(parts, session.settings().keep_raw_days)
    if as_json:
        emit({"forgotten": gone}, indent=False)
    tell(f"{gone} entries have lost their bytes; what they became stays")


@inbox.command("reseal")
@json_option
@click.pass_obj
def inbox_reseal(session: Session, as_json: bool) -> None:
    """Make a new sealing key and put its seal on everything kept. The old keys may then leave the key file."""
    from adapter.keyfile import add_key
    from adapter.sealing import Seals
    from adapter.store import inbox as table

    seals, done = Seals(add_key(session.settings().sealing_key)), 0
    with session.parts() as parts:
        while count := _reseal_some(parts, seals, table):
            done += count
    if as_json:
        emit({"key_id": seals.key_id, "sealed": done}, indent=False)
    tell(f"{done} entries are sealed with {seals.key_id}")


def _reseal_some(parts: Parts, seals: Any, table: Any) -> int:
    with parts.store.writing() as connection:
        count: int = table.seal_again(connection, seals, limit=100)
    return count


def _waiting(parts: Parts, cause: str | None) -> list[str]:
    from adapter.store import inbox as table
    from adapter.store.causes import Key, waiting

    with parts.store.reading() as connection:
        if cause:
            return [entry for _, entry in waiting(connection, Key(rule=cause))]
        return [e.id for state in table.OPEN_STATES for e in table.entries(connection, state=state, limit=1_000_000)]
