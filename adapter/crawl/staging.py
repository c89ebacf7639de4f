"""What a pull keeps only while it runs, and when it is forgotten: all that could name a patient.

Takes from: store.  Gives to: pull.
"""

from __future__ import annotations

from adapter.parts import Parts
from adapter.store import Connection, candidates, jobs, pages, units

UNASKED = "not asked for: the hospital did not answer {times} times in a row"


def forget(connection: Connection, pull_ids: list[str]) -> None:
    """Forget the pages, the index, the patients and every id in the units. Proofs and the ledger stay."""
    for table in (pages, candidates, units):
        table.forget(connection, pull_ids)


def forget_ended(parts: Parts) -> None:
    """Pulls that were cancelled, or whose process died when all was done, leave nothing behind either."""
    with parts.store.writing() as connection:
        left = [each for each in units.unforgotten(connection) if jobs.find(connection, each).state not in jobs.OPEN]
        forget(connection, left)


def begin_again(parts: Parts, pull_id: str) -> None:
    """Forget that a pull was ever begun: tried later, it starts from the first search."""
    with parts.store.writing() as connection:
        forget(connection, [pull_id])
        units.remove(connection, pull_id)


def give_up(parts: Parts, pull_id: str, times: int) -> None:
    """Say of every unit that still waits that it was not asked for."""
    with parts.store.writing() as connection:
        units.abandon(connection, pull_id, UNASKED.format(times=times))
