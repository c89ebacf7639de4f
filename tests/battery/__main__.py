"""The whole battery, a JSON line a figure: `python -m tests.battery [--short] [PART ...]`; exit code 1 when one fails.

The long form takes hours; the short one is what CI runs (tests/battery/test_battery.py).
"""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Callable

from tests.battery import canary, commits, endpoint, hostile, identical, kills, mutated
from tests.battery.forks import fork, freeze
from tests.battery.grounds import load_warm

PARTS: dict[str, Callable[..., bool]] = {
    "kills": kills.battery,
    "commits": commits.battery,
    "identical": identical.battery,
    "mutated": mutated.battery,
    "hostile": hostile.battery,
    "canary": canary.battery,
    "endpoint": endpoint.battery,
}
# These fork by themselves, from a parent that has opened nothing.
_FORKING = ("kills", "commits", "mutated")
_LONGEST_SECONDS = 12 * 3600


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="PART", help=", ".join(PARTS))
    parser.add_argument("--short", action="store_true")
    asked = parser.parse_args()
    if unknown := set(asked.parts) - set(PARTS):
        parser.error(f"There is no part {', '.join(unknown)}; there are {', '.join(PARTS)}.")
    logging.getLogger("alembic").setLevel(logging.WARNING)
    knowledge = load_warm()
    freeze()
    held = []
    for name in asked.parts or PARTS:
        part = PARTS[name]
        if name in _FORKING:
            held.append(part(knowledge, short=asked.short))
        else:
            ended = fork(lambda say, part=part: say(part(knowledge, short=asked.short)), seconds=_LONGEST_SECONDS)  # type: ignore[misc]
            held += ended.told
    sys.exit(not all(held))


if __name__ == "__main__":
    main()
