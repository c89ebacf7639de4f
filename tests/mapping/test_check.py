"""Mapping files broken on purpose: each is told with its place, its code and its words; none is accepted.

A file of `broken/` changes the shipped mapping files; `»1`, `»2` … in what it puts there mark where the problems are
expected to point, line and column, and are taken out before the files are read.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from adapter.config import shipped
from adapter.declaration import load_declaration
from adapter.errors import DeclarationError
from adapter.mapping import load_mappings

BROKEN = sorted((Path(__file__).parent / "broken").glob("*.yaml"))
_MARK = re.compile("»[0-9]")

Break = Callable[[list[dict[str, str]]], tuple[Path, dict[str, str]]]


@pytest.fixture
def broken(tmp_path: Path) -> Break:
    """The shipped mapping files with changes, and where the marks of the changes stood: mark -> file:line:col."""

    def apply(changes: list[dict[str, str]]) -> tuple[Path, dict[str, str]]:
        folder = tmp_path / "mappings"
        shutil.copytree(shipped("mappings"), folder)
        places: dict[str, str] = {}
        for change in changes:
            file = folder / change["file"]
            text = _changed(file, change)
            while mark := _MARK.search(text):
                before = text[: mark.start()]
                column = len(before) - before.rfind("\n")
                places[mark[0]] = f"{file.name}:{before.count(chr(10)) + 1}:{column}"
                text = before + text[mark.end() :]
            file.parent.mkdir(exist_ok=True)
            file.write_text(text, encoding="utf-8")
        return folder, places

    return apply


def _changed(file: Path, change: dict[str, str]) -> str:
    if "find" not in change:
        return change["put"]
    text = file.read_text(encoding="utf-8")
    assert text.count(change["find"]) == 1, f"{file.name} no longer says {change['find']!r} once"
    return text.replace(change["find"], change["put"])


def _problems(folder: Path) -> list[str]:
    with pytest.raises(DeclarationError) as raised:
        load_mappings(folder)
    return raised.value.problems


def _placed(problems: list[str], places: dict[str, str]) -> list[str]:
    return [_MARK.sub(lambda mark: places[mark[0]], problem) for problem in problems]


@pytest.mark.parametrize("file", BROKEN, ids=lambda file: file.stem)
def test_a_broken_mapping_is_told_with_its_place_and_its_words(file: Path, broken: Break) -> None:
    data: dict[str, Any] = load_declaration(file).data

    folder, places = broken(data["changes"])

    assert sorted(_problems(folder)) == sorted(_placed(data["problems"], places))


def test_the_shipped_mapping_files_are_sound() -> None:
    assert load_mappings(shipped("mappings")).version


def test_problems_stand_in_the_order_of_files_and_lines(broken: Break) -> None:
    everything = load_declaration(Path(__file__).parent / "broken" / "everything-at-once.yaml").data
    folder, _ = broken(everything["changes"])

    places = [problem.split(" ")[0].rsplit(":", 2) for problem in _problems(folder)]

    assert places == sorted(places, key=lambda place: (place[0], int(place[1]), int(place[2])))


def test_two_words_may_share_a_code_when_one_gives_up_its_way_back(broken: Break) -> None:
    folder, _ = broken(
        [
            {
                "file": "tables/response.table.yaml",
                "find": '{word: partial, write: {crmo-response: "partial"}',
                "put": '{word: partial, reverse: false, write: {crmo-response: "none"}',
            },
            {
                "file": "treatment-response.map.yaml",
                "find": "via: {concept: response}",
                "put": "via: {concept: response}, loses: partial comes back as none",
            },
        ]
    )

    table = load_mappings(folder).language.tables["response"]

    assert table.find(table.codings["partial"]) == "none"
