"""Read a FHIR package (a folder, a .tgz, one JSON file) in memory, refusing what is too much or not one.

Takes from: resource, errors.  Gives to: conformance.
Source: https://hl7.org/fhir/packages.html
"""

from __future__ import annotations

import io
import tarfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from adapter.errors import DeclarationError, Json
from adapter.resource import parse_json

CONFORMANCE_TYPES = frozenset({"StructureDefinition", "ValueSet", "CodeSystem", "ConceptMap", "ImplementationGuide"})


@dataclass(frozen=True, slots=True)
class PackageLimits:
    """What one package may hold. `ratio` is how far its bytes may unfold."""

    files: int = 20_000
    file_bytes: int = 30_000_000
    total_bytes: int = 400_000_000
    ratio: int = 100


def load_package(path: Path, limits: PackageLimits | None = None) -> list[Json]:
    """Every StructureDefinition, ValueSet, CodeSystem and ConceptMap of a package.

    Errors:  DeclarationError naming the file when it is no package, holds broken JSON, or breaks a limit
    """
    limits = limits or PackageLimits()
    if path.is_dir():
        members = _folder_members(path, limits)
    elif path.suffix in (".tgz", ".gz"):
        members = _archive_members(path, limits)
    else:
        members = iter([(str(path), _file_bytes(path, limits))])
    return [found for name, text in members for found in _conformance(name, text)]


def _file_bytes(path: Path, limits: PackageLimits) -> bytes:
    try:
        if path.stat().st_size > limits.file_bytes:
            raise _refusal(str(path), "file-size", f"a file is larger than {limits.file_bytes} bytes")
        return path.read_bytes()
    except OSError as error:
        raise _refusal(str(path), "unreadable", error.strerror or "cannot be read") from None


def _folder_members(folder: Path, limits: PackageLimits) -> Iterator[tuple[str, bytes]]:
    top = folder / "package" if (folder / "package").is_dir() else folder
    files = sorted(file for file in top.glob("*.json") if _holds_a_resource(file.name))
    if len(files) > limits.files:
        raise _refusal(str(folder), "file-count", f"more than {limits.files} files")
    total = 0
    for file in files:
        text = _file_bytes(file, limits)
        total += len(text)
        if total > limits.total_bytes:
            raise _refusal(str(folder), "total-size", f"more than {limits.total_bytes} bytes")
        yield str(file), text


def _archive_members(path: Path, limits: PackageLimits) -> Iterator[tuple[str, bytes]]:
    packed = _file_bytes(path, limits)
    allowed = min(limits.total_bytes, len(packed) * limits.ratio)
    total = count = 0
    try:
        with tarfile.open(fileobj=io.BytesIO(packed), mode="r:gz") as archive:
            for member in archive:
                count, total = count + 1, total + member.size
                _ensure_within(path, limits, allowed, member.size, total, count)
                opened = archive.extractfile(member) if _is_resource_member(member) else None
                if opened is not None:
                    yield f"{path}!{member.name}", opened.read()
    except (tarfile.TarError, zlib.error, EOFError, OSError) as error:
        raise _refusal(str(path), "not-a-package", f"not a readable .tgz: {type(error).__name__}") from None


def _ensure_within(path: Path, limits: PackageLimits, allowed: int, size: int, total: int, count: int) -> None:
    if count > limits.files:
        raise _refusal(str(path), "file-count", f"more than {limits.files} files")
    if size > limits.file_bytes:
        raise _refusal(str(path), "file-size", f"a file is larger than {limits.file_bytes} bytes")
    if total > allowed:
        raise _refusal(str(path), "unfolds-too-far", f"unfolds to more than {allowed} bytes")


def _is_resource_member(member: tarfile.TarInfo) -> bool:
    parts = member.name.removeprefix("./").split("/")
    return member.isfile() and len(parts) == 2 and parts[0] == "package" and _holds_a_resource(parts[1])


def _holds_a_resource(name: str) -> bool:
    return name.endswith(".json") and not name.startswith(".") and name not in ("package.json", "ig-r4.json")


def _conformance(name: str, text: bytes) -> Iterator[Json]:
    value, issues = parse_json(text, max_bytes=len(text))
    if value is None:
        found = issues[0]
        raise DeclarationError(f"{name}:{found.line}:{found.column} {found.rule} {found.text}")
    if not isinstance(value, dict):
        raise _refusal(name, "not-a-resource", "a resource is a JSON object")
    bundled = value.get("entry", []) if value.get("resourceType") == "Bundle" else [{"resource": value}]
    for entry in bundled:
        resource = entry.get("resource", {})
        if resource.get("resourceType") in CONFORMANCE_TYPES and isinstance(resource.get("url"), str):
            yield resource


def _refusal(name: str, code: str, text: str) -> DeclarationError:
    return DeclarationError(f"{name}:1:1 {code} {text}")
