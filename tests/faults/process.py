"""Start the hospital as a process, and stop it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass


@dataclass
class Running:
    """A hospital that answers; its counts are there when it has stopped."""

    base: str
    requests: int = 0
    most_at_once: int = 0
    faults: int = 0


@contextmanager
def run_hospital(**options: object) -> Iterator[Running]:
    """Shapes:  options  of `python -m tests.faults`: mode, patients, each, cap, letters, latency, seed, share"""
    given = [part for name, value in options.items() for part in (f"--{name}", str(value))]
    command = [sys.executable, "-m", "tests.faults", *given]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        if process.stdout is None or process.stdin is None:
            raise RuntimeError("the hospital has no pipes")
        running = Running(process.stdout.readline().strip())
        try:
            yield running
        finally:
            process.stdin.close()
            counts = process.stdout.read().split()
            process.wait(10)
            if len(counts) == 3:
                running.requests, running.most_at_once, running.faults = map(int, counts)
