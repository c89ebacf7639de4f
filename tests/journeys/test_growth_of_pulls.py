"""A pull every night costs the same however many nights went before: counted in steps of SQLite's machine."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from adapter.bootstrap import open_parts
from adapter.config import load_settings
from adapter.hospital import resolve_source
from adapter.parts import Knowledge
from adapter.pull import run_pull, start_pull
from adapter.synthetic.server import serve_resources
from tests.moving_hospital import MovingHospital
from tests.sample_bundles import make_condition, make_finding, make_patient
from tests.steps import Steps

NAME = "chu-imaginaire"
FEW, MANY = 4, 24


def test_a_pull_does_not_grow_with_those_before(tmp_path: Path, knowledge: Knowledge) -> None:
    subject = {"subject": {"reference": "Patient/p1"}}
    hospital = MovingHospital([make_patient(1), make_condition(1, **subject), make_finding(1, **subject)])
    settings, counts = load_settings({"CRMO_DATA": str(tmp_path)}), []
    with open_parts(settings, knowledge) as opened, serve_resources(hospital) as base:
        steps = Steps(opened.store)
        parts = replace(opened, sources={NAME: replace(resolve_source(base, {}), name=NAME)})
        for night in range(MANY + 1):
            before = steps.count
            report = run_pull(parts, start_pull(parts, NAME, {"since": "last" if night else "all"}))
            assert report["state"] == "complete"
            counts.append(steps.count - before)

    few, many = counts[FEW], counts[MANY]
    assert few > 0
    assert many - few < 10 * (MANY - FEW), f"{few} steps after {FEW} pulls, {many} after {MANY}"
