"""Mapping files changed at random either load or are told what is wrong with them; nothing else ever comes out."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from adapter.config import shipped
from adapter.declaration import load_declaration
from adapter.errors import DeclarationError
from adapter.mapping import load_mappings

Pointer = tuple[str | int, ...]

SHIPPED = shipped("mappings")
FILES = [path for pattern in ("*.map.yaml", "fragments/*.yaml", "tables/*.yaml") for path in SHIPPED.glob(pattern)]
DATA = {str(path.relative_to(SHIPPED)): load_declaration(path).data for path in sorted(FILES)}
# What people type by mistake, and what only a program would.
SCALARS = (
    None,
    True,
    0,
    1.5,
    "",
    ".",
    "status",
    "[0]",
    "a..b",
    "bodySite[]",
    "a.b[*].resolve()",
    "extension[x].valueCode",
)
VALUES = (*SCALARS, [], {}, ["a"], {"table": "bone"}, {"en": "x", "fr": "y"}, "{case}-{n}")


def _pointers(data: Any, pointer: Pointer = ()) -> Iterator[Pointer]:
    if pointer:
        yield pointer
    for key, inner in data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ():
        yield from _pointers(inner, (*pointer, key))


POINTERS = {name: list(_pointers(data)) for name, data in DATA.items()}


def _at(data: Any, pointer: Pointer) -> Any:
    for part in pointer:
        data = data[part]
    return data


@st.composite
def changed_files(draw: st.DrawFn) -> tuple[str, str]:
    """(name of a file, its text) with a node deleted, replaced by one from elsewhere, or swapped with another."""
    name = draw(st.sampled_from(sorted(DATA)))
    data = deepcopy(DATA[name])
    pointer = draw(st.sampled_from(POINTERS[name]))
    holder, key = _at(data, pointer[:-1]), pointer[-1]
    change = draw(st.sampled_from(["delete", "replace", "transplant", "swap"]))
    if change == "delete":
        del holder[key]
    elif change == "replace":
        holder[key] = draw(st.sampled_from(VALUES))
    elif change == "transplant":
        donor = draw(st.sampled_from(sorted(DATA)))
        holder[key] = deepcopy(_at(DATA[donor], draw(st.sampled_from(POINTERS[donor]))))
    else:
        other = draw(st.sampled_from(POINTERS[name]))
        if pointer != other[: len(pointer)] and other != pointer[: len(other)]:
            there = _at(data, other[:-1])
            holder[key], there[other[-1]] = there[other[-1]], holder[key]
    return name, yaml.safe_dump(data, allow_unicode=True, sort_keys=False)


@st.composite
def torn_files(draw: st.DrawFn) -> tuple[str, str]:
    """(name of a file, its text) with a stretch of characters cut out."""
    name = draw(st.sampled_from(sorted(DATA)))
    text = (SHIPPED / name).read_text(encoding="utf-8")
    start = draw(st.integers(0, len(text) - 1))
    return name, text[:start] + text[start + draw(st.integers(1, 60)) :]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    copy = tmp_path_factory.mktemp("fuzz") / "mappings"
    shutil.copytree(SHIPPED, copy)
    return copy


@pytest.mark.slow
@settings(max_examples=80, deadline=None)
@given(changed=st.one_of(changed_files(), torn_files()))
def test_a_changed_file_loads_or_is_told_what_is_wrong(folder: Path, changed: tuple[str, str]) -> None:
    name, text = changed
    (folder / name).write_text(text, encoding="utf-8")

    problems = _problems(folder)

    shutil.copyfile(SHIPPED / name, folder / name)
    assert all(_is_placed(problem) for problem in problems)


def _problems(folder: Path) -> list[str]:
    try:
        load_mappings(folder)
    except DeclarationError as error:
        return error.problems
    return []


def _is_placed(problem: str) -> bool:
    place, code = problem.split(" ")[:2]
    _, line, column = place.rsplit(":", 2)
    return int(line) > 0 and int(column) > 0 and len(code) == 4
