"""What a screening leaves behind: decisions, cases and unreadable lines as sorted NDJSON, and a summary that adds up.

Sorted by the bytes of the lines: the result is the same however the work was divided.

Takes from: errors, resource, screen.scatter, screen.judging.  Gives to: screen.
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from adapter.errors import ConfigError, Json
from adapter.resource import dump_json
from adapter.screen.chunks import Chunk
from adapter.screen.judging import Verdict
from adapter.screen.scatter import KINDS, Scattered

STATUSES = ("eligible", "undetermined", "ineligible", "quarantined", "opposed")
DECISIONS, CASES, UNREADABLE, SUMMARY = "decisions.ndjson", "cases.ndjson", "unreadable.ndjson", "summary.json"


@dataclass(frozen=True)
class Part:
    """A partition's share, written down sorted."""

    number: int
    counts: Counter[str]


def make_folder(folder: Path) -> None:
    """Errors:  ConfigError when it cannot be made"""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(f"The folder {folder.name} cannot be made ({error.strerror}).") from None


def write_part(folder: Path, number: int, verdicts: Iterable[Verdict]) -> Part:
    """Write a partition's lines, sorted, for `merge_parts`."""
    found = list(verdicts)
    for name, lines in ((DECISIONS, (each.decision for each in found)), (CASES, (each.case for each in found))):
        with open(_part(folder, name, number), "wb") as file:
            file.writelines(line + b"\n" for line in sorted(line for line in lines if line))
    return Part(number, Counter(each.status for each in found))


def merge_parts(folder: Path, parts: Iterable[Part], out: Path) -> None:
    """All partitions' lines as one sorted file each; one line of each part is in memory at a time."""
    numbers = [part.number for part in parts]
    for name in (DECISIONS, CASES):
        with ExitStack() as closing, open(out / name, "wb") as file:
            opened = [closing.enter_context(open(_part(folder, name, number), "rb")) for number in numbers]
            file.writelines(heapq.merge(*opened))


def _part(folder: Path, name: str, number: int) -> Path:
    return folder / f"part-{number:04}-{name}"


def write_faults(out: Path, scattered: Iterable[Scattered]) -> None:
    """File, line and rule of every line that could not be used; no value of it."""
    with open(out / UNREADABLE, "wb") as file:
        file.writelines(dump_json(fault) + b"\n" for fault in _faults(scattered))


def _faults(scattered: Iterable[Scattered]) -> Iterator[Json]:
    """Chunks know their lines from 1: those before in the same file are added here."""
    before, path = 0, ""
    for each in sorted(scattered, key=lambda done: done.chunk.number):
        before = before if each.chunk.path == path else 0
        path = each.chunk.path
        for line, rule in each.faults:
            yield {"file": each.chunk.name, "line": before + line, "rule": rule}
        before += each.lines


def summarise(chunks: list[Chunk], candidates: int, scattered: list[Scattered], parts: list[Part]) -> Json:
    """Counts that add up: received over the lines, candidates over the verdicts."""
    lines: Counter[str] = sum((each.counts for each in scattered), Counter())
    verdicts: Counter[str] = sum((part.counts for part in parts), Counter())
    return {
        "files": len({chunk.path for chunk in chunks}),
        "lines": {"received": lines.total(), **{kind: lines[kind] for kind in KINDS}},
        "candidates": {
            "found": candidates,
            **{status: verdicts[status] for status in STATUSES},
            "without_record": candidates - verdicts.total(),
        },
    }


def write_summary(out: Path, summary: Json) -> None:
    (out / SUMMARY).write_bytes(dump_json(summary, indent=True) + b"\n")
