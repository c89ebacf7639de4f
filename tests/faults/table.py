"""The public score: every mode, ours and peers', as a table in FAULTS.md: `python -m tests.faults.table PEERS_PYTHON`.

Without peers' Python ours alone is played, in minutes, and printed; FAULTS.md stays as it is.

Ours and smart-fetch are given a way to the patients (a search by code, a list of ids); the others page through the type
and are not asked what they never ask. Each is used as its manual says, with its defaults.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.faults import bulk
from tests.faults.catalogue import MODES
from tests.faults.hospital import CODE, Hospital
from tests.faults.modes import Mode
from tests.faults.ours import open_parts, pull, source_of
from tests.faults.wire import Server, serve

PAGE = Path(__file__).with_name("FAULTS.md")
SCRIPT = Path(__file__).parents[1] / "bench" / "pull_peers.py"
PATIENTS, EACH, CAP = 12, 12, 5
LIMIT, SLOW_LIMIT = 30, 150
PAGING = ("fhirpy", "fhirclient", "fhir-pyrate")
PEERS = (*PAGING, "smart-fetch")
# What a client that pages through a type never asks for.
UNASKED = (
    "link-lost",
    "filter-code",
    "filter-patient",
    "filter-list",
    "filter-ids",
    "filter-include",
    "record-patient",
    "status-403",
)
UNASKED_BY_CRAWL = ("filter-code", "filter-list", "filter-include")

HEAD = """# Pulling from a hospital that fails

Written by `make fault-table` on {date}; the modes are in [catalogue.py](catalogue.py). {patients} patients with {each}
records each, pages of {cap}.

| letter | what came |
|---|---|
| E | exactly what the server has, and no complaint |
| L | less, and said so: an error, an exit code, a report |
| **S** | **less, and nothing said** |
| **D** | the same record twice, and nothing said |
| **F** | what is no record, or does not belong there, handed over as one |
| **H** | no end within {limit} s (smart-fetch: {slow} s) |
| · | not asked: this client never sends such a request |

An E is about the set alone: a client that looks at no total, no warning and no error has it wherever nothing is
missing. Peers are told nothing they do not ask for: the three that page through a type meet no filter.

Peers: fhirpy 2.3.1, fhirclient 4.4.0, fhir-pyrate 0.2.6, smart-fetch 1.0.3, with their defaults. Ours waits {wait} s
for an answer here, so that the table is done in minutes; every other of its settings is the default.
"""


def verdict(told: dict[str, Any], truth: Counter[str]) -> str:
    """Shapes:  told  {"rows", "error"}, or {"hangs"}"""
    if told.get("hangs"):
        return "H"
    if told["error"]:
        return "L"
    rows = Counter(row if row in truth else _unknown(row, truth) for row in told["rows"])
    if truth - rows:
        return "S"
    extra = rows - truth
    if not extra:
        return "E"
    return "D" if set(extra) <= set(truth) else "F"


def _unknown(row: str, truth: Counter[str]) -> str:
    nameless = row.endswith(("/None", "/")) or "/#" in row
    return "Condition/#" if nameless and "Condition/#" in truth else row


def truth_of(hospital: Hospital, fits: Callable[[dict[str, Any]], bool]) -> Counter[str]:
    return Counter(f"Condition/{each.get('id', '#')}" for each in hospital.conditions if fits(each))


def play_ours(mode: Mode) -> str:
    hospital = mode.open(PATIENTS, EACH, CAP)
    served = serve(Server(hospital.answer))
    with tempfile.TemporaryDirectory() as folder, served as base, open_parts(Path(folder)) as parts:
        brought = pull(parts, source_of(base), "table")
    told = {"rows": brought.rows, "error": "; ".join(brought.problems)}
    return verdict(told, truth_of(hospital, lambda each: each["code"]["coding"][0]["code"] == CODE))


class Peer:
    """One peer in a process of its own, asked again and again."""

    def __init__(self, python: str, name: str) -> None:
        self.name = name
        limit = SLOW_LIMIT if name == "smart-fetch" else LIMIT
        patients = [str(PATIENTS)] if name == "smart-fetch" else []
        command = [python, str(SCRIPT), name, "-", str(limit), *patients]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def play(self, mode: Mode) -> str:
        crawls = self.name == "smart-fetch"
        if mode.name.startswith(UNASKED_BY_CRAWL if crawls else UNASKED):
            return "·"
        hospital = mode.open(PATIENTS, EACH, CAP)
        with serve(Server(hospital.answer)) as base:
            told = self._ask(base)
        return verdict(told, truth_of(hospital, lambda each: not crawls or not each.get("id", "").startswith("x")))

    def _ask(self, base: str) -> dict[str, Any]:
        if self._process.stdin is None or self._process.stdout is None:
            raise RuntimeError("the peer has no pipes")
        self._process.stdin.write(f"{base}\n")
        self._process.stdin.flush()
        told: dict[str, Any] = json.loads(self._process.stdout.readline())
        return told

    def close(self) -> None:
        if self._process.stdin:
            self._process.stdin.close()
        self._process.wait(10)


def play_peer(python: str, name: str, modes: list[Mode]) -> list[str]:
    peer = Peer(python, name)
    scores = []
    for mode in modes:
        scores.append(peer.play(mode))
        sys.stderr.write(f"{name:12} {mode.name:26} {scores[-1]}\n")
    peer.close()
    return scores


def play_all(python: str) -> dict[str, list[str]]:
    """Scores by client, in the order of the modes. smart-fetch waits for minutes: it is run in four parts at once."""
    parts = 4
    with ThreadPoolExecutor(len(PAGING) + parts) as threads:
        quick = {name: threads.submit(play_peer, python, name, MODES) for name in PAGING}
        slow = [threads.submit(play_peer, python, "smart-fetch", MODES[part::parts]) for part in range(parts)]
        scores = {"ours": [play_ours(mode) for mode in MODES]}
        scores |= {name: future.result() for name, future in quick.items()}
        halves = [future.result() for future in slow]
    scores["smart-fetch"] = [halves[at % parts][at // parts] for at in range(len(MODES))]
    return scores


def render(scores: dict[str, list[str]]) -> str:
    date = datetime.now(UTC).date().isoformat()
    lines = [HEAD.format(date=date, patients=PATIENTS, each=EACH, cap=CAP, limit=LIMIT, slow=SLOW_LIMIT, wait=0.4)]
    lines.append(f"| mode | what happens | {' | '.join(scores)} |")
    lines.append(f"|---|---|{'---|' * len(scores)}")
    for at, mode in enumerate(MODES):
        lines.append(f"| `{mode.name}` | {mode.what} | {' | '.join(_bold(each[at]) for each in scores.values())} |")
    lines += ["", f"| of {len(MODES)} | {' | '.join(scores)} |", f"|---|{'---|' * len(scores)}"]
    for letter, word in {
        "E": "exact",
        "L": "loud",
        "S": "silent loss",
        "D": "twice",
        "F": "foreign",
        "H": "hangs",
    }.items():
        lines.append(f"| {word} | {' | '.join(str(each.count(letter)) for each in scores.values())} |")
    return "\n".join(lines) + "\n"


def _bold(letter: str) -> str:
    return letter if letter in "EL·" else f"**{letter}**"


if __name__ == "__main__":
    if sys.argv[1:]:
        PAGE.write_text(render(play_all(sys.argv[1])) + bulk.render(), encoding="utf-8")
    else:
        sys.stdout.write(render({"ours": [play_ours(mode) for mode in MODES]}) + bulk.render())
