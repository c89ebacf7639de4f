"""`make bench-cohort`: a registry of a million eligible cases described from its database, time and memory told.

The database is made once under build/ from some thousand different synthetic cases, each kept under many pseudonyms
with its real decision: every row is read, parsed and worked out on its own.
"""

from __future__ import annotations

import os
import resource
import sqlite3
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime
from itertools import islice
from pathlib import Path

import click

from adapter.bootstrap import load_knowledge, open_parts
from adapter.config import load_settings
from adapter.describing import describe_columns, describe_registry
from adapter.eligibility import decide
from adapter.errors import Json
from adapter.exports.derived import read_derived
from adapter.exports.folder import open_table
from adapter.exports.sheets import CASES, Sheets
from adapter.parts import Knowledge, Parts
from adapter.resource import dump_json
from adapter.store import open_store
from adapter.synthetic import synthesize

DIFFERENT = 5_000
TODAY = date(2026, 1, 1)
_COPY = """
    WITH RECURSIVE copies(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM copies WHERE i < :copies)
    INSERT INTO {table} SELECT {columns} FROM {table}, copies WHERE case_id LIKE 'S1-______'
"""


def eligible(knowledge: Knowledge) -> Iterator[tuple[Json, Json]]:
    for case in synthesize(10 * DIFFERENT, 1):
        decision = decide(case, knowledge.criteria, today=TODAY)
        if decision["status"] == "eligible":
            yield case, decision


def make_registry(file: Path, count: int, knowledge: Knowledge) -> None:
    """The seeds go in as the store would keep them; the copies are made by the database."""
    url = f"sqlite:///{file}"
    open_store(url).close()
    now = datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")
    with sqlite3.connect(file) as database:
        database.execute("PRAGMA journal_mode=OFF")
        database.execute("PRAGMA synchronous=OFF")
        known = [row[1] for row in database.execute("PRAGMA table_info(inbox)") if row[3] and row[4] is None]
        values = {name: 0 if name.endswith(("bytes", "received", "stored", "rejected")) else "x" for name in known}
        values |= {"id": "seed", "state": "stored", "received_at": now, "kind": "case"}
        names = ", ".join(values)
        database.execute(f"INSERT INTO inbox ({names}) VALUES ({', '.join('?' * len(values))})", [*values.values()])  # noqa: S608
        for case, decision in islice(eligible(knowledge), DIFFERENT):
            name = case["case_id"]
            told = (name, knowledge.criteria.version, now, now)
            database.execute(
                "INSERT INTO cases (case_id, version, criteria_version, created_at, updated_at, status, sex) "
                "VALUES (?, 1, ?, ?, ?, 'eligible', ?)",
                (*told, case["patient"].get("sex")),
            )
            database.execute(
                "INSERT INTO case_versions VALUES (?, 1, ?, '-', '[]', '-', 'seed', ?)",
                (name, dump_json(case).decode(), now),
            )
            row = (name, knowledge.criteria.version, dump_json(decision).decode(), now)
            database.execute("INSERT INTO decisions VALUES (?, 1, ?, 'eligible', ?, ?)", row)
        _copy(database, count // DIFFERENT - 1)
    database.close()


def _copy(database: sqlite3.Connection, copies: int) -> None:
    new = "case_id || '-' || i"
    for table, replaced in (("cases", ()), ("case_versions", ("body",)), ("decisions", ("body",))):
        names = [row[1] for row in database.execute(f"PRAGMA table_info({table})")]
        columns = [
            new if name == "case_id" else f"replace({name}, case_id, {new})" if name in replaced else name
            for name in names
        ]
        database.execute(_COPY.format(table=table, columns=", ".join(columns)), {"copies": copies})


def make_parquet(file: Path, count: int, knowledge: Knowledge) -> None:
    """The table of cases of an export, the different cases repeated."""
    sheets = Sheets(knowledge.derivation)
    fields = [(each.name, each.type) for each in sheets.tables[CASES]]
    rows = [row for case, _ in islice(eligible(knowledge), DIFFERENT) for row in sheets.rows(case)[CASES]]
    with open_table(file.parent, file.stem, "parquet", fields) as table:
        for _ in range(count // DIFFERENT):
            table.write(rows)


def describe_parquet(file: Path, parts: Parts) -> None:
    statistics = parts.knowledge.published["SA"].statistics
    wall, cpu = time.perf_counter(), time.process_time()
    table = read_derived(file, statistics.derivation.only(statistics.variables()))
    describe_columns(parts, table, "SA")
    seconds, used = time.perf_counter() - wall, time.process_time() - cpu
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    click.echo(f"{len(table):,} cases of Parquet: {seconds:.1f} s, {used:.1f} s CPU; at most {peak:.2f} GB memory")


@click.command()
@click.option("--count", default=1_000_000, show_default=True)
@click.option("--processes", default=os.cpu_count() or 1, show_default=True)
@click.option("--folder", default="build/bench-cohort", show_default=True, type=click.Path(path_type=Path))
def main(count: int, processes: int, folder: Path) -> None:
    settings = load_settings({"CRMO_DATA": str(folder)})
    knowledge = load_knowledge(settings)
    file = folder / f"registry-{count}.db"
    if not file.exists():
        folder.mkdir(parents=True, exist_ok=True)
        make_registry(file, count, knowledge)
    parquet = folder / f"cases-{count}.parquet"
    if not parquet.exists():
        make_parquet(parquet, count, knowledge)
    settings = load_settings({"CRMO_DATA": str(folder), "CRMO_DATABASE_URL": f"sqlite:///{file}"})
    with open_parts(settings, knowledge) as parts:
        describe_parquet(parquet, parts)
        wall, cpu = time.perf_counter(), os.times()
        found = describe_registry(parts, "SA", processes=processes)
        seconds, end = time.perf_counter() - wall, os.times()
    used = sum(end[:4]) - sum(cpu[:4])
    own, child = (resource.getrusage(who).ru_maxrss / 2**20 for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    peak = own + (processes * child if processes > 1 else 0)
    n = found["flow"]["included"]
    click.echo(
        f"{n:,} cases of {file.stat().st_size / 2**30:.1f} GB, {processes} processes: {seconds:.1f} s, {used:.1f} s CPU"
    )
    click.echo(f"{n / seconds:,.0f} cases/s, {used / n * 1e6:.0f} µs CPU a case; at most {peak:.2f} GB memory")
    for row in found["rows"][:6]:
        click.echo(f"{row['id']} {row['name']}: {row.get('n', row.get('mean'))} of {row['N']}")


if __name__ == "__main__":
    main()
