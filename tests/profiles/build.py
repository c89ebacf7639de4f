"""Development time: build profiles/ from profiles/fsh and mappings/.

    python -m tests.profiles.build

Needs node and npm (the first run downloads what package-lock.json names). What it writes is committed; the product
and its tests only read it. profiles/fsh/compiled.json records of which sources it was made.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from tests.profiles.pages import write_pages
from tests.profiles.sushi import HERE, compile_fsh, prepare
from tests.profiles.terminology import FSH, ROOT, Sources, make_resources

Json = dict[str, Any]

PROFILES = ROOT / "profiles"
RECORD = FSH / "compiled.json"
# Prose that every inherited element repeats from R4 and no validator reads.
_INHERITED_PROSE = ("mapping", "comment", "requirements", "alias")


def main() -> None:
    workshop = ROOT / "build" / "profiles"
    prepare(workshop)
    vocabulary = make_resources(Sources())
    compiled = [tidy(resource) for resource in compile_fsh(workshop, vocabulary)]
    for old in PROFILES.glob("*-*.json"):
        old.unlink()
    for resource in (*vocabulary, *compiled):
        (PROFILES / file_name(resource)).write_bytes(to_bytes(resource))
    (PROFILES / "package.json").write_bytes(to_bytes(manifest(Sources().config)))
    RECORD.write_bytes(to_bytes({"sources": source_hashes(), "compiled": hashes(map(file_of, compiled))}))
    write_pages(PROFILES)


def file_name(resource: Json) -> str:
    return f"{resource['resourceType']}-{resource['id']}.json"


def file_of(resource: Json) -> Path:
    return PROFILES / file_name(resource)


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
    return hashes([*sorted(FSH.glob("*.fsh")), FSH / "sushi-config.yaml", HERE / "package-lock.json"])


def hashes(files: Iterable[Path]) -> dict[str, str]:
    return {str(f.relative_to(ROOT)): hashlib.sha256(f.read_bytes()).hexdigest() for f in sorted(files)}


if __name__ == "__main__":
    main()
