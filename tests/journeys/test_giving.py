"""Figures, exports and reports as a person asks for them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from adapter.bootstrap import open_parts
from adapter.cli import main
from adapter.config import load_settings
from adapter.inbound import receive_case
from adapter.parts import Knowledge
from adapter.synthetic import published_cohort
from tests.sample_bundles import as_bytes

Run = Callable[..., Result]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory, knowledge: Knowledge) -> Run:
    """The command over a registry of twenty eligible children."""
    data = str(tmp_path_factory.mktemp("data"))
    with open_parts(load_settings({}, data=data), knowledge) as parts:
        for case in published_cohort("SA", 2011)[:20]:
            receive_case(parts, as_bytes(case), "registry")

    def invoke(*arguments: str) -> Result:
        result = CliRunner().invoke(main, ["--data", data, *arguments])
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    return invoke


def test_figures_come_as_pictures_with_their_data(run: Run, tmp_path: Path) -> None:
    result = run("--lang", "fr", "figures", "--out", str(tmp_path), "--format", "svg", "--json")
    names = {each["name"] for each in json.loads(result.stdout)}
    assert result.exit_code == 0
    assert names == {*("lesions", "age-at-onset", "delay", "treatments", "remission", "together", "completeness")}
    assert {file.name for file in tmp_path.iterdir()} == {f"{name}.{end}" for name in names for end in ("svg", "csv")}


@pytest.mark.parametrize(("form", "file"), [("csv", "cases.csv"), ("parquet", "cases.parquet"),
                                            ("phenopackets", "phenopackets.ndjson"),
                                            ("erdri", "erdri-common-data-set.csv")])  # fmt: skip
def test_an_export_is_a_folder_with_a_manifest(run: Run, tmp_path: Path, form: str, file: str) -> None:
    result = run("export", "--to", str(tmp_path / "out"), "--format", form, "--json")
    told = json.loads(result.stdout)
    assert (result.exit_code, told["cases"], told["outside"]) == (0, 20, False)
    assert {file, "manifest.json", "SHA256SUMS"} <= {each.name for each in (tmp_path / "out").iterdir()}
    assert {"adapter", "mappings", "criteria", "derived"} <= set(told["versions"])


def test_outside_only_counts_leave(run: Run, tmp_path: Path) -> None:
    assert run("export", "--to", str(tmp_path / "a"), "--outside").exit_code == 0
    assert run("export", "--to", str(tmp_path / "b"), "--outside", "--format", "erdri").exit_code == 4
    assert {file.stem for file in (tmp_path / "a").glob("*.csv")} == {"counts", "sums"}


def test_taking_data_out_is_written_down(run: Run, tmp_path: Path) -> None:
    run("export", "--to", str(tmp_path / "out"))
    assert "export" in run("audit", "--actor", "command", "--json").stdout


def test_the_cohort_comes_as_a_page_and_as_a_document(run: Run) -> None:
    page = run("--lang", "fr", "cohort", "--format", "html", "--by", "sex")
    assert (page.exit_code, page.stdout[:15]) == (0, "<!doctype html>")
    document = run("cohort", "--format", "docx")
    assert (document.exit_code, document.stdout_bytes[:2]) == (0, b"PK")
