"""Write a folder of profiles as a FHIR package: one .tgz that hospitals and HL7's tools load. Same folder, same bytes.

Takes from: errors, resource.  Gives to: cli, web.
Source: https://hl7.org/fhir/packages.html, https://confluence.hl7.org/display/FHIR/NPM+Package+Specification
"""

from __future__ import annotations

import gzip
import io
import tarfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from adapter.errors import DeclarationError, Json
from adapter.resource import dump_json, parse_json

MANIFEST = "package.json"
EXAMPLES = Path("examples") / "good"
_INDEXED = ("resourceType", "id", "url", "version", "kind", "type", "supplements", "content", "derivation")


def make_package(folder: Path) -> bytes:
    """The package of a profiles folder: its package.json, its resources, its good examples and an index of each.

    Shapes:  folder  package.json beside <Type>-<id>.json files; examples, if any, in examples/good
    Errors:  DeclarationError naming the file when there is no package.json, or a file holds no resource
    """
    manifest = _read(folder / MANIFEST)
    members = {f"package/{MANIFEST}": dump_json(manifest)}
    members |= _with_index("package", _resources(folder.glob("*-*.json")))
    members |= _with_index("package/example", _resources((folder / EXAMPLES).glob("*.json")))
    return _packed(members)


def package_name(folder: Path) -> str:
    """The file name a package of this folder should have, e.g. crmo.registry.fhir-1.0.0.tgz."""
    manifest = _read(folder / MANIFEST)
    return f"{manifest['name']}-{manifest['version']}.tgz"


def _resources(files: Iterable[Path]) -> Iterator[tuple[str, Json]]:
    for file in sorted(files):
        resource = _read(file)
        if "resourceType" not in resource:
            raise DeclarationError(f"{file}:1:1 not-a-resource this file of the package holds no resource")
        yield file.name, resource


def _read(file: Path) -> Json:
    try:
        value, issues = parse_json(file.read_bytes())
    except OSError as error:
        raise DeclarationError(f"{file}:1:1 unreadable {error.strerror}") from None
    if issues or not isinstance(value, dict):
        line, column = (issues[0].line or 1, issues[0].column or 1) if issues else (1, 1)
        raise DeclarationError(f"{file}:{line}:{column} not-json expected a JSON object")
    return value


def _with_index(place: str, resources: Iterable[tuple[str, Json]]) -> dict[str, bytes]:
    found = dict(resources)
    files = [{"filename": name, **_index_entry(resource)} for name, resource in found.items()]
    index = dump_json({"index-version": 2, "files": files})
    return {f"{place}/.index.json": index} | {f"{place}/{name}": dump_json(each) for name, each in found.items()}


def _index_entry(resource: Json) -> dict[str, Any]:
    return {key: resource[key] for key in _INDEXED if isinstance(resource.get(key), str)}


def _packed(members: dict[str, bytes]) -> bytes:
    """No time, no owner, one order: whoever packs the same folder gets the same file."""
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for name, content in sorted(members.items(), key=lambda each: (each[0] != f"package/{MANIFEST}", each[0])):
            info = tarfile.TarInfo(name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return gzip.compress(archive.getvalue(), compresslevel=9, mtime=0)
