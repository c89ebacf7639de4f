"""All cores of one machine: processes that take chunks, spill candidates' lines by partition, then take partitions.

Memory holds a block of each process and one partition of each; what is between lies in files.

Takes from: errors, the other files of screen.  Gives to: screen.
"""

from __future__ import annotations

import multiprocessing
import os
import pickle
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Set
from concurrent.futures import Executor, ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from functools import cache, partial
from pathlib import Path
from typing import Any

from adapter.screen.chunks import Chunk
from adapter.screen.finder import Finder
from adapter.screen.judging import Plan, judge_partition
from adapter.screen.output import Part, write_part
from adapter.screen.scatter import Lines, Scatter, Scattered, linked_lines

Map = Callable[[Callable[[Any], Any], Iterable[Any]], Iterator[Any]]
_DRUGS = "drugs"


class Local:
    """An engine over processes; make it with `open_local`.

    Shapes:  folder  for lines under way
    """

    def __init__(self, run: Map, folder: Path) -> None:
        self._run, self._folder = run, folder

    def find(self, plan: Plan, chunks: list[Chunk]) -> Iterable[set[str]]:
        return self._run(partial(_find, self._hand_out(plan, "plan")), chunks)

    def scatter(self, plan: Plan, chunks: list[Chunk], candidates: Set[str]) -> Iterable[Scattered]:
        scatter = Scatter(Finder(plan.source.candidates), candidates, plan.types, plan.partitions)
        return self._run(partial(_scatter, self._hand_out(scatter, "scatter"), self._folder), chunks)

    def drugs(self, wanted: Set[str]) -> Mapping[str, bytes]:
        """Of two lines for one drug the greater bytes count, as for everything else."""
        found: dict[str, bytes] = {}
        for file in self._folder.glob(f"{_DRUGS}-*"):
            with open(file, "rb") as lines:
                for name, line in linked_lines((line.rstrip(b"\n") for line in lines), wanted):
                    found[name] = max(line, found.get(name, b""))
        return found

    def judge(self, plan: Plan, drugs: Mapping[str, bytes], folder: Path) -> Iterable[Part]:
        work = self._hand_out((plan, drugs), "judge")
        return self._run(partial(_judge, work, self._folder, folder), range(plan.partitions))

    def _hand_out(self, value: Any, name: str) -> Path:
        """What every task needs, written once: candidates may be many, and tasks are."""
        file = self._folder / f"{name}.pickle"
        file.write_bytes(pickle.dumps(value))
        return file


@contextmanager
def open_local(folder: Path, processes: int) -> Iterator[Local]:
    """Shapes:  folder     empty, for lines under way; whoever made it removes it
    processes  1 does the work here
    """
    if processes == 1:
        yield Local(map, folder)
        return
    with ProcessPoolExecutor(processes, mp_context=_context()) as pool:
        pool.submit(int).result()  # copies are made now, before anybody starts a thread here
        yield Local(partial(_as_they_end, pool), folder)


def _context() -> Any:
    """A copy of this process is ready at once; of one that has threads, a copy is no clean beginning."""
    copies = threading.active_count() == 1 and "fork" in multiprocessing.get_all_start_methods()
    return multiprocessing.get_context("fork" if copies else "spawn")


def _as_they_end(pool: Executor, work: Callable[[Any], Any], items: Iterable[Any]) -> Iterator[Any]:
    for done in as_completed([pool.submit(work, item) for item in items]):
        yield done.result()


@cache
def _handed(file: Path) -> Any:
    return pickle.loads(file.read_bytes())  # noqa: S301  our own file, in a folder that is ours alone


def _find(plan: Path, chunk: Chunk) -> set[str]:
    return Finder(_handed(plan).source.candidates).candidates(chunk)


def _scatter(scatter: Path, folder: Path, chunk: Chunk) -> Scattered:
    def keep(kept: Lines, drugs: list[bytes]) -> None:
        for partition, lines in kept.items():
            _append(folder / f"lines-{partition:04}-{os.getpid()}", lines)
        if drugs:
            _append(folder / f"{_DRUGS}-{os.getpid()}", drugs)

    done: Scattered = _handed(scatter).run(chunk, keep)
    return done


def _append(file: Path, lines: list[bytes]) -> None:
    with open(file, "ab") as opened:
        opened.writelines(line + b"\n" for line in lines)


def _judge(work: Path, spilled: Path, folder: Path, partition: int) -> Part:
    plan, drugs = _handed(work)
    return write_part(folder, partition, judge_partition(plan, _spilled(spilled, partition), drugs))


def _spilled(folder: Path, partition: int) -> Iterator[bytes]:
    for file in sorted(folder.glob(f"lines-{partition:04}-*")):
        with open(file, "rb") as lines:
            yield from (line.rstrip(b"\n") for line in lines)
        file.unlink()
