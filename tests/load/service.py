"""The service as it is served in production, in a folder of its own, for as long as it is looked at."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.load.sending import Caller

ROOT = Path(__file__).parents[2]
PATIENCE_SECONDS = 90


@dataclass
class Service:
    """A process that serves."""

    address: tuple[str, int]
    folder: Path
    process: subprocess.Popen[bytes]

    def end(self) -> int:
        """Ask it to end, as an operator would, and wait until it has: its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(PATIENCE_SECONDS)

    def run(self, *arguments: str) -> subprocess.CompletedProcess[bytes]:
        """A command of ours on the same registry."""
        command = [sys.executable, "-m", "adapter", *arguments]
        return subprocess.run(command, env=_environment(self.folder), cwd=ROOT, capture_output=True, check=False)


@contextmanager
def serving(folder: Path, **settings: str) -> Iterator[Service]:
    """Shapes:  settings  as the environment: CRMO_THREADS="2"; CRMO_DATABASE_URL counts for `run` too"""
    address = "127.0.0.1", _free_port()
    environment = _environment(folder) | {"CRMO_PORT": str(address[1]), **settings}
    with (
        (folder / "service.log").open("wb") as log,
        subprocess.Popen(
            [sys.executable, "-m", "adapter", "serve"], env=environment, cwd=ROOT, stdout=log, stderr=log
        ) as process,
    ):
        try:
            _wait(address, process)
            yield Service(address, folder, process)
        finally:
            process.kill()


def _environment(folder: Path) -> dict[str, str]:
    return {**os.environ, "CRMO_DATA": str(folder)}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait(address: tuple[str, int], process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    caller = Caller(address)
    while caller.ask("GET", "/readyz")[0] != 200:
        if process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"The service did not begin to serve (exit code {process.returncode}).")
        time.sleep(0.1)
    caller.close()
