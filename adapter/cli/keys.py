"""Keys: ours, with which we sign when we ask a hospital for a token (new, rotate, forget, show), and the pseudonyms'.

Takes from: tokens, carrying.  Gives to: cli.
Source: https://hl7.org/fhir/smart-app-launch/client-confidential-asymmetric.html
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from adapter.cli.carrying import resolve, rotate_pseudonyms
from adapter.cli.entry import Session
from adapter.cli.terminal import emit, emit_rows, json_option, tell

if TYPE_CHECKING:
    from adapter.tokens import Algorithm

_ALGORITHM = click.option(
    "--algorithm", type=click.Choice(["RS384", "ES384"]), default="ES384", show_default=True, help="What it signs with."
)


@click.group()
def keys() -> None:
    """Our client keys, by which hospitals know us (SMART Backend Services), and the keys of pseudonyms."""


keys.add_command(rotate_pseudonyms)
keys.add_command(resolve)


@keys.command("new")
@_ALGORITHM
@json_option
@click.pass_obj
def new(session: Session, algorithm: Algorithm, as_json: bool) -> None:
    """Make a key and publish it. The first one signs at once; a later one signs after 'keys rotate'."""
    from adapter.tokens import load_key_ring, save_key_ring

    file = session.settings().client_keys
    ring = load_key_ring(file).with_new(algorithm, datetime.now(UTC))
    save_key_ring(ring, file)
    made = ring.states()[-1]
    if as_json:
        emit(made, indent=False)
    rest = "" if made["state"] == "signing" else "; let hospitals read it, then 'crmo-adapter keys rotate'"
    tell(f"{made['kid']} ({algorithm}) is {made['state']}{rest}")


@keys.command("rotate")
@_ALGORITHM
@json_option
@click.pass_obj
def rotate(session: Session, algorithm: Algorithm, as_json: bool) -> None:
    """The newest key signs from now on. The earlier one stays published until it is forgotten."""
    from adapter.tokens import load_key_ring, save_key_ring

    file = session.settings().client_keys
    ring = load_key_ring(file).rotated(algorithm)
    save_key_ring(ring, file)
    if as_json:
        emit({"algorithm": algorithm, "kid": ring.signing[algorithm]}, indent=False)
    tell(f"{ring.signing[algorithm]} signs from now on")


@keys.command("forget")
@click.argument("kid")
@json_option
@click.pass_obj
def forget(session: Session, kid: str, as_json: bool) -> None:
    """Remove a key that does not sign. Hospitals that still expect it refuse us."""
    from adapter.tokens import load_key_ring, save_key_ring

    file = session.settings().client_keys
    save_key_ring(load_key_ring(file).without(kid), file)
    if as_json:
        emit({"forgotten": kid}, indent=False)
    tell("forgotten")


@keys.command("show")
@click.option("--jwks", is_flag=True, help="The public key set, to register at a hospital.")
@json_option
@click.pass_obj
def show(session: Session, jwks: bool, as_json: bool) -> None:
    """List our keys, never their secrets."""
    from adapter.tokens import load_key_ring

    ring = load_key_ring(session.settings().client_keys)
    if jwks:
        emit(ring.public(), indent=not as_json)
    elif as_json:
        emit(ring.states(), indent=False)
    else:
        heads = ["kid", "algorithm", "state", "made"]
        emit_rows([[key[head] for head in heads] for key in ring.states()], heads)
