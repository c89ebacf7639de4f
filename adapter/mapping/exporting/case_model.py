"""The case as a logical model, so that FHIR tools know what the exported maps read and write.

Takes from: canonical, declaration, conformance, exporting.codes.  Gives to: exporting.
Source: https://hl7.org/fhir/R4/structuredefinition.html (kind logical)
"""

from __future__ import annotations

from collections.abc import Iterator

from adapter.canonical import BASE
from adapter.conformance import r4_definitions
from adapter.declaration import load_schema
from adapter.errors import Json
from adapter.mapping.exporting.codes import one_of

NAME = "CrmoCase"
CASE_MODEL = f"{BASE}/StructureDefinition/{NAME}"

_MODIFIER = "A modifier extension may change the meaning of the element that holds it."
_INHERITED = {
    "id": "Name of the element inside its document.",
    "extension": "What others add to the element.",
    "modifierExtension": _MODIFIER,
}
_SIMPLE = {"string": "string", "number": "decimal", "integer": "integer", "boolean": "boolean"}


def export_case_model() -> Json:
    """Shapes:  returns  R4 StructureDefinition with differential and snapshot"""
    schema = load_schema("case")
    own = list(_elements(schema, schema, NAME))
    root = {"id": NAME, "path": NAME, "short": schema["title"], "definition": schema["description"]}
    return {
        "resourceType": "StructureDefinition",
        "id": NAME,
        "url": CASE_MODEL,
        "version": schema["version"],
        "name": NAME,
        "title": schema["title"],
        "status": "active",
        "description": schema["description"],
        "fhirVersion": "4.0.1",
        "kind": "logical",
        "abstract": False,
        "type": CASE_MODEL,
        "baseDefinition": "http://hl7.org/fhir/StructureDefinition/Element",
        "derivation": "specialization",
        "snapshot": {"element": list(_snapshot(root, own))},
        "differential": {"element": [{**root, "min": 0, "max": "*"}, *own]},
    }


def schema_at(*names: str) -> Json:
    """The schema of a place of the case; of the items where it is a list."""
    root = load_schema("case")
    found = root
    for name in names:
        found = _resolved(root, found["properties"][name])
        found = _resolved(root, found.get("items", found))
    return found


def _elements(root: Json, schema: Json, path: str) -> Iterator[Json]:
    for name, spelled in schema["properties"].items():
        resolved = _resolved(root, spelled)
        listed = resolved.get("type") == "array"
        item = _resolved(root, resolved["items"]) if listed else resolved
        types, rest = _types(item), _restricted(item)
        here = f"{path}.{name}" + ("[x]" if len(types) > 1 else "")
        yield {
            "id": here,
            "path": here,
            "short": spelled.get("title", resolved.get("title", name)),
            "definition": spelled.get("description", resolved.get("description", name)),
            "min": int(name in schema.get("required", ())),
            "max": "*" if listed else "1",
            "type": [{"code": code} for code in types],
            **rest,
        }
        if "properties" in item:
            yield from _elements(root, item, here)


def _resolved(root: Json, spelled: Json) -> Json:
    if "$ref" not in spelled:
        return spelled
    found: Json = root["$defs"][spelled["$ref"].rsplit("/", 1)[-1]]
    return found


def _types(item: Json) -> list[str]:
    """A date of the case is a FHIR date, a year or a month alone included. A score is a number or a word."""
    if "properties" in item:
        return ["BackboneElement"]
    if item.get("format") == "partial-date":
        return ["date"]
    if "anyOf" in item:
        return list(dict.fromkeys(code for each in item["anyOf"] for code in _types(each)))
    if "enum" in item:
        return ["code"]
    return ["boolean"] if "const" in item else [_SIMPLE[item["type"]]]


def _restricted(item: Json) -> Json:
    """The words a field knows, as an invariant: they are codes of no code system that others publish."""
    if "const" in item:
        return {"fixedBoolean": item["const"]}
    words = list(_words(item))
    if not words:
        return {}
    expression = one_of("$this", words)
    if "anyOf" in item and "decimal" in _types(item):
        expression = f"$this is decimal or ({expression})"
    human = f"One of {', '.join(words)}"
    return {"constraint": [{"key": "case-1", "severity": "error", "human": human, "expression": expression}]}


def _words(item: Json) -> Iterator[str]:
    yield from item.get("enum", ())
    for each in item.get("anyOf", ()):
        yield from _words(each)


def _snapshot(root: Json, own: list[Json]) -> Iterator[Json]:
    """Differential laid over what Element and BackboneElement bring: `id`, `extension`, `modifierExtension`."""
    known = {element["path"] for element in own}
    yield {**root, "min": 0, "max": "*", "base": {"path": NAME, "min": 0, "max": "*"}}
    yield from _inherited("Element", NAME, known)
    for element in own:
        yield {**element, "base": {"path": element["path"], "min": element["min"], "max": element["max"]}}
        if element["type"][0]["code"] == "BackboneElement":
            yield from _inherited("BackboneElement", element["path"], known)


def _inherited(kind: str, path: str, known: set[str]) -> Iterator[Json]:
    definition = r4_definitions().type_structure(kind) or {}
    for element in definition["snapshot"]["element"][1:]:
        here = f"{path}.{element['path'].split('.', 1)[1]}"
        if here not in known:
            # The definitions we ship are without their prose, which R4 wants in a snapshot (sdf-3, eld-18).
            reason = {"isModifierReason": _MODIFIER} if element.get("isModifier") else {}
            told = {"definition": _INHERITED[element["path"].rsplit(".", 1)[1]]}
            types = [{"code": each["code"]} for each in element["type"]]
            yield {**element, **reason, **told, "type": types, "id": here, "path": here}
