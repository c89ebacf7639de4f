"""Commands on who may do what: clients (programs), people, and the audit of what they did.

Takes from: access, credentials, scopes, tokens, store.  Gives to: cli.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import click

from adapter.cli.entry import Session
from adapter.cli.terminal import emit, emit_rows, json_option, tell, without_times
from adapter.errors import Json, UsageError

if TYPE_CHECKING:
    from adapter.store.clients import Client

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,98}\Z")
ROLES = ("reader", "data-manager", "auditor", "admin")


@click.group()
def clients() -> None:
    """Programs that may send and read: with signed assertions (SMART Backend Services), or with an API key."""


@clients.command("add")
@click.argument("name")
@click.option("--source", help="Under which name its data is kept; the client's own name when left out.")
@click.option("--scope", "scopes", multiple=True, required=True, help="SMART scope, e.g. system/*.c; may be repeated.")
@click.option("--key-set", "key_set", type=click.File("rb"), help="Its public keys, a JWKS file.")
@click.option("--jwks-url", "address", help="Where its public keys are to be read, when it asks for a token.")
@click.option("--api-key", is_flag=True, help="Give it an API key instead, told once, here.")
@json_option
@click.pass_obj
def clients_add(
    session: Session,
    name: str,
    source: str | None,
    scopes: tuple[str, ...],
    key_set: IO[bytes] | None,
    address: str | None,
    api_key: bool,
    as_json: bool,
) -> None:
    """Register a client."""
    from adapter.access.commands import write_down
    from adapter.credentials import digest, make_secret
    from adapter.store import clients as table

    if [key_set is not None, address is not None, api_key].count(True) != 1:
        raise click.UsageError("Give one of --key-set, --jwks-url and --api-key.")
    secret = f"{_sound(name)}.{make_secret()}" if api_key else None
    how: Json = {"key_set": _read_key_set(key_set), "key_set_url": _sound_address(address)}
    how["key_digest"] = digest(secret) if secret else None
    with session.parts() as parts, parts.store.writing() as connection:
        told = {"scopes": _sound_scopes(scopes), "source": _sound(source or name), "created_at": parts.clock()}
        table.add(connection, id=name, **told, **how)
        write_down(parts, connection, "clients add")
    if as_json:
        emit({"client": name, **({"api_key": secret} if secret else {})}, indent=False)
    elif secret:
        click.echo(secret)
    tell(f"client {name} may talk to the service" + ("; the key above is told this once" if secret else ""))


@clients.command("list")
@json_option
@click.pass_obj
def clients_list(session: Session, as_json: bool) -> None:
    """Who was registered, with which scopes."""
    from adapter.store import clients as table

    with session.parts() as parts, parts.store.reading() as connection:
        found = table.all_clients(connection)
    rows = [
        {
            "client": each.id,
            "source": each.source,
            "scopes": each.scopes,
            "proves itself by": _proof(each),
            "revoked": each.revoked_at.isoformat() if each.revoked_at else "",
        }
        for each in found
    ]
    _show(rows, ["client", "source", "scopes", "proves itself by", "revoked"], as_json)


def _proof(client: Client) -> str:
    if client.key_digest:
        return "API key"
    return "signed assertions" + (f", keys at {client.key_set_url}" if client.key_set_url else "")


@clients.command("revoke")
@click.argument("name")
@click.pass_obj
def clients_revoke(session: Session, name: str) -> None:
    """The client is nobody from now on, and neither is any token it holds."""
    from adapter.access.commands import write_down
    from adapter.store import clients as table

    with session.parts() as parts, parts.store.writing() as connection:
        table.revoke(connection, name, parts.clock())
        write_down(parts, connection, "clients revoke")
    tell(f"client {name} is revoked")


@click.group()
def people() -> None:
    """People who may log in: reader, data-manager, auditor, admin."""


@people.command("add")
@click.argument("login")
@click.option("--role", type=click.Choice(ROLES), required=True)
@click.option("--one-time-code", is_flag=True, help="Ask for a code of an authenticator app too.")
@click.password_option(help="Asked for when left out, which is the better way.")
@json_option
@click.pass_obj
def people_add(session: Session, login: str, role: str, one_time_code: bool, password: str, as_json: bool) -> None:
    """Let somebody in."""
    from adapter.access.commands import write_down
    from adapter.access.logins import seal_place
    from adapter.credentials import MIN_PASSWORD_CHARACTERS, hash_password, make_one_time_secret, one_time_address
    from adapter.store import people as table

    if len(password) < MIN_PASSWORD_CHARACTERS:
        raise UsageError(f"A password has at least {MIN_PASSWORD_CHARACTERS} characters.")
    secret = make_one_time_secret() if one_time_code else None
    with session.parts() as parts, parts.store.writing() as connection:
        sealed = parts.seals.seal(secret.encode(), seal_place(login)) if secret else None
        seal = parts.seals.key_id if secret else None
        hashed, now = hash_password(password), parts.clock()
        table.add(connection, table.Person(_sound(login), role, hashed, sealed, seal, 0, now, None))
        write_down(parts, connection, "people add")
    address = one_time_address(secret, login) if secret else ""
    if as_json:
        emit({"login": login, "role": role, **({"authenticator": address} if address else {})}, indent=False)
    elif address:
        click.echo(address)
    tell(f"{login} may log in" + ("; give the address above to the authenticator app" if address else ""))


@people.command("list")
@json_option
@click.pass_obj
def people_list(session: Session, as_json: bool) -> None:
    """Who may log in, and who might once."""
    from adapter.store import people as table

    with session.parts() as parts, parts.store.reading() as connection:
        found = table.everybody(connection)
    rows = [
        {
            "login": each.login,
            "role": each.role,
            "one-time code": "yes" if each.one_time_secret else "no",
            "disabled": each.disabled_at.isoformat() if each.disabled_at else "",
        }
        for each in found
    ]
    _show(rows, ["login", "role", "one-time code", "disabled"], as_json)


@people.command("disable")
@click.argument("login")
@click.pass_obj
def people_disable(session: Session, login: str) -> None:
    """Nobody comes in by this login any more; open sessions end."""
    from adapter.access.commands import write_down
    from adapter.store import people as table

    with session.parts() as parts, parts.store.writing() as connection:
        table.disable(connection, login, parts.clock())
        write_down(parts, connection, "people disable")
    tell(f"{login} is disabled")


@click.command()
@click.option("--actor", default="", help="Only what this one did: client:NAME, person:LOGIN, source:NAME, command.")
@click.option("--case", "case_id", default="", help="Only what concerned this case.")
@click.option("--limit", default=100, show_default=True, type=click.IntRange(1, 100_000))
@json_option
@click.pass_obj
def audit(session: Session, actor: str, case_id: str, limit: int, as_json: bool) -> None:
    """Who did what, newest first."""
    from adapter.store import audit as table

    with session.parts() as parts, parts.store.reading() as connection:
        found = table.events(connection, actor=actor, case_id=case_id, limit=limit)
    names = ["at", "actor", "action", "route", "status", "case_id"]
    rows = [without_times({"number": n, **{name: getattr(event, name) for name in names}}) for n, event in found]
    _show(rows, ["number", *names], as_json)


def _show(rows: list[Json], heads: list[str], as_json: bool) -> None:
    if as_json:
        emit(rows, indent=False)
    else:
        emit_rows([list(row.values()) for row in rows], heads)


def _sound(name: str) -> str:
    if not _NAME.match(name):
        raise UsageError("A name is 1 to 99 letters, digits, '.', '_' or '-'.")
    return name


def _sound_scopes(told: tuple[str, ...]) -> str:
    from adapter.access import load_permissions
    from adapter.scopes import parse_scopes

    scopes, wrong = parse_scopes(" ".join(told))
    wrong += [str(each) for each in scopes if not each.type and each.allowed not in load_permissions().names]
    if wrong or not scopes:
        raise UsageError(f"These are no scopes for a client: {', '.join(wrong) or 'none given'}.")
    return " ".join(map(str, scopes))


def _sound_address(url: str | None) -> str | None:
    """It is not asked now: keys are read when the client wants a token."""
    from adapter.hospital.key_sets import address_problem

    if url is not None and (problem := address_problem(url)):
        raise UsageError(f"Keys cannot be read there: {problem}.")
    return url


def _read_key_set(file: IO[bytes] | None) -> Any:
    from adapter.resource import parse_json
    from adapter.tokens import key_set_problem

    if file is None:
        return None
    key_set, issues = parse_json(file.read())
    problem = "; ".join(issue.text for issue in issues) or key_set_problem(key_set)
    if problem:
        raise UsageError(f"{Path(file.name).name} holds no usable key set: {problem}.")
    return key_set
