"""Resources with one defect each: written down by hand from the specification, and made by rules of FHIR's JSON form.

A written defect is [element, new value or "REMOVE", rule, place if not the element itself, other changes].
"""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
SEEDS: dict[str, dict[str, Any]] = json.loads((HERE / "seeds.json").read_bytes())
_STEP = re.compile(r"(\w+)|\[(\d+)\]")
_PRIMITIVE_SHADOWS = ("_",)


@dataclass(frozen=True)
class Defect:
    name: str
    resource: dict[str, Any]
    rule: str
    place: str


def steps(path: str) -> list[str | int]:
    return [name or int(index) for name, index in _STEP.findall(path)]


def change(resource: dict[str, Any], path: str, value: Any) -> None:
    *way, last = steps(path)
    node: Any = resource
    for step in way:
        node = node[step]
    if value == "REMOVE":
        del node[last]
    else:
        node[last] = value


def written_defects() -> Iterator[Defect]:
    for kind, rows in json.loads((HERE / "defects.json").read_bytes()).items():
        for path, value, rule, *more in rows:
            place = more[0] if more else f"{kind}.{path.replace('_', '')}"
            if "SKIP" in (rule, place):
                continue
            resource = copy.deepcopy(SEEDS[kind])
            change(resource, path, value)
            resource.update(more[1] if len(more) > 1 else {})
            yield Defect(f"{kind}.{path}={json.dumps(value)[:40]}", resource, rule, place)


def walk(node: Any, path: str, way: tuple[str | int, ...] = ()) -> Iterator[tuple[str, tuple[str | int, ...], Any]]:
    yield path, way, node
    if isinstance(node, dict):
        for key, item in node.items():
            yield from walk(item, f"{path}.{key.removeprefix('_')}", (*way, key))
    elif isinstance(node, list):
        for index, item in enumerate(node):
            yield from walk(item, f"{path}[{index}]", (*way, index))


def with_value(kind: str, way: tuple[str | int, ...], value: Any) -> dict[str, Any]:
    resource = copy.deepcopy(SEEDS[kind])
    node: Any = resource
    for step in way[:-1]:
        node = node[step]
    node[way[-1]] = value
    return resource


def made_defects() -> Iterator[Defect]:
    """What FHIR's JSON form forbids anywhere: unknown members, nulls, empty arrays, objects and strings."""
    for kind, seed in SEEDS.items():
        for path, way, node in walk(seed, kind):
            if "resourceType" in way:
                continue
            name = "/".join(map(str, way))
            if isinstance(node, dict):
                yield Defect(f"{kind}/{name} unknown", _with_member(kind, way), "unknown-element", f"{path}.inconnu")
            if not way:
                continue
            if isinstance(node, dict):
                yield Defect(f"{kind}/{name} empty", with_value(kind, way, {}), "empty-object", path)
            elif isinstance(node, list):
                yield Defect(f"{kind}/{name} empty", with_value(kind, way, []), "empty-array", path)
            elif isinstance(node, str):
                yield Defect(f"{kind}/{name} empty", with_value(kind, way, ""), "empty-string", path)
            if not isinstance(node, (dict, list)):
                yield Defect(f"{kind}/{name} null", with_value(kind, way, None), "null", path)


def _with_member(kind: str, way: tuple[str | int, ...]) -> dict[str, Any]:
    resource = copy.deepcopy(SEEDS[kind])
    node: Any = resource
    for step in way:
        node = node[step]
    node["inconnu"] = "x"
    return resource
