"""Apache Spark, for a data warehouse: the same functions over chunks and partitions, shuffled by Spark.

Chunks are read by the workers themselves, so the files must be found under the same path on each of them.

Takes from: errors, the other files of screen.  Gives to: screen.
Source: https://spark.apache.org/docs/latest/api/python/reference/pyspark.html#rdd-apis
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Set
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from adapter.errors import ConfigError
from adapter.screen.chunks import Chunk
from adapter.screen.finder import Finder
from adapter.screen.judging import Plan, Verdict, judge_partition
from adapter.screen.output import Part, write_part
from adapter.screen.scatter import Lines, Scatter, Scattered, linked_lines

_LINE, _DRUG, _DONE = "line", "drug", "done"


class Spark:
    """An engine over a SparkContext; make it with `open_spark`."""

    def __init__(self, context: Any) -> None:
        self._context = context
        self._scattered: Any = None

    def find(self, plan: Plan, chunks: list[Chunk]) -> Iterable[set[str]]:
        searches = plan.source.candidates
        found: list[set[str]] = self._chunks(chunks).map(lambda chunk: Finder(searches).candidates(chunk)).collect()
        return found

    def scatter(self, plan: Plan, chunks: list[Chunk], candidates: Set[str]) -> Iterable[Scattered]:
        scatter = self._context.broadcast(
            Scatter(Finder(plan.source.candidates), candidates, plan.types, plan.partitions)
        )
        self._scattered = self._chunks(chunks).flatMap(partial(_scatter, scatter)).persist(_disk())
        done: list[Scattered] = self._of(_DONE).collect()
        return done

    def drugs(self, wanted: Set[str]) -> Mapping[str, bytes]:
        names = self._context.broadcast(frozenset(wanted))
        found = self._of(_DRUG).mapPartitions(lambda lines: linked_lines(lines, names.value))
        drugs: dict[str, bytes] = found.reduceByKey(max).collectAsMap()
        return drugs

    def judge(self, plan: Plan, drugs: Mapping[str, bytes], folder: Path) -> Iterable[Part]:
        handed = self._context.broadcast((plan, dict(drugs)))
        lines = self._scattered.filter(lambda item: item[0] == _LINE).map(lambda item: item[1])
        judged = lines.partitionBy(plan.partitions, int).mapPartitions(partial(_judge, handed), True).glom()
        # Judged everywhere at once, then fetched one partition after the other.
        judged.persist(_disk()).count()
        for number, verdicts in enumerate(judged.toLocalIterator()):
            yield write_part(folder, number, verdicts)

    def _chunks(self, chunks: list[Chunk]) -> Any:
        return self._context.parallelize(chunks, len(chunks))

    def _of(self, kind: str) -> Any:
        return self._scattered.filter(lambda item: item[0] == kind).map(lambda item: item[1])


@contextmanager
def open_spark(master: str | None) -> Iterator[Spark]:
    """Shapes:  master  a Spark master URL; None for what spark-submit or Spark's own configuration says
    Errors:  ConfigError when pyspark or Java is missing
    """
    try:
        from pyspark import SparkConf, SparkContext
        from pyspark.errors import PySparkRuntimeError
    except ModuleNotFoundError as error:
        raise ConfigError("Spark needs pyspark: pip install 'crmo-fhir-adapter[spark]'.") from error
    conf = SparkConf().setAppName("crmo-adapter screen").setIfMissing("spark.ui.enabled", "false")
    conf = conf.setIfMissing("spark.ui.showConsoleProgress", "false")
    try:
        context = SparkContext(conf=conf.setMaster(master) if master else conf)
    except PySparkRuntimeError as error:
        raise ConfigError(f"Spark does not start ({type(error).__name__}); is there a Java 17?") from error
    try:
        context.setLogLevel("ERROR")
        yield Spark(context)
    finally:
        context.stop()


def _disk() -> Any:
    from pyspark import StorageLevel

    return StorageLevel.DISK_ONLY


def _scatter(scatter: Any, chunk: Chunk) -> Iterator[tuple[str, Any]]:
    """Lines with their partition, drugs, and what came of the chunk, told apart by their first word."""
    kept: list[tuple[str, Any]] = []

    def keep(lines: Lines, drugs: list[bytes]) -> None:
        kept.extend((_LINE, (partition, line)) for partition, some in lines.items() for line in some)
        kept.extend((_DRUG, line) for line in drugs)

    done = scatter.value.run(chunk, keep)
    yield from kept
    yield _DONE, done


def _judge(handed: Any, lines: Iterable[tuple[int, bytes]]) -> Iterator[Verdict]:
    plan, drugs = handed.value
    return judge_partition(plan, (line for _, line in lines), drugs)
