"""The wheel carries everything the product needs and works from any folder.

It is built from a copy of what the sources distribution would hold, and installed without its dependencies into an
empty environment; a .pth file lends that environment the libraries of this one, so that no test asks a network.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = ("adapter", "mappings", "profiles", "pyproject.toml", "README.md", "LICENSE")
pytestmark = pytest.mark.slow


def run(*command: str | Path, cwd: Path, **more: Any) -> str:
    done = subprocess.run([*map(str, command)], cwd=cwd, capture_output=True, text=True, timeout=300, **more)
    assert done.returncode == 0, done.stdout + done.stderr
    return str(done.stdout)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built from a copy: a build leaves nothing behind in the clone."""
    clone = tmp_path_factory.mktemp("clone")
    for name in SOURCES:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, clone / name, ignore=shutil.ignore_patterns("__pycache__", "_shipped"))
        else:
            shutil.copy(ROOT / name, clone / name)
    run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", clone / "dist", cwd=clone)
    (built,) = (clone / "dist").glob("*.whl")
    return built


@pytest.fixture(scope="module")
def command(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`crmo-adapter` in an environment that has nothing but the wheel and borrowed libraries."""
    folder = tmp_path_factory.mktemp("environment") / "venv"
    run(sys.executable, "-m", "venv", folder, cwd=ROOT)
    python = folder / "bin" / "python"
    run(python, "-m", "pip", "install", "--quiet", "--no-index", "--no-deps", wheel, cwd=folder)
    site = run(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))", cwd=folder).strip()
    (Path(site) / "borrowed.pth").write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")
    return folder / "bin" / "crmo-adapter"


def without_settings() -> dict[str, str]:
    return {k: v for k, v in os.environ.items() if not k.startswith("CRMO_") and k != "PYTHONPATH"} | {"NO_COLOR": "1"}


def files(folder: str) -> set[str]:
    found = (path for path in (ROOT / folder).rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    return {str(path.relative_to(ROOT)) for path in found if "_shipped" not in path.parts and path.suffix != ".pyc"}


def test_carries_every_file_of_the_package(wheel: Path) -> None:
    """Code, schemas, templates, migrations, static files, definitions: whatever stands under adapter/."""
    carried = set(zipfile.ZipFile(wheel).namelist())
    assert files("adapter") - carried == set()


@pytest.mark.parametrize("folder", ["mappings", "profiles"])
def test_carries_the_declarations(wheel: Path, folder: str) -> None:
    carried = set(zipfile.ZipFile(wheel).namelist())
    assert {f"adapter/_shipped/{name}" for name in files(folder)} - carried == set()


@pytest.mark.parametrize(
    "needed",
    [
        "adapter/_shipped/mappings/criteria.yaml",
        "adapter/schemas/case.schema.json",
        "adapter/web/templates/pages/home.html",
        "adapter/web/static/registry.css",
        "adapter/store/migrations/versions/0001_registry.py",
        "adapter/hospital/default-source.yaml",
    ],
)
def test_carries_what_is_found_by_name(wheel: Path, needed: str) -> None:
    assert needed in zipfile.ZipFile(wheel).namelist()


def test_carries_no_tests_and_no_folder_of_a_clone(wheel: Path) -> None:
    tops = {name.partition("/")[0] for name in zipfile.ZipFile(wheel).namelist()}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"adapter"}


def test_does_the_main_job_from_another_folder(command: Path, tmp_path: Path) -> None:
    shown = json.loads(run(command, "demo", "--no-serve", "--json", cwd=tmp_path, env=without_settings()))

    assert (shown["eligible"], len(shown["cohort"])) == (70, 30)
    assert [path.name for path in tmp_path.iterdir()] == ["data"]


def test_knows_its_version(command: Path, wheel: Path, tmp_path: Path) -> None:
    told = run(command, "--version", cwd=tmp_path, env=without_settings()).strip()
    assert told.endswith(wheel.name.split("-")[1])


def test_proves_its_own_declarations(command: Path, tmp_path: Path) -> None:
    told = json.loads(run(command, "check", "--json", cwd=tmp_path, env=without_settings()))
    assert Path(told["mappings"]).parts[-2:] == ("_shipped", "mappings")
