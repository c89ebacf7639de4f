"""The profiles as a FHIR package."""

from __future__ import annotations

import io
import json
import tarfile
from pathlib import Path

import pytest

from adapter.conformance import load_package
from adapter.errors import DeclarationError
from adapter.package import make_package, package_name

PROFILES = Path(__file__).parents[2] / "profiles"


def members(package: bytes) -> dict[str, bytes]:
    with tarfile.open(fileobj=io.BytesIO(package), mode="r:gz") as archive:
        return {name: archive.extractfile(name).read() for name in archive.getnames()}  # type: ignore[union-attr]


def write(folder: Path, name: str, text: str) -> None:
    (folder / name).write_text(text, encoding="utf-8")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write(tmp_path, "package.json", '{"name": "a.b", "version": "1.2.3"}')
    write(tmp_path, "ValueSet-x.json", '{"resourceType": "ValueSet", "id": "x", "url": "https://a.invalid/x"}')
    return tmp_path


def test_the_same_folder_gives_the_same_bytes() -> None:
    assert make_package(PROFILES) == make_package(PROFILES)


def test_package_json_comes_first_and_is_ours() -> None:
    found = members(make_package(PROFILES))
    assert next(iter(found)) == "package/package.json"
    assert json.loads(found["package/package.json"])["canonical"] == "https://crmo-registry.example/fhir"


def test_the_index_names_every_resource_and_nothing_else() -> None:
    found = members(make_package(PROFILES))
    for place in ("package", "package/example"):
        listed = {each["filename"] for each in json.loads(found[f"{place}/.index.json"])["files"]}
        lying = {name.removeprefix(f"{place}/") for name in found if name.startswith(f"{place}/")}
        assert {name for name in lying if "/" not in name} - {".index.json", "package.json"} == listed


def test_our_own_loader_reads_it_back(tmp_path: Path) -> None:
    file = tmp_path / package_name(PROFILES)
    file.write_bytes(make_package(PROFILES))
    by_url = {resource["url"]: resource for resource in load_package(PROFILES)}
    assert {resource["url"]: resource for resource in load_package(file)} == by_url


def test_the_file_is_named_after_package_and_version(folder: Path) -> None:
    assert package_name(folder) == "a.b-1.2.3.tgz"


def test_a_folder_without_examples_is_a_package(folder: Path) -> None:
    assert "package/ValueSet-x.json" in members(make_package(folder))


@pytest.mark.parametrize("text", ["{", "[]", '{"id": "y"}'])
def test_refuses_a_file_that_is_no_resource_by_its_name(folder: Path, text: str) -> None:
    write(folder, "ValueSet-y.json", text)
    with pytest.raises(DeclarationError, match=r"ValueSet-y\.json:1:"):
        make_package(folder)


def test_refuses_a_folder_without_package_json(tmp_path: Path) -> None:
    with pytest.raises(DeclarationError, match=r"package\.json:1:1"):
        make_package(tmp_path)
