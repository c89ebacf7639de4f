"""Which commands there are.

Takes from: the other rooms of cli.  Gives to: cli.
"""

from __future__ import annotations

import click

from adapter.cli import converting, keeping, later, moving, tending


def add_commands(group: click.Group) -> None:
    built = (
        *(converting.to_case, converting.to_fhir, converting.decide, converting.explain, converting.check),
        *(keeping.inbox, keeping.case, keeping.cohort),
        *(moving.demo, moving.pull, moving.push, moving.serve, moving.synthesize),
        *(tending.fsck, tending.doctor),
    )
    for command in built:
        group.add_command(command)
    for name, meaning in later.NAMES.items():
        group.add_command(later.make_command(name, meaning))
