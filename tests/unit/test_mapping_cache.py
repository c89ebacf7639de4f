"""What was compiled is kept for the next start, and believed only when it can be."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from adapter.config import load_settings, shipped
from adapter.mapping import Mappings, load_mappings
from adapter.mapping.cache import keep, make_stamp, recall

CASE: dict[str, Any] = json.loads((Path(__file__).parents[1] / "bench" / "case.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return Path(shutil.copytree(shipped("mappings"), tmp_path_factory.mktemp("declared") / "mappings"))


@pytest.fixture(scope="module")
def kept(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    cache = tmp_path_factory.mktemp("cache") / "ours"
    load_mappings(folder, cache)
    return cache


@pytest.fixture
def cache(kept: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(kept, tmp_path / "cache"))


def _kept(cache: Path) -> Path:
    (file,) = cache.iterdir()
    return file


def test_what_comes_from_the_cache_maps_and_explains_as_what_was_compiled(folder: Path, cache: Path) -> None:
    compiled, recalled = load_mappings(folder), recall(cache, make_stamp(folder))
    bundle = recalled.to_fhir(CASE)
    bundle["entry"][3]["resource"]["foreign"] = True
    bundle["entry"][5]["resource"]["subject"] = {"reference": "Patient/other"}

    ours, theirs = recalled.to_case(bundle), compiled.to_case(bundle)

    assert (ours.case, ours.issues, ours.unread, ours.trace) == (
        theirs.case,
        theirs.issues,
        theirs.unread,
        theirs.trace,
    )
    assert recalled.explain("diagnosis.onset") == compiled.explain("diagnosis.onset")
    assert recalled.generated("findings") == compiled.generated("findings")


def test_a_second_start_takes_what_the_first_one_kept(folder: Path, cache: Path, monkeypatch: Any) -> None:
    monkeypatch.delattr("adapter.mapping.engine.load_language")

    assert isinstance(load_mappings(folder, cache), Mappings)


def test_a_changed_file_is_compiled_anew(folder: Path, cache: Path, tmp_path: Path) -> None:
    before = make_stamp(folder)
    changed = Path(shutil.copytree(folder, tmp_path / "mappings"))
    (changed / "outcome.map.yaml").write_text((changed / "outcome.map.yaml").read_text().replace("1.0.0", "1.0.1"))

    assert make_stamp(changed) != before
    assert recall(cache, make_stamp(changed)) is None


@pytest.mark.parametrize("damage", [lambda content: content[:-1], lambda content: b"", lambda content: content + b"x"])
def test_a_damaged_file_is_not_there(folder: Path, cache: Path, damage: Any) -> None:
    file = _kept(cache)
    file.write_bytes(damage(file.read_bytes()))

    assert recall(cache, make_stamp(folder)) is None
    assert load_mappings(folder, cache).version == load_mappings(folder).version


def test_what_others_may_write_is_not_believed(folder: Path, cache: Path) -> None:
    stamp = make_stamp(folder)
    _kept(cache).chmod(0o620)
    assert recall(cache, stamp) is None
    _kept(cache).chmod(0o600)
    assert recall(cache, stamp) is not None
    cache.chmod(0o777)
    assert recall(cache, stamp) is None


def test_a_link_is_not_believed(folder: Path, cache: Path, tmp_path: Path) -> None:
    file = _kept(cache)
    file.rename(tmp_path / "elsewhere")
    file.symlink_to(tmp_path / "elsewhere")

    assert recall(cache, make_stamp(folder)) is None


def test_a_folder_that_cannot_be_made_is_no_reason_to_stop(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    keep(tmp_path / "file" / "cache", "0" * 64, "anything")

    assert [file.name for file in tmp_path.iterdir()] == ["file"]


def test_only_the_last_few_are_kept(tmp_path: Path) -> None:
    for number in range(9):
        keep(tmp_path / "cache", f"{number:064}"[::-1], number)

    assert len(list((tmp_path / "cache").iterdir())) == 4
    assert recall(tmp_path / "cache", f"{8:064}"[::-1]) == 8


def test_the_cache_stands_where_users_keep_theirs_and_can_be_switched_off() -> None:
    assert load_settings({"HOME": "/home/me"}).cache == Path("/home/me/.cache/crmo-adapter")
    assert load_settings({"HOME": "/home/me", "XDG_CACHE_HOME": "/var/c"}).cache == Path("/var/c/crmo-adapter")
    assert load_settings({"HOME": "/home/me", "CRMO_CACHE": "/srv/cache"}).cache == Path("/srv/cache")
    assert load_settings({"HOME": "/home/me", "CRMO_CACHE": "no"}).cache is None
    assert load_settings({}).cache is None
