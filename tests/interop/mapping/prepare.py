"""Write what the foreign engines need: the exported files, and tasks with what our own engine makes of them.

Run from the repository:  python -m tests.interop.mapping.prepare WORK_DIR
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from adapter.config import shipped
from adapter.declaration import load_schema
from adapter.mapping import load_mappings
from adapter.mapping.engine import Mappings
from adapter.mapping.exporting import ExportedMap, export_each_map, export_maps
from adapter.mapping.rules import Map
from adapter.resource import dump_json
from adapter.synthetic import synthesize
from tests.sample_cases import make_case

Json = dict[str, Any]
CASES = 20


def prepare(work: Path) -> None:
    mappings = load_mappings(shipped("mappings"))
    exported = work / "exported"
    exported.mkdir(parents=True, exist_ok=True)
    for name, content in export_maps(mappings.language).items():
        (exported / name).write_bytes(content.encode() if isinstance(content, str) else dump_json(content))
    cases = [_in_order(case) for case in (make_case(1), *synthesize(CASES, 2026))]
    tasks = [task for each in export_each_map(mappings.language) for task in _tasks(mappings, each, cases)]
    (work / "tasks.json").write_bytes(dump_json({"tasks": tasks}))


def _in_order(case: Json) -> Json:
    """Members in the order of the schema, which is the order an exported map makes them in."""
    known = load_schema("case")["properties"]["findings"]["properties"]
    found = case.get("findings", {})
    return {**case, **({"findings": {name: found[name] for name in known if name in found}} if found else {})}


def _tasks(mappings: Mappings, exported: ExportedMap, cases: list[Json]) -> Iterator[Json]:
    name = exported.name.removesuffix(f"-{exported.direction}")
    mapping = next(each for each in mappings.language.maps if each.name == name)
    head = {
        "map": exported.name,
        "direction": exported.direction,
        "type": mapping.resource,
        "joined": f"CrmoCase.{mapping.case}" if mapping.place == "join" else "",
        "gaps": [asdict(gap) for gap in exported.gaps],
    }
    for number, case in enumerate(cases):
        made = [each for each in mappings.to_resources(case) if _is_of(mapping, each)]
        if not made:
            continue
        if exported.direction == "to-fhir":
            yield {**head, "number": number, "given": case, "wanted": {"resource": made}}
        else:
            ours = mappings.to_case(mappings.to_fhir(case)).case or {}
            for resource, wanted in zip(made, _fragments(mappings, mapping, ours), strict=True):
                yield {**head, "number": number, "given": resource, "wanted": wanted}


def _is_of(mapping: Map, resource: Json) -> bool:
    parts = mapping.id.replace("{case}", "*").replace("{n}", "#")
    pattern = re.escape(parts).replace(r"\*", ".*").replace(r"\#", "[0-9]+")
    return resource["resourceType"] == mapping.resource and bool(re.fullmatch(pattern, resource["id"]))


def _fragments(mappings: Mappings, mapping: Map, case: Json) -> Iterator[Json]:
    """What each resource of a map gives to the case, in the order in which they are written."""
    name, field = mapping.case, mapping.field
    if mapping.place == "root":
        own = {leaf.case.steps[0].name for rule in mapping.rules for leaf in rule.leaves() if leaf.case.steps}
        yield {key: value for key, value in case.items() if key in own}
    elif mapping.place == "object":
        yield {name: case[name]}
    elif mapping.place == "keyed":
        yield from ({name: {key: value}} for key, value in case[name].items())
    elif mapping.place == "join":
        yield from ({field: item[field]} for item in case[name] if field in item)
    else:
        joined = {each.field for each in mappings.language.maps if each.place == "join" and each.case == name}
        for item in case[name]:
            yield {name: [{key: value for key, value in item.items() if key not in joined}]}


if __name__ == "__main__":
    prepare(Path(sys.argv[1]))
