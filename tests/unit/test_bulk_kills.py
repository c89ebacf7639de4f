"""An export whose process is killed goes on in the next one: nothing lost, nothing twice, nothing asked for again."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

from tests.bulk_hospital import BulkHospital, run_bulk_hospital
from tests.unit.test_bulk_faults import OURS, records, truth

ROOT = Path(__file__).parents[2]
NEVER = 1_000_000


def run(base: str, folder: Path, commits: int) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tests.bulk_child", base, str(folder), str(commits)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)


def test_killed_export_goes_on_where_it_stood(tmp_path: Path) -> None:
    hospital = BulkHospital(records(), "file-range")
    with run_bulk_hospital(hospital) as base:
        kills = [run(base, tmp_path, commits).returncode for commits in (1, 2, 4)]
        done = run(base, tmp_path, NEVER)
    assert kills == [-signal.SIGKILL] * 3
    told = json.loads(done.stdout)
    assert told["missing"] == []
    assert {patient: set(map(tuple, keys)) for patient, keys in told["brought"].items()} == {
        patient: truth(patient) for patient in OURS
    }
    assert hospital.told.seen["jobs"] == 1
    whole = [asked for asked in hospital.told.requests if "/files/" in asked and "Condition-0" not in asked]
    assert len(whole) - len(set(whole)) <= len(kills)
