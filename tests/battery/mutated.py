"""Mutated Bundles through the whole path, in a process for each core: no answer of 5xx, none above five seconds.

`python -m tests.battery.mutated [--number N] [--short]`
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from adapter.parts import Knowledge
from adapter.synthetic.hospital import make_population
from adapter.web import create_app
from tests.battery.figures import remark, tell
from tests.battery.forks import Tell, fork_together, freeze
from tests.battery.grounds import Ground, load_warm
from tests.battery.journeys import FHIR, fsck
from tests.battery.mutators import mutate, write_numbers
from tests.sample_bundles import make_bundle, make_condition, make_finding, make_patient
from tests.sample_cases import make_case

NUMBER, SHORT_NUMBER, SLOW_SECONDS = 100_000, 100, 5.0
LARGEST_BYTES = 60_000
CASES = Path(__file__).parents[1] / "cases"


def bundles(knowledge: Knowledge) -> list[Any]:
    """Valid ones: pushed by us, told by hospitals in their own ways, and the smallest."""
    told = [json.loads(file.read_text()) for file in sorted(CASES.glob("*/given.json"))]
    found = [each for each in told if isinstance(each, dict) and each.get("resourceType") == "Bundle"]
    found += [knowledge.mappings.to_fhir(make_case(number)) for number in (1, 2)]
    population = make_population([make_case(3)], knowledge.mappings, seed=1)
    found.append(make_bundle(*population.resources[:40], kind="collection"))
    found.append(make_bundle(make_patient(), make_condition(), make_finding()))
    as_json = [json.loads(json.dumps(each, default=float)) for each in found]
    return [each for each in as_json if len(json.dumps(each)) < LARGEST_BYTES]


def resident_mib() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def send_all(knowledge: Knowledge, seed: int, number: int, folder: Path, say: Tell) -> None:
    draw, valid = random.Random(seed), bundles(knowledge)  # noqa: S311
    ground = Ground(folder, f"sqlite:///{folder / 'registry.db'}")
    statuses: Counter[int] = Counter()
    slowest, sizes, bad = 0.0, [], []
    with ground.parts(knowledge) as parts:
        app = create_app(parts)
        client = app.test_client()
        for each in range(number):
            raw = write_numbers(mutate(valid, draw))
            began = time.monotonic()
            answer = client.post("/fhir", data=raw, content_type=FHIR)
            took = time.monotonic() - began
            slowest = max(slowest, took)
            statuses[answer.status_code] += 1
            if answer.status_code >= 500 or took > SLOW_SECONDS or not _is_fhir(answer):
                bad.append([answer.status_code, round(took, 1), _keep(raw)])
            if number >= 8 and (each + 1) % (number // 8) == 0:
                sizes.append(round(resident_mib()))
        app.extensions["background"].shutdown()
    problems = fsck(ground, knowledge)
    say({"statuses": statuses, "slowest": slowest, "sizes": sizes, "bad": bad, "fsck": problems})


def _is_fhir(answer: Any) -> bool:
    told = answer.get_json(silent=True, force=True)
    return isinstance(told, dict) and told.get("resourceType") in ("Bundle", "OperationOutcome")


def _keep(raw: bytes) -> str:
    """Where the Bundle is, to look at."""
    file = Path(tempfile.gettempdir()) / f"mutated-{hashlib.sha256(raw).hexdigest()[:12]}.json"
    file.write_bytes(raw)
    return str(file)


def work(knowledge: Knowledge, number: int, processes: int, seed: int) -> list[dict[str, Any]]:
    """What each process found; they work side by side."""
    with tempfile.TemporaryDirectory() as folder:

        def one(each: int) -> Callable[[Tell], None]:
            mine = Path(folder) / str(each)
            mine.mkdir()
            share = number // processes + (each < number % processes)
            return lambda say: send_all(knowledge, seed + each, share, mine, say)

        return [ended.told[0] for ended in fork_together([one(each) for each in range(processes)], seconds=36_000)]


def battery(knowledge: Knowledge, *, short: bool, number: int = 0, seed: int = 1) -> bool:
    processes = os.cpu_count() or 1
    found = work(knowledge, number or (SHORT_NUMBER if short else NUMBER), processes, seed)
    statuses: Counter[str] = Counter()
    for each in found:
        statuses.update(each["statuses"])
        for bad in each["bad"]:
            remark(f"{bad}")
    bad = [each for one in found for each in one["bad"]]
    failed, slow = sum(each[0] >= 500 for each in bad), sum(each[1] > SLOW_SECONDS for each in bad)
    problems = sum(len(each["fsck"]) for each in found)
    # The short form runs beside other tests: there nobody's seconds are counted.
    wrong = [each for each in bad if not short or each[0] >= 500 or each[1] <= SLOW_SECONDS]
    return tell(
        "mutated Bundles",
        holds=not wrong and not problems,
        sent=statuses.total(),
        answers=dict(sorted(statuses.items())),
        above_500=failed,
        above_5_seconds=slow,
        slowest_seconds=round(max(each["slowest"] for each in found), 2),
        resident_mib=[each["sizes"] for each in found],
        fsck=problems,
        seed=seed,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--number", type=int, default=0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--short", action="store_true")
    asked = parser.parse_args()
    knowledge = load_warm()
    freeze()
    sys.exit(not battery(knowledge, short=asked.short, number=asked.number, seed=asked.seed))


if __name__ == "__main__":
    main()
