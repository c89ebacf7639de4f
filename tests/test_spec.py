"""The mapping language, word by word: every entry of `spec/` does in both directions what it says.

An entry shows one resource or several; what the map writes into every resource (type, id, constants) is not repeated.
"""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import jsonschema
import pytest

from adapter.config import shipped
from adapter.declaration import load_schema
from adapter.errors import DeclarationError, InvalidContentError
from adapter.mapping import MappingResult, Mappings, load_mappings
from adapter.mapping.examples import check_examples
from adapter.resource import dump_json
from tests.language import BASE_CASE, SPEC, Entry, bare, constants, dressed, entries, load_words, set_in, write_folder
from tests.language_chapter import CHAPTER, render

Json = dict[str, Any]
ALL = entries()
WRITING = [each for each in ALL if each.get("direction") in ("both", "to-fhir")]
READING = [each for each in ALL if each.get("direction") in ("both", "from-fhir")]
PUTTING = [each for each in ALL if each.get("direction") == "put"]
REFUSED = [each for each in ALL if each.get("refused")]


def plain(value: Any) -> Any:
    return json.loads(dump_json(value))


@cache
def open_entry(name: str) -> tuple[Mappings, Json]:
    entry = next(each for each in ALL if str(each) == name)
    with TemporaryDirectory() as folder:
        return load_mappings(write_folder(entry, Path(folder))), set_in(entry)


def written(mappings: Mappings, mapping: Json, case: Json) -> tuple[list[Json], list[Json]]:
    """(resources of the entry's map, all others)."""
    name = re.compile(re.escape(mapping["id"]).replace(r"\{case\}", "C-1").replace(r"\{n\}", r"\d+") + r"\Z")
    made: list[Json] = plain(mappings.to_resources(case))
    ours = [each for each in made if each["resourceType"] == mapping["resource"] and name.match(each["id"])]
    return ours, [each for each in made if each not in ours]


def read(mappings: Mappings, resources: list[Json]) -> MappingResult:
    bundle = {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": each} for each in resources]}
    return mappings.to_case(bundle, "C-1")


@pytest.mark.parametrize("word", load_words(), ids=lambda word: str(word["word"]))
def test_every_file_is_shaped_as_the_schema_says(word: Json) -> None:
    schema = json.loads((SPEC / "spec.schema.json").read_text(encoding="utf-8"))
    problems = [error.message for error in jsonschema.Draft202012Validator(schema).iter_errors(word)]
    assert problems == []
    assert (SPEC / f"{word['word']}.yaml").is_file()


@pytest.mark.parametrize("entry", WRITING, ids=str)
def test_the_case_is_written_as_told(entry: Entry) -> None:
    mappings, mapping = open_entry(str(entry))

    ours, _ = written(mappings, mapping, entry.case or {})

    assert [bare(each, constants(mapping)) for each in ours] == entry.resources


@pytest.mark.parametrize("entry", READING, ids=str)
def test_the_resource_is_read_as_told(entry: Entry) -> None:
    mappings, mapping = open_entry(str(entry))
    if entry.get("direction") == "both":
        ours, others = written(mappings, mapping, entry.case or {})
    else:
        ours, others = list(dressed(entry, mapping)), written(mappings, mapping, BASE_CASE)[1]

    result = read(mappings, [*others, *ours, *entry.get("beside", [])])

    assert plain(result.case) == entry.case
    wanted = entry.get("issues", [])
    told = [{"severity": each.severity, "rule": each.rule, "expression": each.expression} for each in result.issues]
    assert [{key: each[key] for key in want} for each, want in zip(told, wanted, strict=False)] == wanted
    assert len(told) == len(wanted), told
    assert [each["expression"] for each in result.unread] == entry.get("unread", [])


@pytest.mark.parametrize("entry", PUTTING, ids=str)
def test_the_changed_case_is_written_onto_what_is_there(entry: Entry) -> None:
    mappings, mapping = open_entry(str(entry))
    others, wanted = written(mappings, mapping, BASE_CASE)[1], entry.get("issues", [])
    there = [*others, *dressed(entry, mapping, "onto")]
    if wanted:
        with pytest.raises(InvalidContentError) as refused:
            mappings.put(entry.case or {}, there)
        told = [
            {"severity": each.severity, "rule": each.rule, "expression": each.expression}
            for each in refused.value.findings
        ]
        assert told == wanted
        return

    made = [each for each in plain(mappings.put(entry.case or {}, there)) if each not in plain(others)]

    assert [bare(each, constants(mapping)) for each in made] == entry.resources
    assert plain(read(mappings, [*others, *made]).case) == entry.case


@pytest.mark.parametrize("entry", REFUSED, ids=str)
def test_the_file_is_refused_as_told(entry: Entry, tmp_path: Path) -> None:
    assert entry.get("refused") in [each.split()[1] for each in problems(write_folder(entry, tmp_path))]


def problems(folder: Path) -> list[str]:
    """What is said when the files are loaded, else of their examples."""
    try:
        return list(check_examples(load_mappings(folder)))
    except DeclarationError as error:
        return error.problems


@pytest.mark.parametrize("entry", [each for each in ALL if "examples:" in each.get("mapping")], ids=str)
def test_the_examples_inside_a_file_come_out(entry: Entry) -> None:
    if not entry.get("refused"):
        assert list(check_examples(open_entry(str(entry))[0])) == []


def test_every_word_of_the_schema_has_examples() -> None:
    schema = load_schema("mapping")
    rule = schema["$defs"]["rule"]["properties"]
    codecs = next(each for each in rule["via"]["anyOf"] if "properties" in each)["properties"]
    named = next(each for each in rule["via"]["anyOf"] if "enum" in each)["enum"]
    words = {*rule, *codecs, *named, *schema["else"]["properties"], *schema["then"]["properties"]}
    shown = {name for word in load_words() for name in (word["word"], *word.get("covers", []))}
    assert words - shown == set()


def test_every_example_is_set_into_a_shipped_map() -> None:
    maps = {file.name.split(".")[0] for file in shipped("mappings").glob("*.map.yaml")}
    assert {entry.get("in") for entry in ALL} <= maps


def test_the_chapter_is_rendered_from_these_entries() -> None:
    """`make docs` renders it again."""
    assert CHAPTER.read_text(encoding="utf-8") == render()
