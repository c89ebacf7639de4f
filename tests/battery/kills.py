"""Killed by SIGKILL at named points, on both databases, then started and asked again: nothing lost, nothing twice.

`python -m tests.battery.kills [--each N] [--database KIND] [--short]`
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from dataclasses import dataclass, field

from adapter.parts import Knowledge
from tests.battery.figures import remark, tell
from tests.battery.forks import Tell, fork, freeze
from tests.battery.grounds import KINDS, Grounds, load_warm, open_grounds
from tests.battery.journeys import JOURNEYS, Journey, fsck
from tests.battery.maintenance import MAINTENANCE
from tests.battery.migrating import MIGRATIONS, migration_points
from tests.battery.points import POINTS, Point
from tests.battery.pulling import hospital, pulls
from tests.battery.rotating import Rotate

EACH = 4
# Of the short form: those where most can go wrong, over every journey.
CHOSEN = (
    *("push/inbox-written", "push/inbox-committed", "push/before-commit", "push/after-commit", "push/acknowledged"),
    *("amend/before-commit", "case/after-commit", "retry/before-commit", "erase/bytes-gone", "reseal/second-batch"),
    *("rotate/key-added", "rotate/second-cases"),
    *("export/tables-written", "backup/third-table", "restore/fifth-table", "start/sealing-key-made"),
    *("migrate-0004/marked", "pull/page-committed", "pull/patient-received", "pull/watermark-before-commit"),
)
ON_POSTGRESQL = (
    *("push/inbox-committed", "push/before-commit", "amend/earlier-superseded", "erase/before-commit"),
    "migrate-0007/written",
)


@dataclass
class Tally:
    """What came of the kills on one database."""

    points: set[str] = field(default_factory=set)
    kills: int = 0
    missed: int = 0
    lost: int = 0
    twice: int = 0
    fsck: int = 0

    def add(self, point: Point, killed: bool, problems: list[str]) -> None:
        name = f"{point.journey}/{point.name}"
        self.points.add(name)
        self.kills += killed
        self.missed += not killed
        for problem in [*problems, *([] if killed else ["missed: it was never reached"])]:
            remark(f"{name}: {problem}")
        for kind in ("lost", "twice", "fsck"):
            found = sum(each.startswith(f"{kind}: ") for each in problems)
            setattr(self, kind, getattr(self, kind) + found)


def kill(journey: Journey, grounds: Grounds, point: Point) -> tuple[bool, list[str]]:
    """Whether the child died where it should, and what was wrong afterwards."""
    ground = grounds.ready(lambda template: _in_a_child(lambda: journey.template(template)))

    def die(say: Tell) -> None:
        known = journey.before(ground)
        say(known)
        point.arrange()
        journey.act(ground, known, say)

    ended = fork(die)
    known, *told = ended.told

    def look(say: Tell) -> None:
        wrong = list(journey.after(ground, known, told, point))
        say([*wrong, *(f"fsck: {each}" for each in fsck(ground, journey.knowledge))])

    (problems,) = fork(look).told
    grounds.drop(ground)
    return ended.killed, problems


def _in_a_child(work: Callable[[], None]) -> None:
    """The parent never opens a database: what it opened, its children would share."""
    fork(lambda say: work())


def run(knowledge: Knowledge, database: str, points: list[Point], each: int) -> Tally:
    tally = Tally()
    with hospital() as base, open_grounds(database) as (grounds,):
        made = {**JOURNEYS, **MAINTENANCE, "rotate": Rotate, **MIGRATIONS, **pulls(base)}
        for name in dict.fromkeys(point.journey for point in points):
            journey = made[name](knowledge)
            grounds.begin()
            for point in (point for point in points if point.journey == name):
                for _ in range(each):
                    tally.add(point, *kill(journey, grounds, point))
    return tally


def choose(database: str, short: bool) -> list[Point]:
    every = [*POINTS, *migration_points()]
    if not short:
        return every
    wanted = CHOSEN if database == "sqlite" else ON_POSTGRESQL
    chosen = [point for point in every if f"{point.journey}/{point.name}" in wanted]
    if len(chosen) != len(wanted):
        sys.exit(f"{len(wanted)} points are wanted and {len(chosen)} are there")
    return chosen


def battery(knowledge: Knowledge, *, short: bool, databases: tuple[str, ...] = KINDS, each: int = 0) -> bool:
    held = []
    for database in databases:
        found = run(knowledge, database, choose(database, short), each or (1 if short else EACH))
        wrong = found.missed or found.lost or found.twice or found.fsck
        counted = {name: getattr(found, name) for name in ("kills", "missed", "lost", "twice", "fsck")}
        held.append(tell("kill -9", holds=not wrong, database=database, points=len(found.points), **counted))
    return all(held)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--each", type=int, default=0, help="kills at each point")
    parser.add_argument("--database", choices=KINDS)
    parser.add_argument("--short", action="store_true")
    asked = parser.parse_args()
    knowledge = load_warm()
    freeze()
    databases = (asked.database,) if asked.database else KINDS
    sys.exit(not battery(knowledge, short=asked.short, databases=databases, each=asked.each))


if __name__ == "__main__":
    main()
