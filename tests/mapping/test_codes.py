"""The documented problem codes: every code that exists is documented, and every example does what it says."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

import adapter
from adapter.cli import main
from adapter.config import shipped
from adapter.declaration import check_schema, load_declaration
from adapter.errors import DeclarationError
from adapter.mapping import load_mappings
from adapter.mapping.codes import explain_code, load_codes
from adapter.mapping.examples import check_examples

PACKAGE = Path(adapter.__file__).parent
EXAMPLES = {code: known["example"] for code, known in load_codes().items() if "example" in known}
_PLACE = re.compile(r"(\.yaml):[0-9]+:[0-9]+")


def test_the_documentation_has_the_shape_of_its_schema() -> None:
    assert list(check_schema(load_declaration(PACKAGE / "mapping" / "codes.yaml"), "codes")) == []


def test_the_codes_of_the_program_are_the_documented_ones() -> None:
    files = [PACKAGE / "declaration.py", *(PACKAGE / "mapping").rglob("*.py")]
    written = {code for file in files for code in re.findall(r"\b[A-Z]0\d\d\b", file.read_text(encoding="utf-8"))}

    assert written == set(load_codes())


def problems(folder: Path) -> list[str]:
    """What is said when the files are loaded, else of their examples."""
    try:
        return list(check_examples(load_mappings(folder)))
    except DeclarationError as error:
        return error.problems


@pytest.mark.slow
@pytest.mark.parametrize("code", EXAMPLES)
def test_an_example_does_what_it_says(code: str, tmp_path: Path) -> None:
    example: dict[str, Any] = EXAMPLES[code]
    folder = tmp_path / "mappings"
    shutil.copytree(shipped("mappings"), folder)
    file = folder / example["file"]
    file.parent.mkdir(exist_ok=True)
    text = file.read_text(encoding="utf-8") if "right" in example else ""
    file.write_text(text.replace(example.get("right", ""), example["wrong"], 1), encoding="utf-8")

    told = [_PLACE.sub(r"\1", problem) for problem in problems(folder)]
    assert any(f" {code} " in problem and problem.endswith(example["says"]) for problem in told), told


def test_a_code_is_explained_in_both_languages() -> None:
    assert "did you mean 'effectiveDateTime'?" in (explain_code("P001") or "")
    assert (explain_code("P001", "fr") or "").startswith("P001  R4 n'a pas cet élément")


def test_the_command_explains_a_code_without_loading_anything() -> None:
    result = CliRunner().invoke(main, ["check", "--code", "p002"])

    assert result.exit_code == 0
    assert result.output.startswith("P002  ")


def test_the_command_names_the_codes_when_asked_for_another() -> None:
    result = CliRunner().invoke(main, ["check", "--code", "Z999"])

    assert result.exit_code == 2
    assert "P001" in result.output


def test_a_code_that_is_none_of_ours_has_no_explanation() -> None:
    assert explain_code("Z999") is None
