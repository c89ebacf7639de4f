"""How fast records are pulled by us and by peers: `python -m tests.bench.pull [PEERS_PYTHON]`. One run, one server.

20,000 Conditions of about 1 KB, 50 ms a request, pages of at most 100. Ours and smart-fetch are told the patients and
keep what comes on disk; the others page through the type and keep it in memory. Medians of RUNS; smart-fetch runs once.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.faults.process import run_hospital

PATIENTS, EACH, RUNS = 2000, 10, 3
ROWS = PATIENTS * EACH
LARGE_PATIENTS, LARGE_EACH = 4000, 50
PEERS_SCRIPT = Path(__file__).with_name("pull_peers.py")


def run(command: list[str], timeout: float = 600) -> dict[str, Any]:
    ended = subprocess.run(command, capture_output=True, text=True, check=True, timeout=timeout)
    told: dict[str, Any] = json.loads(ended.stdout)
    return told


def ours(base: str, patients: int) -> dict[str, Any]:
    return run([sys.executable, "-m", "tests.bench.pull_ours", base, str(patients)])


def peer(python: str, name: str, base: str) -> dict[str, Any]:
    more = [str(PATIENTS)] if name == "smart-fetch" else []
    told = run([python, str(PEERS_SCRIPT), name, base, *more])
    return {**told, "rows": len(set(told["rows"])) if not told["error"] else 0}


def median(runs: list[dict[str, Any]]) -> dict[str, Any]:
    if any(each["rows"] != ROWS for each in runs):
        return {"seconds": float("inf"), "megabytes": 0}
    return {name: statistics.median(each[name] for each in runs) for name in ("seconds", "megabytes")}


def line(name: str, told: dict[str, Any], rows: int = ROWS, ratio: str = "") -> None:
    speed = rows / told["seconds"]
    sys.stdout.write(f"{name:14} {told['seconds']:7.2f} s {speed:8.0f}/s {told['megabytes']:5.0f} MB  {ratio}\n")
    sys.stdout.flush()


def main() -> None:
    with run_hospital(patients=PATIENTS, each=EACH, latency=0.05) as hospital:
        ours(hospital.base, PATIENTS)  # the server renders its pages once
        mine = median([ours(hospital.base, PATIENTS) for _ in range(RUNS)])
        line("ours", mine)
        for name in ("fhirpy", "fhirclient", "fhir-pyrate", "smart-fetch") if sys.argv[1:] else ():
            runs = 1 if name == "smart-fetch" else RUNS
            told = median([peer(sys.argv[1], name, hospital.base) for _ in range(runs)])
            line(name, told, ratio=f"ours is {told['seconds'] / mine['seconds']:.1f} times as fast")
    with run_hospital(patients=LARGE_PATIENTS, each=LARGE_EACH, cap=500) as hospital:
        large = ours(hospital.base, LARGE_PATIENTS)
        line("ours, large", large, LARGE_PATIENTS * LARGE_EACH, f"{large['rows']} rows, whole: {large['whole']}")


if __name__ == "__main__":
    main()
