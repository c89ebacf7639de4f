"""The mapping files as FHIR: nothing left out in silence, resources valid, code maps true to their tables."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from fhir.resources.R4B import get_fhir_model_class

from adapter.config import shipped
from adapter.declaration import load_schema
from adapter.mapping.exporting import ExportedMap, export_case_model, export_concept_map, export_each_map, export_maps
from adapter.mapping.language import load_language
from adapter.mapping.rules import Rule
from adapter.validation import Validator

Json = dict[str, Any]

LANGUAGE = load_language(shipped("mappings"))
MAPS = {each.name: each for each in export_each_map(LANGUAGE)}
FILES = export_maps(LANGUAGE)
RESOURCES = {name: content for name, content in FILES.items() if isinstance(content, dict)}
FHIR_ID = re.compile(r"[A-Za-z0-9.-]{1,64}")
BIDIRECTIONAL = "http://hl7.org/fhir/StructureDefinition/concept-bidirectional"


def _rules(listed: list[Json]) -> Iterator[Json]:
    for rule in listed:
        yield rule
        yield from _rules(rule.get("rule", []))


def _every(exported: ExportedMap) -> list[Json]:
    return list(_rules(exported.resource["group"][0]["rule"]))


def _plain_rules(rule: Rule, direction: str) -> Iterator[Rule]:
    """The rules that write or read something themselves, in one direction."""
    if rule.direction in (None, direction):
        if rule.kind in ("leaf", "const"):
            yield rule
        for inner in rule.rules:
            yield from _plain_rules(inner, direction)


def _source_rules(exported: ExportedMap) -> Iterator[Rule]:
    name = exported.name.removesuffix(f"-{exported.direction}")
    mapping = next(each for each in LANGUAGE.maps if each.name == name)
    for rule in mapping.rules:
        for each in _plain_rules(rule, exported.direction):
            # What is written always is not read.
            if each.kind != "const" or exported.direction == "to-fhir":
                yield each


def test_every_mapping_file_is_exported_both_ways() -> None:
    names = [f"{each.name}-{way}" for each in LANGUAGE.maps for way in ("to-fhir", "from-fhir")]

    assert sorted(MAPS) == sorted(names)


@pytest.mark.parametrize("name", MAPS)
def test_every_rule_is_in_the_map_or_told_in_its_head(name: str) -> None:
    exported = MAPS[name]
    said = {origin.rsplit(" ", 1)[-1] for rule in _every(exported) if (origin := rule.get("documentation"))}
    told = {gap.rule for gap in exported.gaps}
    silent = [
        rule.id
        for rule in _source_rules(exported)
        if rule.id not in said and not any(rule.id == each or rule.id.startswith(f"{each}.") for each in told)
    ]

    assert silent == []


@pytest.mark.parametrize("name", MAPS)
def test_rules_keep_their_ids_as_names(name: str) -> None:
    rules = _every(MAPS[name])
    names = [rule["name"] for rule in rules]
    origins = {rule["documentation"].rsplit(" ", 1)[-1] for rule in rules if " " in rule.get("documentation", "")}

    assert {each.replace("_", "-") for each in origins} <= set(names)
    assert len(set(names)) == len(names)
    assert all(FHIR_ID.fullmatch(each) for each in names)


@pytest.mark.parametrize("name", MAPS)
def test_gaps_stand_in_the_head_of_text_and_resource(name: str) -> None:
    exported = MAPS[name]

    assert exported.gaps
    for gap in exported.gaps:
        assert f"- {gap}" in exported.resource["description"]
        assert f"// - {gap}" in exported.text


@pytest.mark.parametrize("name", MAPS)
def test_text_and_resource_have_the_same_rules(name: str) -> None:
    exported = MAPS[name]
    written = re.findall(r'"([^"]+)";$', exported.text, flags=re.MULTILINE)

    assert sorted(written) == sorted(rule["name"] for rule in _every(exported))


@pytest.mark.parametrize("name", MAPS)
def test_every_translation_asked_for_is_contained(name: str) -> None:
    exported = MAPS[name]
    parameters = [
        parameter["valueString"]
        for rule in _every(exported)
        for target in rule.get("target", ())
        if target.get("transform") == "translate"
        for parameter in target["parameter"]
        if parameter.get("valueString", "").startswith("#")
    ]
    contained = {f"#{each['id']}" for each in exported.resource.get("contained", ())}

    assert set(parameters) == contained


@pytest.mark.parametrize("name", MAPS)
def test_variables_are_named_before_they_are_used(name: str) -> None:
    group = MAPS[name].resource["group"][0]

    def check(rules: list[Json], known: set[str]) -> None:
        for rule in rules:
            inner = set(known)
            for source in rule["source"]:
                assert source["context"] in inner
                inner.add(source.get("variable", ""))
            for target in rule.get("target", ()):
                assert target["context"] in inner
                assert {each["valueId"] for each in target.get("parameter", ()) if "valueId" in each} <= inner
                inner.add(target.get("variable", ""))
            check(rule.get("rule", []), inner)

    check(group["rule"], {each["name"] for each in group["input"]})


@pytest.mark.parametrize("name", RESOURCES)
def test_resources_have_the_shape_of_r4(name: str) -> None:
    resource = RESOURCES[name]

    model = get_fhir_model_class(resource["resourceType"]).model_validate(resource)

    assert model.id == resource["id"]


def test_resources_pass_our_own_validator() -> None:
    validator = Validator()
    errors = {
        (name, issue.rule, issue.expression)
        for name, resource in RESOURCES.items()
        for issue in validator.validate(resource)
        if issue.severity in ("fatal", "error") and issue.rule != "duplicate-element-id"
    }

    assert errors == set()


@pytest.mark.parametrize("name", [each.name for each in LANGUAGE.tables.values() if each.kind == "concept"])
def test_a_table_is_read_by_its_map_or_by_the_reverse_one(name: str) -> None:
    table = LANGUAGE.tables[name]
    forward, reverse = RESOURCES.get(f"ConceptMap-{name}.json"), RESOURCES.get(f"ConceptMap-{name}-rev.json")
    marked = forward is not None and {"url": BIDIRECTIONAL, "valueBoolean": True} in forward.get("extension", ())
    read = {
        (group["target"], target["code"]): element["code"]
        for group in (forward or {"group": ()})["group"]
        for element in group["element"]
        for target in element["target"]
    }
    if reverse is not None:
        read = {
            (group["source"], element["code"]): element["target"][0]["code"]
            for group in reverse["group"]
            for element in group["element"]
        }

    assert marked == (reverse is None)
    assert read == {key: word if isinstance(word, str) else str(word).lower() for key, word in table.words.items()}


@pytest.mark.parametrize("name", [each.name for each in LANGUAGE.tables.values() if each.codings])
def test_a_concept_map_says_what_we_write(name: str) -> None:
    table = LANGUAGE.tables[name]
    found = {
        (element["code"], group["target"], target["code"], target.get("display"))
        for group in export_concept_map(table)["group"]
        for element in group["element"]
        for target in element["target"]
    }

    assert found == {
        (word, coding["system"], coding["code"], coding.get("display"))
        for word, codings in table.codings.items()
        for coding in codings
    }


def _places(schema: Json, root: Json, path: str) -> Iterator[str]:
    for name, spelled in schema.get("properties", {}).items():
        here = f"{path}.{name}"
        resolved = root["$defs"][spelled["$ref"].rsplit("/", 1)[-1]] if "$ref" in spelled else spelled
        yield here
        yield from _places(resolved.get("items", resolved), root, here)


def test_the_case_model_knows_every_field_of_the_schema() -> None:
    schema = load_schema("case")
    model = export_case_model()
    paths = [element["path"].removesuffix("[x]") for element in model["differential"]["element"]]

    assert paths == ["CrmoCase", *_places(schema, schema, "CrmoCase")]


def test_the_snapshot_holds_the_differential_and_what_elements_inherit() -> None:
    model = export_case_model()
    paths = {element["path"] for element in model["snapshot"]["element"]}

    assert {element["path"] for element in model["differential"]["element"]} < paths
    assert {"CrmoCase.extension", "CrmoCase.treatments.modifierExtension"} <= paths


def test_a_word_nobody_knows_breaks_the_case_model() -> None:
    element = next(
        each for each in export_case_model()["differential"]["element"] if each["path"] == "CrmoCase.patient.sex"
    )

    assert element["constraint"][0]["expression"] == "$this in ('female' | 'male' | 'other' | 'unknown')"


def test_what_fml_cannot_say_of_the_diagnosis_is_told() -> None:
    told = {(gap.rule, gap.reason.split(":")[0]) for gap in MAPS["diagnosis-from-fhir"].gaps}

    assert ("diagnosis", "several") in told
    assert ("diagnosis", "hint") in told
    assert ("diagnosis", "leftovers") in told
    assert any(rule == "diagnosis.sites" for rule, _ in told)
