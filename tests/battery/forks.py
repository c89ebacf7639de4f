"""Work in a forked child: it starts in milliseconds with everything compiled, and may be killed without asking."""

from __future__ import annotations

import gc
import json
import os
import select
import signal
import sys
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NoReturn

FAILED = 70
Tell = Callable[[Any], None]


@dataclass
class Ended:
    """How a child ended.

    Shapes:  killed  by its own SIGKILL
             told    what it said before, in order
    """

    killed: bool
    told: list[Any]


def freeze() -> None:
    """Keep what is loaded out of the collector's sight, so that children share its pages."""
    gc.collect()
    gc.freeze()


def fork(work: Callable[[Tell], None], *, seconds: float = 120) -> Ended:
    """Run work in a child to its end.  Errors:  RuntimeError when it fails, or is still there after its time"""
    (ended,) = fork_together([work], seconds=seconds)
    return ended


def fork_together(works: list[Callable[[Tell], None]], *, seconds: float = 120) -> list[Ended]:
    """Run each work in a child of its own, side by side.  Errors:  as `fork`"""
    children = [_start(work) for work in works]
    return [_finish(reading, pid, seconds) for reading, pid in children]


def _start(work: Callable[[Tell], None]) -> tuple[int, int]:
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(reading)
        _be_the_child(work, writing)
    os.close(writing)
    return reading, pid


def _finish(reading: int, pid: int, seconds: float) -> Ended:
    text = _read_to_end(reading, pid, seconds)
    os.close(reading)
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    if status not in (0, -signal.SIGKILL):
        raise RuntimeError(f"a child ended with {status}")
    return Ended(status != 0, [json.loads(line) for line in text.splitlines()])


def _be_the_child(work: Callable[[Tell], None], writing: int) -> NoReturn:
    status = FAILED
    try:
        work(lambda value: _write(writing, value))
        status = 0
    except BaseException:  # noqa: BLE001  # whatever it is, the child must not go on as a second parent
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


def _write(writing: int, value: Any) -> None:
    left = json.dumps(value).encode() + b"\n"
    while left:
        left = left[os.write(writing, left) :]


def _read_to_end(reading: int, pid: int, seconds: float) -> str:
    """What the child says; whoever it started must not hold the pipe open for ever."""
    end, told = time.monotonic() + seconds, b""
    while True:
        ready, _, _ = select.select([reading], [], [], max(0.0, end - time.monotonic()))
        if not ready:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
            raise RuntimeError(f"a child was still there after {seconds} s")
        block = os.read(reading, 1 << 16)
        if not block:
            return told.decode()
        told += block
