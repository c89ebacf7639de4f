"""Validate files of any size: JSON whole, NDJSON line by line, many at once on many cores.

Takes from: validation, resource.  Gives to: the command.
Source: https://hl7.org/fhir/R4/nd-json.html
"""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import islice
from multiprocessing import get_context
from pathlib import Path
from typing import BinaryIO

from adapter.errors import Issue, UsageError
from adapter.resource import parse_json
from adapter.validation import Policy, Validator, make_validator

MAX_FILE_BYTES = 2_000_000_000
_ROWS_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Request:
    """What every file is validated against."""

    profiles: tuple[str, ...] = ()
    packages: tuple[Path, ...] = ()
    policy: Policy = field(default_factory=Policy)

    def validator(self) -> Validator:
        return make_validator(self.packages, self.policy)


@dataclass(frozen=True, slots=True)
class Verdict:
    """One resource of one file: row is its line in NDJSON, 0 when the file is one resource."""

    file: str
    row: int
    issues: list[Issue]

    @property
    def valid(self) -> bool:
        return not any(issue.blocks for issue in self.issues)


def validate_files(paths: Iterable[Path], request: Request, *, workers: int = 1) -> Iterator[Verdict]:
    """A verdict for each resource, in the order of the files and rows.

    Shapes:  paths  files; "-" is standard input; names ending in .ndjson or .jsonl hold a resource a line
    Errors:  UsageError for a file that cannot be read; DeclarationError for a package that cannot be used
    """
    request.validator()
    jobs = (job for path in paths for job in _jobs(path))
    if workers <= 1:
        for job in jobs:
            yield from _judge(request, *job)
        return
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        yield from _in_order(pool, partial(_judge, request), jobs, workers * 4)


Job = tuple[str, int, list[bytes]]


def _in_order(
    pool: ProcessPoolExecutor, judge: Callable[..., list[Verdict]], jobs: Iterator[Job], ahead: int
) -> Iterator[Verdict]:
    """Hand out only a few jobs ahead, so that a large file never stands in memory as a whole."""
    waiting: deque[Future[list[Verdict]]] = deque(pool.submit(judge, *job) for job in islice(jobs, ahead))
    while waiting:
        done = waiting.popleft().result()
        waiting.extend(pool.submit(judge, *job) for job in islice(jobs, 1))
        yield from done


def _jobs(path: Path) -> Iterator[Job]:
    """A JSON file is one job; NDJSON is cut into runs of lines."""
    name = str(path)
    try:
        if name == "-":
            yield (name, 0, [sys.stdin.buffer.read()])
        elif path.suffix in (".ndjson", ".jsonl"):
            with path.open("rb") as rows:
                yield from _runs(name, rows)
        else:
            yield (name, 0, [path.read_bytes()])
    except OSError as error:
        raise UsageError(f"{name}: {error.strerror or 'cannot be read'}") from None


def _runs(name: str, rows: BinaryIO) -> Iterator[Job]:
    first = 1
    while run := list(islice(rows, _ROWS_AT_ONCE)):
        yield name, first, run
        first += len(run)


def _judge(request: Request, name: str, first: int, texts: list[bytes]) -> list[Verdict]:
    validator = request.validator()
    rows = ((first + number if first else 0, text) for number, text in enumerate(texts))
    return [Verdict(name, row, _issues(validator, request, row, text)) for row, text in rows if text.strip()]


def _issues(validator: Validator, request: Request, row: int, text: bytes) -> list[Issue]:
    resource, issues = parse_json(text, max_bytes=MAX_FILE_BYTES)
    if resource is not None or not issues:
        issues = issues + validator.validate(resource, profiles=request.profiles, text=text)
    return [replace(issue, line=row) for issue in issues] if row else issues
