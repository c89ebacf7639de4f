"""The elements of a snapshot as a tree: children by name, slices by name, element ids not needed.

Takes from: errors.  Gives to: validation.compiler, validation.slicing.
Source: https://hl7.org/fhir/R4/elementdefinition.html, https://hl7.org/fhir/R4/profiling.html#slicing
"""

from __future__ import annotations

from functools import cached_property
from typing import Any

from adapter.errors import Json

FHIR_TYPE = "http://hl7.org/fhir/StructureDefinition/structuredefinition-fhir-type"
SYSTEM_TYPE = "http://hl7.org/fhirpath/System."


class Element:
    """One ElementDefinition with what hangs below it.

    Shapes:  children  by name ("value[x]" for a choice); slices  by slice name, in the order of the profile
    """

    def __init__(self, definition: Json) -> None:
        self.definition = definition
        self.path: str = definition["path"]
        self.name = self.path.rpartition(".")[2]
        self.slice_name: str = definition.get("sliceName", "")
        self.children: dict[str, Element] = {}
        self.slices: dict[str, Element] = {}
        self.parent: Element | None = None

    @property
    def min(self) -> int:
        return int(self.definition.get("min", 0))

    @property
    def max(self) -> int | None:
        """None means any number."""
        stated = self.definition.get("max", "*")
        return None if stated == "*" else int(stated)

    @cached_property
    def is_list(self) -> bool:
        """Array or not is decided by the base definition, never by what a profile allows."""
        return str(self.definition.get("base", self.definition).get("max", "*")) not in ("0", "1")

    @property
    def types(self) -> list[Json]:
        found: list[Json] = self.definition.get("type", [])
        return found

    @cached_property
    def type_codes(self) -> list[str]:
        return [type_code(kind) for kind in self.types]

    @property
    def is_choice(self) -> bool:
        return bool(self.name.endswith("[x]"))

    @property
    def slicing(self) -> Json:
        found: Json = self.definition.get("slicing", {})
        return found

    def value(self, prefix: str) -> Any:
        """fixed[x], pattern[x], minValue[x] or maxValue[x]: its value, or None."""
        return next((item for key, item in self.definition.items() if key.startswith(prefix)), None)

    def has(self, prefix: str) -> bool:
        return any(key.startswith(prefix) for key in self.definition)


def type_code(kind: Json) -> str:
    """The FHIR type behind the System types that ids and urls are declared with."""
    code: str = kind.get("code", "")
    if not code.startswith(SYSTEM_TYPE):
        return code
    stated = [item for item in kind.get("extension", []) if item.get("url") == FHIR_TYPE]
    if stated:
        return str(stated[0].get("valueUrl") or stated[0].get("valueUri") or "string")
    return {"String": "string", "Boolean": "boolean", "Integer": "integer", "Decimal": "decimal"}.get(
        code.removeprefix(SYSTEM_TYPE), "string"
    )


def has_snapshot(structure: Json) -> bool:
    """Whether the snapshot is there and every element in it has its parent before it."""
    snapshot = structure.get("snapshot")
    elements = snapshot.get("element") if type(snapshot) is dict else None
    if type(elements) is not list or not all(_is_element(element) for element in elements):
        return False
    paths = {element["path"] for element in elements}
    return bool(elements) and all("." not in path or path.rpartition(".")[0] in paths for path in paths)


def _is_element(element: Any) -> bool:
    if type(element) is not dict or type(element.get("path")) is not str:
        return False
    return str(element.get("max", "*")).isdigit() or element.get("max", "*") == "*"


def make_tree(structure: Json) -> Element:
    """The root element of a StructureDefinition's snapshot, which `has_snapshot` has looked at."""
    definitions = structure["snapshot"]["element"]
    root = Element(definitions[0])
    latest: dict[str, Element] = {root.path: root}
    for definition in definitions[1:]:
        element = Element(definition)
        _hang(latest.get(element.path.rpartition(".")[0], root), element)
        latest[element.path] = element
    return root


def _hang(parent: Element, element: Element) -> None:
    element.parent = parent
    base_name = str(element.definition.get("base", {}).get("path", element.path)).rpartition(".")[2]
    if (
        base_name.endswith("[x]")
        and not element.is_choice
        and base_name[:-3]
        and element.name.startswith(base_name[:-3])
    ):
        element.slice_name = element.slice_name or element.name
        element.name = base_name
        parent.children.setdefault(base_name, Element({**element.definition, "path": element.path, "min": 0}))
    if not element.slice_name or element.name not in parent.children:
        parent.children[element.name] = element
        return
    _slice_under(parent.children[element.name], element)


def _slice_under(sliced: Element, element: Element) -> None:
    """`a/b` is a slice of slice `a`."""
    outer, _, inner = element.slice_name.rpartition("/")
    owner = sliced.slices.get(outer) if inner and outer else None
    (owner or sliced).slices[element.slice_name] = element
