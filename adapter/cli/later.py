"""Commands that are announced and not built yet: they say so and end with the code for "not supported".

Takes from: errors.  Gives to: cli.
"""

from __future__ import annotations

import click

from adapter.errors import NotSupportedError

NAMES = {
    "screen": "Screen bulk files for eligible patients.",
    "backup": "Copy the registry.",
    "restore": "Bring a copy back.",
}


def make_command(name: str, meaning: str) -> click.Command:
    """A command that takes anything and refuses it."""

    @click.command(name, help=f"(Not built yet) {meaning}", context_settings={"ignore_unknown_options": True})
    @click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
    def refuse(arguments: tuple[str, ...]) -> None:
        raise NotSupportedError(f"'{name}' is not built yet.")

    return refuse
