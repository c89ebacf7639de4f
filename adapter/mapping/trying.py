"""What the rules make of resources that somebody shows them: which fire, which decline and why, which find nothing.

Takes from: mapping.engine, mapping.rules, mapping.traces, bundle.  Gives to: web.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import dataclass

from adapter.bundle import resources_of
from adapter.errors import Issue, Json
from adapter.mapping.engine import Mappings
from adapter.mapping.findings import NO_DIAGNOSIS
from adapter.mapping.laws import pairs_of
from adapter.mapping.rules import Map
from adapter.mapping.traces import trace

_SUBJECT = {"reference": "Patient/shown"}


@dataclass(frozen=True)
class Trial:
    """Shapes:  case    what was made of the resources, be it a whole case or not
    taken   [{"place", "type", "map"}]: by which map each was taken; "" by none
    fired   as `MappingResult.trace`
    silent  [{"map", "rule", "element", "origin"}]: rules of these maps for which nothing stands there
    unread  [{"expression", "count"}]
    """

    case: Json
    taken: list[Json]
    fired: list[Json]
    issues: list[Issue]
    silent: list[Json]
    unread: list[Json]


def as_bundle(document: Json) -> Json:
    """A Bundle as it is; one resource with a patient beside it, so that it speaks of somebody."""
    if document.get("resourceType") == "Bundle":
        return document
    shown = copy.deepcopy(document)
    if shown.get("resourceType") == "Patient":
        return _bundle([shown])
    shown |= {name: _SUBJECT for name in ("subject", "patient") if name in shown}
    return _bundle([{"resourceType": "Patient", "id": "shown"}, shown])


def try_out(mappings: Mappings, document: Json) -> Trial:
    """Nothing is kept.

    Shapes:  document  a Bundle of one patient, or one resource
    Errors:  none; what cannot be read is an issue
    """
    bundle = as_bundle(document)
    result, assembly = mappings.to_case(bundle, case_id="shown"), mappings._intake.record(bundle)
    fired = trace(assembly)
    maps = [(number, each, mappings._intake.map_of(each)) for number, each in resources_of(bundle)]
    return Trial(
        case=assembly.case,
        taken=[_taken(*each) for each in maps],
        fired=fired,
        issues=[each for each in result.issues if each != NO_DIAGNOSIS or bundle is document],
        silent=list(_silent([mapping for _, _, mapping in maps if mapping], {each["rule"] for each in fired})),
        unread=result.unread,
    )


def _taken(number: int, resource: Json, mapping: Map | None) -> Json:
    told = {"place": f"Bundle.entry[{number}]", "type": resource.get("resourceType", "")}
    return {**told, "map": mapping.name if mapping else ""}


def _bundle(resources: list[Json]) -> Json:
    entries = [{"resource": each} for each in resources]
    return {"resourceType": "Bundle", "type": "collection", "entry": entries}


def _silent(maps: list[Map], fired: set[str]) -> Iterator[Json]:
    for mapping in {each.name: each for each in maps}.values():
        for rule in mapping.rules:
            for pair in pairs_of(rule):
                if pair.from_fhir and pair.id not in fired and mapping.get("one-way") != "to-fhir":
                    element = ".".join(part for part in (mapping.resource, pair.fhir.fhirpath) if part)
                    yield {"map": mapping.name, "rule": pair.id, "element": element, "origin": pair.origin}
