"""What is committed in profiles/ is what its sources make."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from adapter.canonical import BASE, code_system, extension
from adapter.mapping.exporting import export_tables
from adapter.mapping.language import load_language
from tests.profiles.build import PROFILES, built, is_stale, record
from tests.profiles.terminology import ROOT, Sources, make_resources, own_codes

SOURCES = Sources()
BUILT = built(make_resources(SOURCES))


@pytest.mark.parametrize("path", sorted(BUILT), ids=lambda path: str(path.relative_to(PROFILES)))
def test_what_is_committed_is_what_tables_maps_and_words_make(path: Path) -> None:
    """Run `make profiles` when this fails."""
    assert path.read_bytes() == BUILT[path]


def test_snapshots_are_those_of_the_fsh_sources() -> None:
    assert not is_stale()


def test_nothing_lies_in_the_folder_that_nothing_makes() -> None:
    made = {path.relative_to(ROOT).as_posix() for path in BUILT} | set(record()["compiled"])
    found = {file.relative_to(ROOT).as_posix() for file in PROFILES.glob("*-*.json")}
    assert found <= made


def test_every_own_code_the_tables_write_is_in_its_code_system() -> None:
    written = {
        (system, str(code))
        for table in SOURCES.tables
        for row in table["rows"]
        for system, code in row.get("write", {}).items()
        if system.startswith("crmo-")
    }
    known = {(system, code) for system in own_codes(SOURCES) for code in _codes(system)}
    assert written
    assert written <= known


def test_every_own_code_in_what_the_registry_sends_is_in_its_code_system() -> None:
    bundle = (PROFILES / "examples" / "good" / "sent-bundle.json").read_text(encoding="utf-8")
    pattern = rf'"system": "{re.escape(BASE)}/CodeSystem/([a-z-]+)",\s+"code": "([^"]+)"'
    sent = set(re.findall(pattern, bundle))
    assert len(sent) > 10
    assert {(system, code) for system, code in sent if code not in _codes(system)} == set()


def _codes(system: str) -> set[str]:
    resource = json.loads((PROFILES / f"CodeSystem-{system}.json").read_text(encoding="utf-8"))
    assert resource["url"] == code_system(system)
    return {concept["code"] for concept in resource["concept"]}


def test_every_extension_the_maps_name_is_defined() -> None:
    text = "".join(file.read_text(encoding="utf-8") for file in (ROOT / "mappings").rglob("*.yaml"))
    named = {name for name in re.findall(r"extension\[([a-z-]+)\]", text)} | {"label"}
    assert {name for name in named if not _defines(name)} == set()


def _defines(name: str) -> bool:
    file = PROFILES / f"StructureDefinition-{name}.json"
    return file.exists() and json.loads(file.read_text(encoding="utf-8"))["url"] == extension(name)


def test_every_table_has_the_concept_map_it_names() -> None:
    named = {table["url"] for table in SOURCES.tables if table["kind"] != "text"}
    made = {resource["url"] for resource in make_resources(SOURCES) if resource["resourceType"] == "ConceptMap"}
    assert {url.removesuffix("-rev") for url in made} == named


@pytest.mark.parametrize("file", sorted(PROFILES.glob("*-*.json")), ids=lambda file: file.stem)
def test_every_resource_speaks_french(file: Path) -> None:
    resource = json.loads(file.read_text(encoding="utf-8"))
    translations = resource["_description"]["extension"][0]["extension"]
    assert {"url": "lang", "valueCode": "fr"} in translations


def test_the_concept_maps_of_the_package_map_as_the_exported_ones_do() -> None:
    exported = {
        each.resource["url"]: each.resource["group"] for each in export_tables(load_language(ROOT / "mappings"))
    }
    published = [json.loads(file.read_text(encoding="utf-8")) for file in PROFILES.glob("ConceptMap-*.json")]

    assert {each["url"]: each["group"] for each in published} == exported
