"""Development time: the examples of what the registry sends, made by the mapping out of profiles/examples/case.json."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from adapter.canonical import BASE
from adapter.mapping import load_mappings

Json = dict[str, Any]

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "profiles" / "examples"
LESIONS = frozenset({"clinical-lesion", "imaging-lesion"})
_BY_TYPE = {
    "Patient": "crmo-patient",
    "Condition": "crmo-condition",
    "Procedure": "crmo-biopsy",
    "ImagingStudy": "crmo-imaging-study",
    "MedicationStatement": "crmo-medication-statement",
    "Bundle": "crmo-case-bundle",
}


def profile_of(resource: Json) -> str:
    """Canonical of the profile a resource is meant for."""
    codes = {coding.get("code") for coding in resource.get("code", {}).get("coding", [])}
    observation = "crmo-lesion" if codes & LESIONS else "crmo-finding"
    return f"{BASE}/StructureDefinition/{_BY_TYPE.get(resource['resourceType'], observation)}"


def sent_examples() -> dict[str, Json]:
    """{file name: resource}: the whole Bundle, and the first resource of each profile beside it."""
    case = json.loads((EXAMPLES / "case.json").read_text(encoding="utf-8"))
    bundle = load_mappings(ROOT / "mappings").to_fhir(case)
    files = {"sent-bundle.json": {"resourceType": "Bundle", "id": "EXAMPLE-1-case", **bundle}}
    for entry in bundle["entry"]:
        name = profile_of(entry["resource"]).rpartition("/crmo-")[2]
        files.setdefault(f"sent-{name}.json", entry["resource"])
    return files


def good_examples() -> Iterator[tuple[str, Json]]:
    """(file name, resource)"""
    for file in sorted((EXAMPLES / "good").glob("*.json")):
        yield file.name, json.loads(file.read_text(encoding="utf-8"))


def bad_examples() -> Iterator[tuple[Json, Json]]:
    """(what is expected, resource)"""
    for expected in yaml.safe_load((EXAMPLES / "expected.yaml").read_text(encoding="utf-8")):
        yield expected, json.loads((EXAMPLES / "bad" / expected["file"]).read_text(encoding="utf-8"))
