"""The command for a whole hospital's export: screen.

Takes from: config, bootstrap, screen.  Gives to: cli.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from adapter.cli.entry import Session
from adapter.cli.progress import format_option, show_progress
from adapter.cli.terminal import emit, end, json_option
from adapter.errors import Json

if TYPE_CHECKING:
    from adapter.hospital import Source
    from adapter.screen.journey import Engine

# Small enough that a partition fits into memory well, few enough that all can be merged at once.
PARTITION_BYTES = 64 * 1024 * 1024
FEWEST, MOST = 16, 512


@click.command()
@click.argument("paths", nargs=-1, required=True, metavar="PATH...", type=click.Path(path_type=Path))
@click.option("--out", required=True, metavar="DIR", type=click.Path(path_type=Path), help="Folder for the results.")
@click.option("--source", metavar="NAME", help="Declared hospital whose searches, centre and pseudonyms count.")
@click.option("--processes", type=click.IntRange(1, 256), help="Processes on this machine; default: one a core.")
@click.option("--spark", metavar="MASTER", help="Apache Spark instead: local[*], spark://host:7077, or 'submitted'.")
@click.option("--column", metavar="NAME", help="Column of Parquet files that holds the NDJSON lines.")
@click.option("--rule-set", type=click.Choice(["SA", "SB"]), default="SA", show_default=True)
@click.option("--today", type=click.DateTime(["%Y-%m-%d"]), help="The day by which is decided; default: today (UTC).")
@format_option
@json_option
@click.pass_obj
def screen(
    session: Session,
    paths: tuple[Path, ...],
    out: Path,
    source: str | None,
    processes: int | None,
    spark: str | None,
    column: str | None,
    rule_set: str,
    today: datetime | None,
    form: str,
    as_json: bool,
) -> None:
    """Screen bulk files (NDJSON, gzipped, or Parquet of NDJSON lines) for eligible patients; nothing is stored.

    Writes decisions.ndjson, cases.ndjson, unreadable.ndjson, summary.json. Exit code 5 when a line cannot be read.
    """
    from adapter.pseudonym import load_pseudonyms
    from adapter.screen import Plan, exit_code, find_files, plan_chunks
    from adapter.screen import screen as screen_export

    settings = session.settings()
    chunks = plan_chunks(find_files(paths), column=column)
    size = sum(each.end - each.start for each in chunks)
    plan = Plan(
        source=_source(settings.sources, source),
        pseudonyms=load_pseudonyms(settings.pseudonym_key),
        mappings=settings.mappings,
        packages=settings.packages,
        rule_set=rule_set,
        today=(today or datetime.now(UTC)).date(),
        partitions=min(max(size // PARTITION_BYTES, FEWEST), MOST),
    )
    with _engine(spark, processes, out) as engine, show_progress(form) as show:
        summary = screen_export(plan, chunks, engine, out, lambda progress: show("screen", _in_words(progress)))
    emit(summary, indent=not as_json)
    end(exit_code(summary))


def _source(folder: Path, name: str | None) -> Source:
    """Without a declared one the shipped searches, and the name of senders who give none."""
    from adapter.hospital import load_sources, resolve_source

    if name:
        return resolve_source(name, load_sources(folder))
    return replace(resolve_source("https://export.invalid", {}), name="direct")


@contextmanager
def _engine(spark: str | None, processes: int | None, out: Path) -> Iterator[Engine]:
    from adapter.screen import make_folder, open_local, open_spark, workspace

    if spark:
        with open_spark(None if spark == "submitted" else spark) as opened:
            yield opened
        return
    make_folder(out)
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    with workspace(out) as folder, open_local(folder, processes or cores or 1) as local:
        yield local


def _in_words(progress: Json) -> Json:
    return {**progress, "unit": "partitions" if progress["phase"] == "judge" else "pieces"}
