"""Definitions: the packed core holds together, packages are loaded or refused with a reason."""

import gzip
import io
import json
import tarfile
from pathlib import Path

import pytest

from adapter.conformance import PackageLimits, load_package, r4_definitions
from adapter.conformance.build import recipe_hash, strip_resource
from adapter.conformance.definitions import R4_PACK
from adapter.conformance.pack import Pack, content_hash, write_pack
from adapter.errors import DeclarationError

PROFILE = {"resourceType": "StructureDefinition", "url": "http://x.invalid/p", "version": "1.0", "type": "Patient"}


def archive(path: Path, members: dict[str, bytes]) -> Path:
    with tarfile.open(path, "w:gz") as packed:
        for name, text in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(text)
            packed.addfile(info, io.BytesIO(text))
    return path


def test_the_packed_core_was_made_by_this_recipe_and_is_whole() -> None:
    pack = Pack(R4_PACK)

    assert pack.head["recipe"] == recipe_hash(), "run `make definitions`"
    assert pack.head["content"] == content_hash(pack.text(key) for key in sorted(pack.index))


def test_the_packed_core_fits_a_small_wheel() -> None:
    assert R4_PACK.stat().st_size < 3_000_000


@pytest.mark.parametrize(
    "name", ["Patient", "Condition", "Procedure", "ImagingStudy", "MedicationStatement", "Observation", "Bundle"]
)
def test_the_core_knows_the_types_we_read(name: str) -> None:
    structure = r4_definitions().type_structure(name)

    assert structure is not None
    assert structure["version"] == "4.0.1"
    assert structure["snapshot"]["element"][0]["path"] == name


def test_a_canonical_with_another_version_falls_back_to_what_is_there() -> None:
    found = r4_definitions().structure("http://hl7.org/fhir/StructureDefinition/Patient|5.0.0")

    assert found is not None


def test_a_package_is_read_from_folder_archive_and_file_alike(tmp_path: Path) -> None:
    text = json.dumps(PROFILE).encode()
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "package.json").write_text("{}")
    (folder / "StructureDefinition-p.json").write_bytes(text)
    packed = archive(
        tmp_path / "p.tgz", {"package/package.json": b"{}", "package/p.json": text, "package/example/x.json": b"no"}
    )

    assert (
        load_package(folder) == load_package(packed) == load_package(folder / "StructureDefinition-p.json") == [PROFILE]
    )


def test_added_definitions_are_found_by_canonical_and_version(tmp_path: Path) -> None:
    path = archive(tmp_path / "p.tgz", {"package/p.json": json.dumps(PROFILE).encode()})
    definitions = r4_definitions().with_packages([path])

    assert definitions.structure("http://x.invalid/p|1.0") == PROFILE
    assert r4_definitions().structure("http://x.invalid/p") is None


@pytest.mark.parametrize(
    ("limits", "reason"),
    [
        (PackageLimits(files=1, ratio=10**6), "file-count"),
        (PackageLimits(file_bytes=1000, ratio=10**6), "file-size"),
        (PackageLimits(ratio=5), "unfolds-too-far"),
    ],
)
def test_a_hostile_archive_is_refused_with_the_reason(tmp_path: Path, limits: PackageLimits, reason: str) -> None:
    path = archive(tmp_path / "p.tgz", {f"package/{n}.json": b'{"a":"' + b" " * 50_000 + b'"}' for n in range(3)})

    with pytest.raises(DeclarationError, match=reason):
        load_package(path, limits)


@pytest.mark.parametrize("text", [b"not gzip", gzip.compress(b"not tar"), b""], ids=["text", "no-tar", "empty"])
def test_what_is_no_archive_is_refused(tmp_path: Path, text: bytes) -> None:
    (tmp_path / "p.tgz").write_bytes(text)

    with pytest.raises(DeclarationError, match="not-a-package"):
        load_package(tmp_path / "p.tgz")


def test_broken_json_in_a_package_is_refused_with_file_and_line(tmp_path: Path) -> None:
    path = archive(tmp_path / "p.tgz", {"package/p.json": b'{\n"a":}'})

    with pytest.raises(DeclarationError, match=r"p\.tgz!package/p\.json:2:5 json-syntax"):
        load_package(path)


def test_a_missing_package_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DeclarationError, match="unreadable"):
        load_package(tmp_path / "none.json")


def test_packing_is_repeatable_and_stripping_keeps_what_is_checked(tmp_path: Path) -> None:
    element = {
        "path": "Patient",
        "min": 0,
        "max": "*",
        "definition": "prose",
        "constraint": [{"key": "a", "xpath": "x"}],
    }
    profile = strip_resource({**PROFILE, "text": {"div": "prose"}, "snapshot": {"element": [element]}})
    write_pack(tmp_path / "a", [profile], "s", "r")
    write_pack(tmp_path / "b", [profile], "s", "r")

    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    assert Pack(tmp_path / "a").read(("StructureDefinition", "http://x.invalid/p")) == profile
    assert "prose" not in json.dumps(profile)
