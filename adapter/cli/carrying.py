"""Commands on the keys of pseudonyms: keys rotate-pseudonyms, keys resolve.

Takes from: rotating, access, store.  Gives to: cli.keys.
"""

from __future__ import annotations

import click

from adapter.cli.entry import Session
from adapter.cli.terminal import emit, json_option, tell


@click.command("rotate-pseudonyms")
@click.option("--yes", is_flag=True, help="Do not ask.")
@json_option
@click.pass_obj
def rotate_pseudonyms(session: Session, yes: bool, as_json: bool) -> None:
    """Put a new key on every pseudonym. Killed, it goes on where it stopped when it is called again.

    Every pseudonym becomes another one. Services and workers that run have to be started again afterwards; until then
    they refuse what they are sent with 503. Earlier keys stay in the file: a child sent again is recognised through
    them.
    """
    from adapter import rotating

    if not yes:
        click.confirm(
            "Every pseudonym becomes another one. Is there a copy of registry and keys?", abort=True, err=True
        )
    with session.parts() as parts:
        told = rotating.rotate_pseudonyms(parts, session.settings().pseudonym_key)
    if as_json:
        emit(told.as_json(), indent=False)
    tell(f"{told.cases} cases, {told.messages} messages, {told.known} pulled patients, {told.requests} requests")
    tell(f"the pseudonyms stand under {told.key_id}: start services and workers again, and copy the key file")


@click.command("resolve")
@click.argument("pseudonyms", nargs=-1, required=True)
@json_option
@click.pass_context
def resolve(ctx: click.Context, pseudonyms: tuple[str, ...], as_json: bool) -> None:
    """What pseudonyms from before a rotation are called now. Exit code 1 when one is unknown."""
    from adapter.access.commands import write_down
    from adapter.store import cases

    found: dict[str, str | None] = {}
    with ctx.obj.parts() as parts, parts.store.writing() as connection:
        for each in pseudonyms:
            names = parts.pseudonyms.may_be(each)
            found[each] = next((now for now in names if cases.exists(connection, now)), None)
            write_down(parts, connection, "keys resolve", found[each] or "")
    if as_json:
        emit(found, indent=False)
    else:
        for each, now in found.items():
            click.echo(f"{each}  {now or 'unknown'}")
    ctx.exit(0 if all(found.values()) else 1)
