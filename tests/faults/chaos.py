"""Chaos: a tenth of all answers fails, in nine ways, and we are killed every 0.5 to 1.6 s.

`python -m tests.faults.chaos [RUNS]`. Each run must end with exactly what the server has: nothing lost, nothing twice.
"""

from __future__ import annotations

import json
import random
import subprocess
import sys
import tempfile
from collections import Counter
from dataclasses import dataclass

from tests.faults.hospital import make_conditions
from tests.faults.process import run_hospital

RUNS, PATIENTS, EACH, CAP = 50, 200, 12, 20
LATENCY = 0.02
SOONEST, LATEST = 0.5, 1.6


@dataclass
class Run:
    """How one run ended."""

    kills: int
    faults: int
    lost: int
    twice: int
    problems: list[str]

    @property
    def exact(self) -> bool:
        return not (self.lost or self.twice or self.problems)


def play(seed: int) -> Run:
    """One run, from an empty store to its end."""
    draw = random.Random(seed)  # noqa: S311
    options = {"mode": "chaos", "seed": seed, "patients": PATIENTS, "each": EACH, "cap": CAP, "latency": LATENCY}
    with tempfile.TemporaryDirectory() as folder:
        with run_hospital(**options) as hospital:
            kills, told = _until_the_end(folder, hospital.base, draw)
        rows = Counter(told["rows"])
    has = {f"Condition/{each['id']}" for each in make_conditions(PATIENTS, EACH)}
    twice = sum(number - 1 for number in rows.values())
    return Run(kills, hospital.faults, len(has - set(rows)), twice + len(set(rows) - has), told["problems"])


def _until_the_end(folder: str, base: str, draw: random.Random) -> tuple[int, dict[str, list[str]]]:
    kills = 0
    command = [sys.executable, "-m", "tests.faults.child", folder, base]
    while True:
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
            if child.stdout is None:
                raise RuntimeError("the child has no pipe")
            child.stdout.readline()
            try:
                text, _ = child.communicate(timeout=draw.uniform(SOONEST, LATEST))
            except subprocess.TimeoutExpired:
                child.kill()
                kills += 1
                continue
        if child.returncode:
            raise RuntimeError(f"the child ended with {child.returncode}")
        return kills, json.loads(text)


def main() -> None:
    runs = []
    for seed in range(1, (int(sys.argv[1]) if sys.argv[1:] else RUNS) + 1):
        runs.append(play(seed))
        last = runs[-1]
        sys.stdout.write(
            f"{seed:3}  {last.kills:3} kills  {last.faults:4} faults  {last.lost} lost  {last.twice} twice\n"
        )
        for problem in sorted(set(last.problems)):
            sys.stdout.write(f"     {problem}\n")
        sys.stdout.flush()
    exact = sum(each.exact for each in runs)
    kills, faults = sum(each.kills for each in runs), sum(each.faults for each in runs)
    sys.stdout.write(f"{exact} of {len(runs)} runs exact; {kills} kills, {faults} faults\n")
    sys.exit(exact != len(runs))


if __name__ == "__main__":
    main()
