"""The mapping files as FHIR: StructureMaps, ConceptMaps and a logical model of the case, for engines that are not ours.

The export is a description, not what we run. What FML cannot say is listed in the head of each map.

Takes from: mapping.language, mapping.tables, conformance.  Gives to: cli.
Source: https://hl7.org/fhir/R4/mapping-language.html
"""

from __future__ import annotations

from collections.abc import Iterator

from adapter.errors import Json
from adapter.mapping.exporting.case_model import export_case_model, schema_at
from adapter.mapping.exporting.concept_maps import (
    export_concept_map,
    export_reverse_map,
    is_invertible,
    writes,
)
from adapter.mapping.exporting.gaps import Gap
from adapter.mapping.exporting.maps import Direction, ExportedMap, export_map
from adapter.mapping.rules import Language, Map, Rule
from adapter.mapping.tables import Table

__all__ = [
    "Direction",
    "ExportedMap",
    "Gap",
    "export_case_model",
    "export_concept_map",
    "export_each_map",
    "export_maps",
]


def export_maps(language: Language) -> dict[str, str | Json]:
    """Everything, by file name.

    Shapes:  returns  "<map>-to-fhir.map": FML text; "StructureMap-….json", "ConceptMap-….json", … : R4 resources
    """
    found: dict[str, str | Json] = {}
    for exported in export_each_map(language):
        found[f"{exported.name}.map"] = exported.text
        found[_file_name(exported.resource)] = exported.resource
    targets = _plain_targets(language)
    for table in language.tables.values():
        for resource in _tables(table, targets.get(table.name, "")):
            found[_file_name(resource)] = resource
    model = export_case_model()
    found[_file_name(model)] = model
    return found


def export_each_map(language: Language) -> Iterator[ExportedMap]:
    """Both directions of every mapping file, one direction of those that serve one."""
    for mapping in language.maps:
        directions: tuple[Direction, ...] = ("to-fhir", "from-fhir")
        for direction in directions:
            if mapping.get("one-way") in (None, direction):
                yield export_map(mapping, direction)


def _file_name(resource: Json) -> str:
    return f"{resource['resourceType']}-{resource['id']}.json"


def _tables(table: Table, target: str) -> Iterator[Json]:
    if table.kind == "text":
        return
    if writes(table):
        yield export_concept_map(table, target)
    if not writes(table) or not is_invertible(table):
        yield export_reverse_map(table, target)


def _plain_targets(language: Language) -> dict[str, str]:
    """Code system of each table of plain codes: that of the slice it is used in, else what the case schema says."""
    found: dict[str, str] = {}
    for mapping in language.maps:
        for rule in (leaf for each in mapping.rules for leaf in each.leaves()):
            if rule.codec.name == "code" and rule.codec.table is not None:
                slices = [step.value for step in rule.fhir.steps if step.key == "system"]
                found.setdefault(rule.codec.table.name, slices[-1] if slices else _system_of(mapping, rule))
    return found


def _system_of(mapping: Map, rule: Rule) -> str:
    names = (*([mapping.case] if mapping.case else []), *(step.name for step in rule.case.steps))
    system: str = schema_at(*names).get("x-code-system", "")
    return system
