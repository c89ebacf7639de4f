"""A copy of the registry holds everything, comes back on either database, and is refused when it is not whole."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from click.testing import CliRunner

from adapter import inbound
from adapter.backup import back_up, check_copy, restore
from adapter.cli import main
from adapter.errors import IntegrityError, UsageError
from adapter.fsck import check_integrity
from adapter.parts import Parts
from adapter.store import open_store
from adapter.store.schema import METADATA
from tests.sample_bundles import as_bytes, make_bundle, make_condition, make_finding, make_patient

FILL = [
    make_bundle(),
    make_bundle(),
    make_bundle(make_patient(), make_condition(), make_finding()),
    make_bundle(make_patient(), make_condition(onsetDateTime="2001-01-01")),
]


@pytest.fixture
def filled(parts: Parts) -> Parts:
    """Stored, sent again, superseded, quarantined."""
    for bundle in FILL:
        inbound.receive(parts, as_bytes(bundle), "north")
    return parts


def contents(store: Any) -> dict[str, list[Any]]:
    with store.reading() as connection:
        return {table.name: sorted(map(repr, connection.execute(sa.select(table)))) for table in METADATA.sorted_tables}


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("target", ["sqlite", "postgresql"])
def test_a_copy_brings_everything_back_on_either_database(
    filled: Parts, tmp_path: Path, target: str, request: pytest.FixtureRequest
) -> None:
    back_up(filled.store, tmp_path / "copy.zip", filled.clock())
    server = request.getfixturevalue("postgresql") if target == "postgresql" else None
    other = open_store(server.make_database() if server else f"sqlite:///{tmp_path}/other.db")

    copy = restore(other, tmp_path / "copy.zip")

    assert contents(other) == contents(filled.store)
    assert copy.tables["inbox"]["rows"] == len(FILL)
    assert list(check_integrity(Parts(**{**vars(filled), "store": other}))) == []
    other.close()


def test_a_copy_is_of_one_moment_whatever_is_written_meanwhile(
    filled: Parts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from adapter.store import copying

    plain, before = copying.rows, contents(filled.store)

    def interrupted(connection: Any, name: str) -> Any:
        if name == "cases":
            later = make_bundle(make_patient(identifier=[{"system": "urn:x", "value": "later"}]), make_condition())
            inbound.receive(filled, as_bytes(later), "south")
        return plain(connection, name)

    monkeypatch.setattr(copying, "rows", interrupted)
    copy = back_up(filled.store, tmp_path / "copy.zip", filled.clock())

    assert {name: told["rows"] for name, told in copy.tables.items()} == {
        name: len(rows) for name, rows in before.items()
    }


def damaged(change: Callable[[dict[str, bytes]], None], file: Path) -> Path:
    with zipfile.ZipFile(file) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    change(members)
    wrong = file.with_name("wrong.zip")
    with zipfile.ZipFile(wrong, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return wrong


DAMAGES: dict[str, Callable[[dict[str, bytes]], Any]] = {
    "a row is gone": lambda m: m.update({"inbox.ndjson": b"\n".join(m["inbox.ndjson"].split(b"\n")[1:])}),
    "a word is changed": lambda m: m.update({"cases.ndjson": m["cases.ndjson"].replace(b"C-", b"D-")}),
    "a table is gone": lambda m: m.pop("inbox.ndjson"),
    "the manifest is gone": lambda m: m.pop("manifest.json"),
    "another format": lambda m: m.update({"manifest.json": m["manifest.json"].replace(b"copy/1", b"copy/2")}),
    "no JSON": lambda m: m.update({"manifest.json": b"{"}),
}


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("name", DAMAGES)
def test_a_copy_that_is_not_whole_is_refused_before_anything_is_changed(
    filled: Parts, tmp_path: Path, name: str
) -> None:
    back_up(filled.store, tmp_path / "copy.zip", filled.clock())
    wrong, other = damaged(DAMAGES[name], tmp_path / "copy.zip"), open_store(f"sqlite:///{tmp_path}/other.db")

    with pytest.raises(IntegrityError):
        restore(other, wrong)

    assert contents(other)["inbox"] == []
    other.close()


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_copy_is_written_over_nothing_and_brought_back_into_nothing_else(filled: Parts, tmp_path: Path) -> None:
    back_up(filled.store, tmp_path / "copy.zip", filled.clock())

    with pytest.raises(UsageError, match="there already"):
        back_up(filled.store, tmp_path / "copy.zip", filled.clock())
    with pytest.raises(UsageError, match="not empty"):
        restore(filled.store, tmp_path / "copy.zip")
    assert check_copy(tmp_path / "copy.zip").rows > 0


def test_the_commands_copy_check_and_bring_back(tmp_path: Path) -> None:
    def run(data: str, *arguments: str) -> Any:
        return CliRunner().invoke(main, ["--data", str(tmp_path / data), *arguments])

    (tmp_path / "b.json").write_bytes(as_bytes(make_bundle()))
    assert run("one", "clients", "add", "north", "--scope", "system/*.c", "--api-key").exit_code == 0
    copied = run("one", "backup", str(tmp_path / "c.zip"), "--json")
    assert json.loads(copied.stdout)["tables"]["clients"]["rows"] == 1
    assert run("one", "restore", str(tmp_path / "c.zip")).exit_code == 2, "not empty"
    assert run("two", "restore", str(tmp_path / "c.zip"), "--check").exit_code == 0
    assert run("two", "restore", str(tmp_path / "c.zip")).exit_code == 0
    assert run("two", "restore", str(tmp_path / "b.json"), "--check").exit_code == 6
    assert "north" in run("two", "clients", "list").stdout
