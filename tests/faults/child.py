"""A pull in a process of its own, that may be killed: `python -m tests.faults.child FOLDER BASE [--die PLACE:NUMBER]`.

Places to die by our own SIGKILL: "asked" (an answer has come and is not kept), "writing" (inside the transaction,
before it is committed), "kept" (after the commit). Run again with the same folder, it goes on. Prints "started", and at
the end what was brought as JSON.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import signal
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from adapter.crawl import engine
from adapter.hospital import Patience
from tests.faults.ours import open_parts, pull, source_of

PULL = "chaos"


def dying(at: int, then: Callable[..., Any], *, first: bool) -> Callable[..., Any]:
    """The function, killed when it is called for the nth time: before it runs, or after."""
    calls = itertools.count(1)

    def call(*arguments: Any, **named: Any) -> Any:
        now = next(calls) == at
        if now and first:
            os.kill(os.getpid(), signal.SIGKILL)
        value = then(*arguments, **named)
        if now:
            os.kill(os.getpid(), signal.SIGKILL)
        return value

    return call


def arrange(place: str, at: int) -> None:
    """Put death where it is wanted."""
    if place == "asked":
        engine.book = dying(at, engine.book, first=True)
    elif place == "writing":
        engine.book = dying(at, engine.book, first=False)
    elif place == "kept":
        engine.Crawl._keep = dying(at, engine.Crawl._keep, first=False)  # type: ignore[method-assign]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("base")
    parser.add_argument("--die", default=":0")
    told = parser.parse_args()
    place, _, number = told.die.partition(":")
    arrange(place, int(number))
    sys.stdout.write("started\n")
    sys.stdout.flush()
    patience = Patience(first_wait_seconds=0.01, backoff_cap_seconds=0.1)
    with open_parts(told.folder) as parts:
        brought = pull(parts, source_of(told.base, page_size=50, hasty=False), PULL, patience)
    sys.stdout.write(json.dumps(asdict(brought)))


if __name__ == "__main__":
    main()
