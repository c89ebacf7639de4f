"""`make bench-mapping`: the same case through our engine, by hand, and through engines that are not ours.

python -m tests.bench.mapping_peers [PYTHON_WITH_MALAC]      the peers are installed by tests/bench/peers/run.sh

One run, one core, CPU seconds; the contenders take turns and the best turn of each counts. What each makes is held
against ours value by value; peers/RESULTS.md has the figures and every difference with its cause.
"""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from adapter.config import shipped
from adapter.mapping import Mappings, load_mappings
from adapter.mapping.exporting import export_each_map, export_maps
from adapter.resource import dump_json, parse_json
from tests.bench import hand, hand_back
from tests.bench.mapping import CASE, measure
from tests.interop.mapping.compare import Tally, compare, leaves
from tests.interop.mapping.prepare import _tasks

Json = dict[str, Any]
PEERS = Path(__file__).parent / "peers"
WAYS = ("to-fhir", "from-fhir")
TURNS = 3
# What each peer leaves out is in its favour: it does less.
NAMES = {"medplum": "@medplum/core 5.2.13", "jsonata": "jsonata 2.2.2", "malac-hd": "malac-hd 1.9.1"}


@dataclass
class Found:
    """Shapes:  seconds  direction -> contender -> best CPU seconds a case
    got      peer -> what its last turn wrote
    """

    seconds: dict[str, dict[str, float]] = field(default_factory=lambda: {way: {} for way in WAYS})
    got: dict[str, Json] = field(default_factory=dict)

    def add(self, way: str, name: str, seconds: float) -> None:
        self.seconds[way][name] = min(seconds, self.seconds[way].get(name, seconds))


def prepare(mappings: Mappings, work: Path) -> list[Json]:
    """Everything a peer needs, as files; returns one task a map and resource."""
    (work / "exported").mkdir()
    for name, content in export_maps(mappings.language).items():
        (work / "exported" / name).write_bytes(content.encode() if isinstance(content, str) else dump_json(content))
    tasks = [task for each in export_each_map(mappings.language) for task in _tasks(mappings, each, [CASE])]
    tables = mappings.language.tables.items()
    written = {
        "tasks": {"tasks": tasks},
        "case": CASE,
        "bundle": mappings.to_fhir(CASE),
        "tables": {
            "write": {name: {str(word): each for word, each in table.codings.items()} for name, table in tables},
            "read": {name: {f"{uri}|{code}": w for (uri, code), w in table.words.items()} for name, table in tables},
        },
    }
    for name, content in written.items():
        (work / f"{name}.json").write_bytes(dump_json(content))
    return json.loads((work / "tasks.json").read_text(encoding="utf-8"))["tasks"]


def ours(mappings: Mappings) -> dict[str, dict[str, Callable[[], Any]]]:
    bundle, _ = parse_json(dump_json(mappings.to_fhir(CASE)))
    return {
        "to-fhir": {
            "this engine": lambda: mappings.to_resources(CASE),
            "this engine, telling what is unwritten": lambda: (mappings.unwritten(CASE), mappings.to_resources(CASE)),
            "by hand (Python)": lambda: hand.to_resources(CASE),
        },
        "from-fhir": {
            "this engine": lambda: mappings.to_case(bundle, leftovers=False),
            "this engine, telling what is unread": lambda: mappings.to_case(bundle),
            "by hand (Python)": lambda: hand_back.to_case(bundle),
        },
    }


def commands(work: Path, malac: str) -> dict[str, list[str]]:
    node = ["node", str(PEERS / "time_node.mjs"), str(work)]
    with_malac = {"malac-hd": [malac, str(PEERS / "time_malac.py"), str(work)]} if malac else {}
    return {"medplum": [*node, "medplum"], "jsonata": [*node, "jsonata"], **with_malac}


def run(mappings: Mappings, work: Path, malac: str) -> Found:
    found, own = Found(), ours(mappings)
    for _ in range(TURNS):
        for way, functions in own.items():
            for name, seconds in measure(functions).items():
                found.add(way, name, seconds)
        for peer, command in commands(work, malac).items():
            subprocess.run(command, check=True)
            found.got[peer] = json.loads((work / f"{peer}.json").read_text(encoding="utf-8"))
            for key, seconds in found.got[peer]["seconds"].items():
                way, _, more = key.partition(", ")
                found.add(way, f"{NAMES[peer]}{', ' if more else ''}{more}", seconds)
    return found


def differences(mappings: Mappings, tasks: list[Json], found: Found) -> dict[str, dict[str, Tally]]:
    """Peer -> direction -> how its result compares with ours."""
    made: dict[str, dict[str, Tally]] = {}
    for peer, told in found.got.items():
        if peer == "jsonata":
            made[peer] = {way: tally for way, tally in _whole(mappings, told["got"])}
        else:
            results = told.get("results") or _in_order(tasks, told["got"])
            made[peer] = compare(peer, tasks, results)
    return made


def _in_order(tasks: list[Json], got: Json) -> list[Json]:
    waiting = {way: iter(results) for way, results in got.items()}
    return [{"got": next(waiting[task["direction"]])} for task in tasks]


def _whole(mappings: Mappings, got: Json) -> Iterator[tuple[str, Tally]]:
    """JSONata maps whole cases, and has no excuse: every difference counts as unexplained."""
    wanted = {"to-fhir": mappings.to_resources(CASE), "from-fhir": CASE}
    for way in WAYS:
        ours_, theirs = dict(leaves(json.loads(dump_json(wanted[way])))), dict(leaves(got[way]))
        tally = Tally(tasks=1, leaves=len(ours_))
        for place in ours_.keys() | theirs.keys():
            if ours_.get(place) == theirs.get(place):
                tally.equal += 1
            else:
                tally.unexplained[f"{place}: {ours_.get(place)!r} / {theirs.get(place)!r}"] += 1
        yield way, tally


def render(found: Found, compared: dict[str, dict[str, Tally]]) -> str:
    lines = [
        "# The mapping against engines that are not ours",
        "",
        "Made by `make bench-mapping`; do not edit. One case of the registry (tests/bench/case.json), dict to dict,",
        f"one core, CPU time, best of {TURNS} turns; CPython {platform.python_version()}, {_node()}. Ratios hold on a",
        "busy machine, microseconds do not.",
        "",
        "Medplum and MaLaC-HD run the exported maps, which know every spelling that the tables know; choosing the map",
        "of a resource and putting the parts of a case together is not counted for them. JSONata and the mapping by",
        "hand were written for this comparison: whole cases, and only what the registry itself writes. This engine",
        "shares the parts that never change between the resources it makes; the others make them anew. Only",
        "this engine tells what it did not understand. What an engine does not do, or stops at, counts in its favour.",
        "",
        "| direction | contender | µs a case | cases/s | by hand | this engine |",
        "|---|---|---:|---:|---:|---:|",
    ]
    for way in WAYS:
        timed = found.seconds[way]
        mine, by_hand = timed["this engine"], timed["by hand (Python)"]
        for name, seconds in sorted(timed.items(), key=lambda each: each[1]):
            ratios = f"{seconds / by_hand:.2f}× | {seconds / mine:.2f}×"
            lines.append(f"| {way} | {name} | {seconds * 1e6:,.1f} | {1 / seconds:,.0f} | {ratios} |")
    return "\n".join([*lines, "", *_told(compared), ""])


def _told(compared: dict[str, dict[str, Tally]]) -> Iterator[str]:
    yield "## What they made of it"
    yield ""
    yield "| contender | direction | values | equal | differing by a known cause | unexplained |"
    yield "|---|---|---:|---:|---:|---:|"
    for peer, ways in compared.items():
        for way, tally in ways.items():
            known, unknown = tally.causes.total(), tally.unexplained.total()
            yield f"| {NAMES[peer]} | {way} | {tally.leaves} | {tally.equal} | {known} | {unknown} |"
    yield ""
    yield "The one written by hand makes the same as this engine, case by case (tests/mapping/test_bench.py)."
    for peer, ways in compared.items():
        for way, tally in ways.items():
            for text, count in [*tally.causes.most_common(), *tally.unexplained.most_common()]:
                yield f"- {NAMES[peer]}, {way}, {count}: {text}"


def _node() -> str:
    return f"Node {subprocess.run(['node', '--version'], capture_output=True, text=True, check=True).stdout.strip()}"


def main(arguments: list[str]) -> int:
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    mappings = load_mappings(shipped("mappings"))
    with TemporaryDirectory(prefix="crmo-bench-") as folder:
        tasks = prepare(mappings, Path(folder))
        found = run(mappings, Path(folder), arguments[0] if arguments else "")
    report = render(found, differences(mappings, tasks, found))
    (PEERS / "RESULTS.md").write_text(report, encoding="utf-8")
    sys.stdout.write(report)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
