"""The README keeps its word: its tables name what exists, and all of it. (Its sessions: test_readme_sessions.py.)"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest
from flask import Flask

from adapter import errors
from adapter.bootstrap import open_parts
from adapter.cli import main
from adapter.config import load_settings
from adapter.declaration import load_schema
from adapter.parts import Knowledge
from adapter.web import create_app
from tests.readme import README, ROOT, blocks, codes, table

TEXT = README.read_text(encoding="utf-8")
CHAPTER = (ROOT / "mappings" / "README.md").read_text(encoding="utf-8")
# Words of the glossary that the design fixes for names in the code.
FIXED_WORDS = (
    *("resource", "case", "patient", "profile", "canonical", "element", "expression", "coding", "code", "system"),
    *("display", "concept", "binding", "value set", "concept map", "identifier", "id", "pseudonym", "reference"),
    *("issue", "outcome", "interaction", "characteristic"),
)


def test_every_command_is_listed_and_no_other() -> None:
    listed = [code for row in table("Commands") for code in codes(row[0])]
    assert sorted(listed) == sorted(f"crmo-adapter {name}" for name in main.commands)


@pytest.mark.parametrize("group", ["inbox", "case", "keys", "pulls"])
def test_every_command_of_a_group_is_named(group: str) -> None:
    inner = main.commands[group]
    assert isinstance(inner, click.Group)
    told = next(row[1] for row in table("Commands") if codes(row[0]) == [f"crmo-adapter {group}"])
    assert set(codes(told)) == set(inner.commands)


def test_every_option_before_the_command_is_named() -> None:
    names = {each.opts[0] for each in main.params if isinstance(each, click.Option) and each.name != "version"}
    told = TEXT.split("## Commands")[1].split("\n|")[0]
    assert names == {code.split()[0] for code in codes(told)} - {"--json", "--help", "-"}


def test_every_setting_is_listed_and_no_other() -> None:
    source = (ROOT / "adapter" / "config.py").read_text(encoding="utf-8")
    known = {*re.findall(r"\bCRMO_[A-Z]+(?:_[A-Z]+)*\b", source), "NO_COLOR"}
    assert [code for row in table("Settings") for code in codes(row[0])] == list(
        dict.fromkeys(code for row in table("Settings") for code in codes(row[0]))
    )
    assert {code for row in table("Settings") for code in codes(row[0])} == known


@pytest.fixture
def app(tmp_path: Path, knowledge: Knowledge) -> Iterator[Flask]:
    with open_parts(load_settings({"CRMO_DATA": str(tmp_path)}), knowledge) as parts:
        made = create_app(parts)
        yield made
        made.extensions["background"].shutdown()


def spelled(rule: str) -> str:
    """A route as the README spells it: {case_id} for <case_id>, {Type} for the types there are."""
    return re.sub(r"<(?:[^:<>]*:)?(\w+?)_?>", lambda match: f"{{{match[1].replace('type', 'Type')}}}", rule)


def test_every_route_is_listed_and_no_other(app: Flask) -> None:
    known = {
        f"{method} {spelled(rule.rule)}"
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    assert {code for row in table("Routes") for code in codes(row[0])} == known


def test_every_exit_code_is_listed_and_no_other() -> None:
    classes = [
        each for each in vars(errors).values() if isinstance(each, type) and issubclass(each, errors.AdapterError)
    ]
    listed = {int(code) for row in table("Exit codes") for code in codes(row[0])}
    told = (main.help or "").partition("Exit codes:")[2]
    assert listed == {int(number) for number in re.findall(r"\b(\d+) [a-z]", told)}
    assert {each.exit_code for each in classes} <= listed


def test_every_make_target_is_listed_and_no_other() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    known = re.findall(r"^([a-z-]+):.*##", makefile, flags=re.MULTILINE)
    assert {code for row in table("Make targets") for code in codes(row[0])} == {f"make {name}" for name in known}


def words_of(schema: Any) -> Iterator[str]:
    """Every key that a mapping file may use, wherever in the schema it is."""
    if isinstance(schema, dict):
        properties = schema.get("properties")
        yield from properties if isinstance(properties, dict) else ()
        for each in schema.values():
            yield from words_of(each)
    elif isinstance(schema, list):
        for each in schema:
            yield from words_of(each)


@pytest.mark.parametrize("name", ["mapping", "table", "units", "systems", "overlay"])
def test_every_word_of_the_declarations_is_in_the_chapter(name: str) -> None:
    words = set(words_of(load_schema(name))) - {"systems"}
    assert {word for word in words if f"| `{word}` |" not in CHAPTER} == set()


def test_every_problem_of_a_mapping_file_is_of_a_kind_that_the_chapter_names() -> None:
    sources = [ROOT / "adapter" / "declaration.py", *(ROOT / "adapter" / "mapping").rglob("*.py")]
    text = "\n".join(re.sub(r"# noqa.*", "", file.read_text(encoding="utf-8")) for file in sources)
    kinds = set(re.findall(r"\b([A-Z])\d{3}\b", text))
    assert {kind for kind in kinds if f"| `{kind}` |" not in CHAPTER} == set()


def test_the_chapter_is_linked() -> None:
    assert "](mappings/README.md)" in TEXT


def test_the_words_of_the_house_are_in_the_glossary() -> None:
    known = {word.strip() for row in table("Glossary") for word in row[0].split(",")}
    assert set(FIXED_WORDS) - known == set()


def test_every_link_leads_somewhere() -> None:
    anchors = {re.sub(r"[^\w\s-]", "", head.lower()).replace(" ", "-") for head in re.findall(r"^#+ (.+)$", TEXT, re.M)}
    for target in re.findall(r"\]\(([^)\s]+)\)", TEXT):
        found = target[1:] in anchors if target.startswith("#") else (ROOT / target).exists()
        assert found or target.startswith("http"), target


def test_the_keys_of_a_source_are_named() -> None:
    told = {code for row in table("Pulling from your own server") for code in codes(row[0])}
    block = next(each for each in blocks("yaml") if each.name.startswith("data/sources/"))
    shown = set(re.findall(r"^(\w+):", block.text, flags=re.MULTILINE))
    assert told | shown == set(load_schema("source")["properties"])
