"""The journey itself, for any engine that can map a function over chunks and bring lines together by partition.

Takes from: errors, resource, parts, the other files of screen.  Gives to: screen.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Set
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol, TypeVar

from adapter.errors import IntegrityError, Json
from adapter.screen.chunks import Chunk
from adapter.screen.judging import Plan
from adapter.screen.output import (
    Part,
    make_folder,
    merge_parts,
    summarise,
    write_faults,
    write_summary,
)
from adapter.screen.scatter import Scattered

COMPLETE, IN_PART = 0, 5

Notice = Callable[[Json], None]
Result = TypeVar("Result")


class Engine(Protocol):
    """Where the work is done. Results come in any order."""

    def find(self, plan: Plan, chunks: list[Chunk]) -> Iterable[set[str]]:
        """The candidates of each chunk."""

    def scatter(self, plan: Plan, chunks: list[Chunk], candidates: Set[str]) -> Iterable[Scattered]:
        """Every chunk's lines to their partitions, which the engine keeps."""

    def drugs(self, wanted: Set[str]) -> Mapping[str, bytes]:
        """Lines of drugs by id, of what was scattered."""

    def judge(self, plan: Plan, drugs: Mapping[str, bytes], folder: Path) -> Iterable[Part]:
        """Every partition's share, written into the folder."""


def screen(plan: Plan, chunks: list[Chunk], engine: Engine, out: Path, notice: Notice = lambda progress: None) -> Json:
    """Screen an export and write decisions, cases, unreadable lines and summary into a folder.

    Shapes:  notice   told as it goes: {"phase", "done", "of", "unit"}
             returns  the summary
    Errors:  ConfigError (the folder, a missing library), DeclarationError, UsageError, IntegrityError
    """
    make_folder(out)
    total = len(chunks)
    candidates: set[str] = set()
    for found in _told(engine.find(plan, chunks), notice, "candidates", total):
        candidates |= found
    scattered = list(_told(engine.scatter(plan, chunks, candidates), notice, "collect", total))
    drugs = engine.drugs(set().union(*(each.linked for each in scattered)))
    with workspace(out) as folder:
        parts = list(_told(engine.judge(plan, drugs, folder), notice, "judge", plan.partitions))
        merge_parts(folder, sorted(parts, key=lambda part: part.number), out)
    write_faults(out, scattered)
    summary = summarise(chunks, len(candidates), scattered, parts)
    _ensure_sums(summary)
    write_summary(out, summary)
    return summary


def exit_code(summary: Json) -> int:
    """5 when something could not be used: a candidate may have been in it."""
    lines = summary["lines"]
    return (
        IN_PART if lines["unreadable"] or lines["unattached"] or summary["candidates"]["without_record"] else COMPLETE
    )


@contextmanager
def workspace(out: Path) -> Iterator[Path]:
    """A folder for patients' lines under way: readable by nobody else, gone in the end."""
    folder = Path(tempfile.mkdtemp(prefix=".screen-", dir=out))
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


def _told(results: Iterable[Result], notice: Notice, phase: str, total: int) -> Iterator[Result]:
    notice({"phase": phase, "done": 0, "of": total})
    for done, result in enumerate(results, 1):
        yield result
        notice({"phase": phase, "done": done, "of": total})


def _ensure_sums(summary: Json) -> None:
    lines = dict(summary["lines"])
    if lines.pop("received") != sum(lines.values()):
        raise IntegrityError("The lines that were counted are not the lines that were received.")
