"""The battery in its short form: every part runs, and every figure is what is promised."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.battery.__main__ import PARTS
from tests.battery.kills import choose
from tests.battery.points import POINTS

ROOT = Path(__file__).parents[2]
# Two halves that take about as long as each other, for two processes.
HALVES = (("kills", "endpoint"), ("commits", "identical", "mutated", "hostile", "canary"))


@pytest.mark.slow
@pytest.mark.parametrize("parts", HALVES, ids="-".join)
def test_every_figure_is_what_is_promised(parts: tuple[str, ...]) -> None:
    command = [sys.executable, "-m", "tests.battery", "--short", *parts]
    environment = {**os.environ, "PYTHONWARNINGS": "default"}
    ended = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=1800, check=False
    )

    figures = [json.loads(line) for line in ended.stdout.splitlines()]
    assert [each for each in figures if not each["holds"]] == [], ended.stderr[-4000:]
    assert ended.returncode == 0, ended.stderr[-4000:]
    assert len(figures) >= len(parts)


def test_every_part_is_in_a_half() -> None:
    assert sorted(name for half in HALVES for name in half) == sorted(PARTS)


def test_there_are_as_many_points_as_promised_and_no_name_twice() -> None:
    names = [f"{point.journey}/{point.name}" for point in choose("sqlite", short=False)]
    assert len(set(names)) == len(names) >= 30
    journeys = {"push", "pull", "retry", "reseal", "rotate", "export", "backup", "erase"}
    assert {point.journey for point in POINTS} >= journeys
