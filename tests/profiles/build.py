"""Development time: build profiles/ from profiles/fsh and mappings/.

    python -m tests.profiles.build

Code systems, value sets, concept maps, sent examples and pages are made again each time. SUSHI, which needs node and
npm, runs only when what it reads has changed since profiles/fsh/compiled.json was written. What is built is committed;
the product and its tests only read it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from tests.profiles.examples import sent_examples
from tests.profiles.pages import make_pages
from tests.profiles.sushi import HERE, compile_fsh, prepare
from tests.profiles.terminology import FSH, ROOT, Sources, make_resources

Json = dict[str, Any]

PROFILES = ROOT / "profiles"
RECORD = FSH / "compiled.json"
# Prose that every inherited element repeats from R4 and no validator reads.
_INHERITED_PROSE = ("mapping", "comment", "requirements", "alias")


def main() -> None:
    vocabulary = make_resources(Sources())
    if is_stale():
        compile_profiles(vocabulary)
    kept = set(record()["compiled"])
    for old in PROFILES.glob("*-*.json"):
        if str(old.relative_to(ROOT)) not in kept:
            old.unlink()
    for path, content in built(vocabulary).items():
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)


def built(vocabulary: list[Json]) -> dict[Path, bytes]:
    """Everything that is made without SUSHI: {file: content}."""
    files = {file_of(resource): to_bytes(resource) for resource in vocabulary}
    files[PROFILES / "package.json"] = to_bytes(manifest(Sources().config))
    files |= {PROFILES / "examples" / "good" / name: to_bytes(each) for name, each in sent_examples().items()}
    return files | {PROFILES / "pages" / name: text.encode() for name, text in make_pages(PROFILES).items()}


def compile_profiles(vocabulary: list[Json]) -> None:
    workshop = ROOT / "build" / "profiles"
    prepare(workshop)
    compiled = [tidy(resource) for resource in compile_fsh(workshop, vocabulary)]
    for resource in compiled:
        file_of(resource).write_bytes(to_bytes(resource))
    RECORD.write_bytes(to_bytes({"sources": source_hashes(), "compiled": hashes(map(file_of, compiled))}))


def is_stale() -> bool:
    """Whether what SUSHI made, or what it made it of, is not what was recorded."""
    found = record()
    made = [ROOT / name for name in found["compiled"]]
    return not all(file.exists() for file in made) or found != {"sources": source_hashes(), "compiled": hashes(made)}


def record() -> Json:
    empty: Json = {"sources": {}, "compiled": {}}
    return dict(json.loads(RECORD.read_text(encoding="utf-8"))) if RECORD.exists() else empty


def file_of(resource: Json) -> Path:
    return PROFILES / f"{resource['resourceType']}-{resource['id']}.json"


def to_bytes(resource: Json) -> bytes:
    return (json.dumps(resource, ensure_ascii=False, indent=1) + "\n").encode()


def tidy(resource: Json) -> Json:
    """A snapshot without the prose it inherits; our own words stay in it and in the differential."""
    if resource["resourceType"] != "StructureDefinition":
        return resource
    own = {element["id"]: element for element in resource["differential"]["element"]}
    for element in resource["snapshot"]["element"]:
        for key in _INHERITED_PROSE:
            if key not in own.get(element["id"], {}):
                element.pop(key, None)
    return {key: value for key, value in resource.items() if key != "mapping"}


def manifest(config: Json) -> Json:
    """package.json of the FHIR package.  Source: https://hl7.org/fhir/packages.html"""
    return {
        "name": config["id"],
        "version": config["version"],
        "type": "Conformance",
        "date": str(config["date"]).replace("-", "") + "000000",
        "license": config["license"],
        "canonical": config["canonical"],
        "url": config["canonical"],
        "title": config["title"],
        "description": config["description"],
        "author": config["publisher"]["name"],
        "fhirVersions": [config["fhirVersion"]],
        "dependencies": {"hl7.fhir.r4.core": config["fhirVersion"]},
        "directories": {"lib": "package", "example": "example"},
        "jurisdiction": config["jurisdiction"].split(" ")[0],
    }


def source_hashes() -> dict[str, str]:
    """Everything SUSHI reads that is written by hand, and the versions of the tools."""
    return hashes([*FSH.glob("*.fsh"), FSH / "sushi-config.yaml", HERE / "package-lock.json"])


def hashes(files: Iterable[Path]) -> dict[str, str]:
    return {str(file.relative_to(ROOT)): hashlib.sha256(file.read_bytes()).hexdigest() for file in sorted(files)}


if __name__ == "__main__":
    main()
