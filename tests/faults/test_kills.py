"""A pull that is killed goes on where it stood: nothing is lost, nothing comes twice, little is asked again."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

from adapter.crawl import SearchTaking
from adapter.hospital.client import open_hospital
from tests.faults.catalogue import MODES
from tests.faults.hospital import Hospital
from tests.faults.ours import open_parts, pull, source_of
from tests.faults.wire import Server, serve

CONNECTIONS = 4
COMMAND = (sys.executable, "-m", "tests.faults.child")


def large() -> Hospital:
    return MODES[0].open(patients=40, each_has=10, cap=20)


def test_killed_at_every_point_it_ends_with_exactly_what_the_server_has(tmp_path: Path) -> None:
    deaths = ("asked:3", "writing:4", "kept:5")
    hospital = large()
    server = Server(hospital.answer)
    with serve(server) as base:
        for place in deaths:
            killed = subprocess.run([*COMMAND, tmp_path, base, "--die", place], capture_output=True, check=False)
            assert killed.returncode == -signal.SIGKILL, killed.stderr
        ended = subprocess.run([*COMMAND, tmp_path, base], capture_output=True, check=True, text=True)
    brought = json.loads(ended.stdout.partition("\n")[2])
    assert brought["problems"] == []
    assert sorted(brought["rows"]) == sorted(f"Condition/{each['id']}" for each in hospital.conditions)
    again = len(server.asked) - len(set(server.asked))
    assert again <= CONNECTIONS * len(deaths)


def test_stopped_after_every_page_it_goes_on_with_the_next(tmp_path: Path) -> None:

    hospital = large()
    server = Server(hospital.answer)
    with serve(server) as base, open_parts(tmp_path) as parts:
        source = source_of(base, connections=1)
        steps = 0
        with open_hospital(source, parts.secret) as opened:
            while not SearchTaking(parts, opened, "p").take(lambda stage: False):
                steps += 1
        brought = pull(parts, source, "p")
    assert steps > 30
    assert (brought.problems, len(brought.rows), len(set(brought.rows))) == ([], 400, 400)
    assert len(server.asked) == len(set(server.asked))
