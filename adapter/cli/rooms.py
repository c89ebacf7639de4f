"""Which commands there are.

Takes from: the other rooms of cli.  Gives to: cli.
"""

from __future__ import annotations

import click

from adapter.cli.allowing import audit, clients, people
from adapter.cli.arriving import inbox
from adapter.cli.converting import explain, to_case, to_fhir
from adapter.cli.copying import backup, restore
from adapter.cli.deciding import decide, queries
from adapter.cli.deploying import deploy
from adapter.cli.describing import cohort
from adapter.cli.giving import export, figures
from adapter.cli.keeping import case
from adapter.cli.keys import keys
from adapter.cli.moving import demo, pull, push, serve, synthesize
from adapter.cli.proving import check
from adapter.cli.pulled import pulls
from adapter.cli.screening import screen
from adapter.cli.tending import doctor, fsck
from adapter.cli.unread import unread
from adapter.cli.validating import package, validate
from adapter.cli.working import worker


def add_commands(group: click.Group) -> None:
    """Hang every command on the group; --help lists them by name."""
    for command in (
        *(to_case, to_fhir, decide, explain, check, validate, package),
        *(demo, pull, pulls, push, serve, synthesize, worker, screen),
        *(inbox, case, queries, cohort, figures, export),
        *(doctor, fsck, backup, restore, unread, deploy),
        *(keys, clients, people, audit),
    ):
        group.add_command(command)
