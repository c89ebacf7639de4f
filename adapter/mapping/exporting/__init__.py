"""The mapping files as FHIR: StructureMaps, ConceptMaps and a logical model of the case, for engines that are not ours.

The export is a description, not what we run. What FML cannot say is listed in the head of each map.

Takes from: mapping.language, mapping.tables, conformance.  Gives to: cli.
Source: https://hl7.org/fhir/R4/mapping-language.html
"""

from __future__ import annotations

from collections.abc import Iterator

from adapter.errors import Json
from adapter.mapping.exporting.case_model import export_case_model
from adapter.mapping.exporting.concept_maps import ExportedTable, export_concept_map, export_tables
from adapter.mapping.exporting.gaps import Gap
from adapter.mapping.exporting.maps import Direction, ExportedMap, export_map
from adapter.mapping.rules import Language

__all__ = [
    "Direction",
    "ExportedMap",
    "ExportedTable",
    "Gap",
    "export_case_model",
    "export_concept_map",
    "export_each_map",
    "export_maps",
    "export_tables",
]


def export_maps(language: Language) -> dict[str, str | Json]:
    """Everything, by file name.

    Shapes:  returns  "<map>-to-fhir.map": FML text; "StructureMap-….json", "ConceptMap-….json", … : R4 resources
    """
    found: dict[str, str | Json] = {}
    for exported in export_each_map(language):
        found[f"{exported.name}.map"] = exported.text
        found[_file_name(exported.resource)] = exported.resource
    for table in export_tables(language):
        found[_file_name(table.resource)] = table.resource
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
