"""`make bench-screen`: a million resources of 20,000 patients, cases among them, by one process, by two, by Spark.

Says whether exactly the planted cases were found, whether every run wrote the same bytes, how long each took, and the
largest memory of a run, all its processes together.
"""

from __future__ import annotations

import argparse
import filecmp
import json
import os
import shutil
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any, BinaryIO

from adapter.config import load_settings
from adapter.mapping import load_mappings
from adapter.pseudonym import load_pseudonyms
from adapter.resource import dump_json
from adapter.synthetic import look_alikes, published_cohort
from adapter.synthetic.bystanders import make_bystanders
from adapter.synthetic.hospital import Population, make_population

Json = dict[str, Any]
ROOT = Path(__file__).parents[2]
RESULTS = ("decisions.ndjson", "cases.ndjson", "unreadable.ndjson", "summary.json")
TODAY = "2026-01-01"
ONE, TWO = "one process", "two processes"


def make_export(folder: Path, *, patients: int, resources: int, cohorts: int, seed: int = 7) -> Path:
    """A file per type, as bulk exports are, and beside them planted.json; made once.

    Shapes:  patients, resources  in all
             cohorts              how often the children of the published cohort are planted, with their look-alikes
             returns              the folder of the files
    """
    export = folder / f"export-{resources}-{patients}-{cohorts}-{seed}"
    if export.exists():
        return export
    population, eligible = _plant(cohorts, seed)
    draft = folder / "draft"
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(parents=True)
    with ExitStack() as closing:
        files: dict[str, BinaryIO] = {}
        for resource in _mixed(population, patients, resources, seed):
            kind = resource["resourceType"]
            if kind not in files:
                files[kind] = closing.enter_context(open(draft / f"{kind}.ndjson", "wb"))
            files[kind].write(dump_json(resource) + b"\n")
    planted = {each["id"]: each for each in population.resources if each["resourceType"] == "Patient"}
    told = [planted[name] for name, origin in population.patients.items() if origin in eligible]
    (draft / "planted.json").write_bytes(dump_json(told))
    draft.rename(export)
    return export


def _plant(cohorts: int, seed: int) -> tuple[Population, set[str]]:
    cases: list[Json] = []
    eligible: set[str] = set()
    for number in range(seed, seed + cohorts):
        children = [{**case, "case_id": f"{number}-{case['case_id']}"} for case in published_cohort("SA", number)]
        eligible |= {case["case_id"] for case in children}
        others = [{**case, "case_id": f"{number}-{case['case_id']}"} for case, _ in look_alikes(number)]
        cases += [*children, *others]
    return make_population(cases, load_mappings(load_settings({}).mappings), seed), eligible


def _mixed(population: Population, patients: int, resources: int, seed: int) -> Iterator[Json]:
    """The planted resources, shuffled as they are, a few after each of the others' records."""
    others, left = patients - len(population.patients), resources - len(population.resources)
    each, more = divmod(left, others)
    sizes = ((more, each + 1), (others - more, each))
    share, given = len(population.resources) / others, 0
    number = 0
    for part, (count, size) in enumerate(sizes):
        for record in make_bystanders(count, seed * 2 + part, resources=size):
            number += 1
            yield from record
            yield from population.resources[given : round(number * share)]
            given = round(number * share)


@dataclass
class Run:
    """What a run took.

    Shapes:  memory  the largest of the process and its children together, in bytes
             cpu     seconds of processor time, by process: the first is the one that was started
    """

    summary: Json
    seconds: float
    memory: int
    cpu: dict[int, float]

    @property
    def path(self) -> float:
        """Processor time that cannot be had side by side: of the first process, and of its busiest child."""
        first, *others = self.cpu.values()
        return first + max(others, default=0.0)


def run(export: Path, out: Path, data: Path, *options: str, python: str = sys.executable) -> Run:
    """Screen in a process of its own."""
    shutil.rmtree(out, ignore_errors=True)
    files = sorted(map(str, export.glob("*.ndjson")))
    command = [python, "-m", "adapter", "--data", str(data), "screen", *files, "--out", str(out)]
    started, largest, cpu = time.monotonic(), 0, {}
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYSPARK_PYTHON": python}
    told = ["--today", TODAY, "--format", "text", "--json", *options]
    process = subprocess.Popen([*command, *told], env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    while process.poll() is None:
        family = _family(process.pid)
        largest = max(largest, sum(map(_resident, family)))
        cpu |= {pid: used for pid in family if (used := _used(pid))}
        time.sleep(0.05)
    seconds = time.monotonic() - started
    output, words = process.communicate()
    if process.returncode:
        sys.exit(f"{process.returncode}: {words.decode()[-2000:]}")
    return Run(json.loads(output), seconds, largest, cpu)


def _family(pid: int) -> list[int]:
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return [pid]
    return [pid, *(each for child in children for each in _family(int(child)))]


def _resident(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return 0


def _used(pid: int) -> float:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def found(out: Path) -> set[str]:
    decisions = map(json.loads, (out / "decisions.ndjson").read_bytes().splitlines())
    return {each["case_id"] for each in decisions if each["status"] == "eligible"}


def planted(export: Path, data: Path) -> set[str]:
    pseudonyms = load_pseudonyms(data / "keys" / "pseudonym.json")
    patients = json.loads((export / "planted.json").read_bytes())
    return {pseudonyms.case_id(each, source="direct") or "" for each in patients}


def compare(first: Path, second: Path) -> str:
    _, different, missing = filecmp.cmpfiles(first, second, RESULTS, shallow=False)
    return "the same bytes" if not different and not missing else f"DIFFERENT: {[*different, *missing]}"


def tell(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--resources", type=int, default=1_000_000)
    options.add_argument("--patients", type=int, default=20_000)
    options.add_argument("--cohorts", type=int, default=4)
    options.add_argument("--folder", type=Path, default=ROOT / "build" / "bench-screen")
    options.add_argument("--rounds", type=int, default=3, help="one process and two by turns; the median counts")
    options.add_argument("--spark", metavar="PYTHON", help="a Python that has pyspark; run Spark too, in local mode")
    told = options.parse_args()
    export = make_export(told.folder, patients=told.patients, resources=told.resources, cohorts=told.cohorts)
    size = sum(file.stat().st_size for file in export.glob("*.ndjson"))
    tell(f"{told.resources:,} resources, {told.patients:,} patients, {size / 1e6:,.0f} MB of NDJSON")
    runs = [(ONE, ["--processes", "1"], sys.executable), (TWO, ["--processes", "2"], sys.executable)] * told.rounds
    runs += [("Spark, local[2]", ["--spark", "local[2]"], told.spark)] if told.spark else []
    done: dict[str, list[Run]] = defaultdict(list)
    for number, (name, more, python) in enumerate(runs):
        out = told.folder / f"out-{min(number, 1)}"
        each = run(export, out, told.folder / "data", *more, python=python)
        done[name].append(each)
        exact = "exactly the planted" if found(out) == planted(export, told.folder / "data") else "NOT THE PLANTED"
        same = compare(told.folder / "out-0", out) if number else json.dumps(each.summary["candidates"])
        cpu = " + ".join(f"{used:.1f}" for used in each.cpu.values())
        tell(f"{name:16} {each.seconds:6.1f} s, CPU {cpu} s, {each.memory / 1e6:.0f} MB; {exact}; {same}")
    wall = median(each.seconds for each in done[ONE]) / median(each.seconds for each in done[TWO])
    path = median(each.path for each in done[ONE]) / median(each.path for each in done[TWO])
    tell(f"two processes are {wall:.2f}x one by the clock, {path:.2f}x by processor time (goal 1.7; medians)")


if __name__ == "__main__":
    main()
