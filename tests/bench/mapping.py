"""`make bench`: cases a second on one core, as ratios to hand-written Python and to orjson, in the same run.

The rounds of all contenders are interleaved and the best of each counts: ratios hold on a busy machine, seconds do not.
"""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import orjson

from adapter.config import shipped
from adapter.mapping import load_mappings
from tests.bench import hand, hand_back

CASE = json.loads((Path(__file__).parent / "case.json").read_text(encoding="utf-8"))
# A round is short enough to fit between two interruptions on a busy machine; the best of many was not interrupted.
ROUNDS, REPEATS, LOADS = 150, 20, 10


def contenders() -> dict[str, Callable[[], Any]]:
    mappings = load_mappings(shipped("mappings"))
    case_text, bundle_text = orjson.dumps(CASE), orjson.dumps(mappings.to_fhir(CASE))
    bundle = orjson.loads(bundle_text)  # as it arrives: nothing in it is an object that the tables hold
    return {
        "to FHIR, by hand": lambda: hand.to_resources(CASE),
        "to FHIR, mapping files": lambda: mappings.to_resources(CASE),
        "to FHIR, with unwritten report": lambda: (mappings.unwritten(CASE), mappings.to_resources(CASE)),
        "from FHIR, by hand": lambda: hand_back.to_case(bundle),
        "from FHIR, mapping files": lambda: mappings.to_case(bundle, leftovers=False),
        "from FHIR, with unread report": lambda: mappings.to_case(bundle),
        "orjson: read case": lambda: orjson.loads(case_text),
        "orjson: read Bundle": lambda: orjson.loads(bundle_text),
        "orjson: write Bundle": lambda: orjson.dumps(bundle),
    }


def measure(functions: dict[str, Callable[[], Any]]) -> dict[str, float]:
    """Best CPU seconds a call."""
    best = dict.fromkeys(functions, float("inf"))
    for _ in range(ROUNDS):
        for name, function in functions.items():
            start = time.process_time_ns()
            for _ in range(REPEATS):
                function()
            best[name] = min(best[name], (time.process_time_ns() - start) / 1e9 / REPEATS)
    return best


def measure_load() -> dict[str, float]:
    """Best CPU milliseconds of loading and proving every file: compiled anew, and taken from the cache."""
    folder = shipped("mappings")
    with tempfile.TemporaryDirectory() as made:
        cache = Path(made)
        load_mappings(folder, cache)
        starts = {
            "load, compiled anew": lambda: load_mappings(folder),
            "load, from the cache": lambda: load_mappings(folder, cache),
        }
        best = dict.fromkeys(starts, float("inf"))
        for _ in range(LOADS):
            for name, start in starts.items():
                before = time.process_time_ns()
                start()
                best[name] = min(best[name], (time.process_time_ns() - before) / 1e6)
    return best


def main() -> None:
    best = measure(contenders())
    size = len(hand.to_resources(CASE))
    lines = [f"one case, {size} resources; best of {ROUNDS} interleaved rounds, one core", ""]
    lines.append(f"{'':34}{'µs':>8}{'cases/s':>10}{'by hand':>9}{'orjson':>8}")
    for name, seconds in best.items():
        base = best["to FHIR, by hand" if name.startswith("to") else "from FHIR, by hand"]
        floor = best["orjson: read case"] + best["orjson: write Bundle"]
        floor = floor if name.startswith("to") else best["orjson: read Bundle"]
        ratio = "" if name.startswith("orjson") else f"{seconds / base:8.2f}×{seconds / floor:7.2f}×"
        lines.append(f"{name:34}{seconds * 1e6:8.1f}{1 / seconds:10,.0f}{ratio}")
    lines += ["", f"{'':34}{'ms':>8}"]
    lines += [f"{name:34}{milliseconds:8.1f}" for name, milliseconds in measure_load().items()]
    click.echo("\n".join(lines))


if __name__ == "__main__":
    main()
