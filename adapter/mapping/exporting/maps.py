"""Mapping files as StructureMaps: two groups a file, one each way, as resource and as text.

Takes from: canonical, exporting.writing, exporting.reading, exporting.text.  Gives to: exporting.
Source: https://hl7.org/fhir/R4/structuremap.html
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from adapter.canonical import BASE
from adapter.errors import Json
from adapter.mapping.exporting.case_model import CASE_MODEL
from adapter.mapping.exporting.gaps import Gap
from adapter.mapping.exporting.reading import GroupReader
from adapter.mapping.exporting.structure import MapRule
from adapter.mapping.exporting.text import render_map
from adapter.mapping.exporting.writing import GroupWriter
from adapter.mapping.rules import Map

Direction = Literal["to-fhir", "from-fhir"]
CORE = "http://hl7.org/fhir/StructureDefinition/"

# What the three engines this was run on agree on, and a reader of the text should know.
_DIALECT = """Rules carry the ids of the mapping file, with - for _ ; the line above a rule says where it is written.
Elements with a choice of types are named as in JSON (onsetDateTime).
Embedded concept maps have one code system on each side; those named *-label give the label of a word as its code.
"""


@dataclass(frozen=True)
class ExportedMap:
    """Shapes:  name  as in mappings/, with the direction: "treatments-to-fhir" """

    name: str
    direction: Direction
    resource: Json
    text: str
    gaps: tuple[Gap, ...]


def export_map(mapping: Map, direction: Direction) -> ExportedMap:
    build = GroupWriter(mapping) if direction == "to-fhir" else GroupReader(mapping)
    rules = build.rules()
    name = f"{mapping.name}-{direction}"
    translations = list(build.asked.found.values())
    resource: Json = {
        "resourceType": "StructureMap",
        "id": name,
        "contained": [each.resource() for each in translations],
        "url": f"{BASE}/StructureMap/{name}",
        "version": mapping.get("version"),
        "name": _camel(name),
        "title": f"{mapping.get('title')['en']}: {_TOLD[direction]}",
        "status": "active",
        "description": _description(mapping, direction, build.gaps),
        "structure": _structures(mapping, direction),
        "group": [_group(mapping, direction, rules)],
    }
    if not translations:
        del resource["contained"]
    return ExportedMap(name, direction, resource, render_map(resource, rules, translations), tuple(build.gaps))


_TOLD = {"to-fhir": "from the registry case to FHIR", "from-fhir": "from FHIR to the registry case"}


def _camel(name: str) -> str:
    return "".join(part.capitalize() for part in name.split("-"))


def _description(mapping: Map, direction: Direction, gaps: list[Gap]) -> str:
    head = f"{mapping.file.name} version {mapping.get('version')}, {_TOLD[direction]}.\n{_DIALECT}"
    return f"{head}\nNot said here, and done by the adapter only:\n" + "\n".join(f"- {gap}" for gap in gaps)


def _structures(mapping: Map, direction: Direction) -> list[Json]:
    case = {"url": CASE_MODEL, "alias": "CrmoCase"}
    if direction == "to-fhir":
        made = {"url": f"{CORE}{mapping.resource}", "mode": "produced", "alias": mapping.resource}
        return [case | {"mode": "source"}, {"url": f"{CORE}Bundle", "mode": "target", "alias": "Bundle"}, made]
    sent = {"url": f"{CORE}{mapping.resource}", "mode": "source", "alias": mapping.resource}
    return [sent, case | {"mode": "target"}]


def _group(mapping: Map, direction: Direction, rules: tuple[MapRule, ...]) -> Json:
    if direction == "to-fhir":
        inputs = [("record", "CrmoCase", "source"), ("bundle", "Bundle", "target")]
    else:
        made = ("item", "", "target") if mapping.place == "join" else ("record", "CrmoCase", "target")
        inputs = [("sent", mapping.resource, "source"), made]
    return {
        "name": _camel(f"{mapping.name}-{direction}"),
        "typeMode": "none",
        "input": [{"name": name, **({"type": kind} if kind else {}), "mode": mode} for name, kind, mode in inputs],
        "rule": [rule.resource() for rule in rules],
    }
