"""COMMIT fails: who was told that it is kept must find it kept, and who was told to try again ends right.

`python -m tests.battery.commits [--number N] [--short]`. On PostgreSQL the server itself refuses at COMMIT (a deferred
trigger raises serialization_failure, deadlock_detected or disk_full; the backend is terminated); on SQLite the files
may not grow (RLIMIT_FSIZE), or the driver reports a full disk. On both, the connection is lost after COMMIT was done.
"""

from __future__ import annotations

import argparse
import random
import resource
import signal
import sqlite3
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import psycopg
import sqlalchemy as sa

from adapter.parts import Knowledge, Parts
from adapter.store.cases import CASES
from tests.battery.figures import remark, tell
from tests.battery.forks import Tell, fork, freeze
from tests.battery.grounds import KINDS, Ground, load_warm, open_grounds
from tests.battery.journeys import ask, bundle_of, count, entries_of, fsck, post, versions_of

NUMBER, SHORT_NUMBER = 2000, 24
# Commits of one push: the entry, the looks at it, its judgement, the receipt, the access.
COMMITS = 6
IN_ONE_REGISTRY = 50
_TRIGGER = """
CREATE FUNCTION battery_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF current_setting('battery.refuse', true) <> '' THEN
        RAISE EXCEPTION 'refused at COMMIT' USING ERRCODE = current_setting('battery.refuse', true);
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER battery_inbox AFTER INSERT OR UPDATE ON inbox
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION battery_refuse();
CREATE CONSTRAINT TRIGGER battery_audit AFTER INSERT ON audit
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION battery_refuse();
"""

Commit = Callable[[Any], None]
Fault = Callable[[Commit, Any], None]


def refused_with(code: str) -> Fault:
    """The server refuses at COMMIT, when the transaction has changed what the trigger looks at."""

    def fail(commit: Commit, connection: Any) -> None:
        connection.execute(f"SET LOCAL battery.refuse = '{code}'")
        commit(connection)

    return fail


def terminated(commit: Commit, connection: Any) -> None:
    connection.execute("SELECT pg_terminate_backend(pg_backend_pid())")


def lost_after(commit: Commit, connection: Any) -> None:
    """Done, and nobody is told: the connection is gone."""
    commit(connection)
    if isinstance(connection, sqlite3.Connection):
        raise sqlite3.OperationalError("disk I/O error")
    connection.close()
    raise psycopg.OperationalError("server closed the connection unexpectedly")


def disk_full(commit: Commit, connection: Any) -> None:
    raise sqlite3.OperationalError("database or disk is full")


def locked(commit: Commit, connection: Any) -> None:
    raise sqlite3.OperationalError("database is locked")


def may_not_grow(commit: Commit, connection: Any) -> None:
    """No file of this process may grow: what SQLite writes at COMMIT ends with an error of the system."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1, before[1]))
    try:
        commit(connection)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


FAULTS: dict[str, dict[str, Fault]] = {
    "sqlite": {"file-limit": may_not_grow, "disk-full": disk_full, "locked": locked, "lost-after": lost_after},
    "postgresql": {
        "40001": refused_with("40001"),
        "40P01": refused_with("40P01"),
        "53100": refused_with("53100"),
        "terminated": terminated,
        "lost-after": lost_after,
    },
}


@dataclass
class Saboteur:
    """Fails one commit of an engine: the nth from when it is told to."""

    engine: sa.Engine
    left: int = 0
    fault: Fault | None = None
    failed: bool = False

    def __post_init__(self) -> None:
        plain = self.engine.dialect.do_commit

        def do_commit(connection: Any) -> None:
            self.left -= 1
            if self.left or self.fault is None:
                plain(connection)
                return
            fault, self.fault = self.fault, None
            try:
                fault(plain, connection.driver_connection if hasattr(connection, "driver_connection") else connection)
            except (sqlite3.Error, psycopg.Error):
                self.failed = True
                raise

        self.engine.dialect.do_commit = do_commit  # type: ignore[method-assign]

    def arm(self, at: int, fault: Fault) -> None:
        self.left, self.fault, self.failed = at, fault, False

    def disarm(self) -> bool:
        """Whether a commit failed."""
        self.fault = None
        return self.failed


@dataclass
class Tally:
    injected: Counter[str] = field(default_factory=Counter)
    told: Counter[int] = field(default_factory=Counter)
    false_success: int = 0
    no_retry_after: int = 0
    wrong_in_the_end: int = 0
    fsck: int = 0


def break_commits(parts: Parts, database: str, seed: int, wanted: int) -> list[Any]:
    """Rows of (fault, status, kept although told so, Retry-After there, right in the end)."""
    draw, saboteur, rows, number = random.Random(seed), Saboteur(parts.store.engine), [], 0  # noqa: S311
    while len(rows) < wanted:
        number += 1
        name = draw.choice(sorted(FAULTS[database]))
        raw = bundle_of(number, findings=draw.randint(0, 3))
        saboteur.arm(draw.randint(1, COMMITS), FAULTS[database][name])
        status, headers, _ = ask(parts, "POST", "/fhir", raw)
        if not saboteur.disarm():
            continue  # this transaction had nothing that COMMIT could refuse
        kept = [each.state for each in entries_of(parts, raw)] == ["stored"]
        again, case_id = post(parts, raw)
        stored = [each.state for each in entries_of(parts, raw)].count("stored")
        right = again == 200 and stored == 1 and versions_of(parts, case_id) == 1
        rows.append([name, status, kept or status >= 400, status < 500 or "Retry-After" in headers, right])
    if count(parts, CASES) != number:
        rows.append(["cases", 0, True, True, False])
    return rows


def play(knowledge: Knowledge, database: str, wanted: int) -> bool:
    tally, left, seed = Tally(), wanted, 0
    while left > 0:
        seed, part = seed + 1, min(left, IN_ONE_REGISTRY)
        left -= part
        with open_grounds(database) as (grounds,):
            ground = grounds.empty()

            def work(say: Tell, ground: Ground = ground, seed: int = seed, part: int = part) -> None:
                signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
                with ground.parts(knowledge) as parts:
                    if database == "postgresql":
                        with parts.store.writing() as connection:
                            connection.exec_driver_sql(_TRIGGER)
                    say([break_commits(parts, database, seed, part), []])
                say([[], fsck(ground, knowledge)])

            for rows, problems in fork(work, seconds=600).told:
                for row in rows:
                    _add(tally, row)
                tally.fsck += len(problems)
    wrong = tally.false_success or tally.no_retry_after or tally.wrong_in_the_end or tally.fsck
    return tell(
        "failures at COMMIT",
        holds=not wrong,
        database=database,
        injected=tally.injected.total(),
        faults=dict(tally.injected),
        told={str(status): number for status, number in tally.told.items()},
        false_successes=tally.false_success,
        without_retry_after=tally.no_retry_after,
        wrong_after_retry=tally.wrong_in_the_end,
        fsck=tally.fsck,
    )


def _add(tally: Tally, row: list[Any]) -> None:
    name, status, honest, retry_after, right = row
    tally.injected[name] += 1
    tally.told[status] += 1
    tally.false_success += not honest
    tally.no_retry_after += not retry_after
    tally.wrong_in_the_end += not right
    if not (honest and retry_after and right):
        remark(f"{row}")


def battery(knowledge: Knowledge, *, short: bool, number: int = 0) -> bool:
    wanted = number or (SHORT_NUMBER if short else NUMBER)
    return all([play(knowledge, database, wanted // len(KINDS)) for database in KINDS])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--number", type=int, default=0, help="failures on both databases together")
    parser.add_argument("--short", action="store_true")
    asked = parser.parse_args()
    knowledge = load_warm()
    freeze()
    sys.exit(not battery(knowledge, short=asked.short, number=asked.number))


if __name__ == "__main__":
    main()
