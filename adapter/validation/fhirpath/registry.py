"""What functions are made with: their surroundings, and the small steps many of them share.

Takes from: validation.fhirpath.items.  Gives to: validation.fhirpath.sets, .texts, .fhir, .evaluation.
Source: http://hl7.org/fhirpath/N1/#functions
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from adapter.validation.fhirpath.grammar import FhirPathError
from adapter.validation.fhirpath.items import Item, Items

if TYPE_CHECKING:
    from adapter.validation.scope import Scope


class Around:
    """What an expression can see besides its focus."""

    __slots__ = ("context", "index", "scope", "this", "total")

    def __init__(self, context: Items, scope: Scope) -> None:
        self.context, self.scope, self.this = context, scope, context
        self.index = 0
        self.total: Items = []

    def inside(self, item: Item, index: int) -> Around:
        around = Around(self.context, self.scope)
        around.this, around.index, around.total = [item], index, self.total
        return around

    def variable(self, name: str) -> Items:
        if name in ("resource", "rootResource"):
            value = self.scope.resource if name == "resource" else self.scope.root
            return [Item(value, str(value.get("resourceType", "")))]
        if name == "context":
            return self.context
        if name in _URLS:
            return [Item(_URLS[name])]
        if name.startswith("vs-"):
            return [Item("http://hl7.org/fhir/ValueSet/" + name[3:])]
        if name.startswith("ext-"):
            return [Item("http://hl7.org/fhir/StructureDefinition/" + name[4:])]
        raise FhirPathError(f"unknown variable {name}")


_URLS = {"sct": "http://snomed.info/sct", "loinc": "http://loinc.org", "ucum": "http://unitsofmeasure.org"}

Code = Callable[[Items, Around], Items]
Maker = Callable[..., Code]


def truth(items: Items) -> bool | None:
    """A collection as a boolean: empty is neither, one value that is no boolean is true."""
    if not items:
        return None
    if len(items) > 1:
        raise FhirPathError("several values where a boolean is meant")
    value = items[0].value
    return value if type(value) is bool else True


def registering(table: dict[str, Maker]) -> Callable[[str], Callable[[Maker], Maker]]:
    """A decorator that puts a function's maker into a table by its FHIRPath name."""

    def named(name: str) -> Callable[[Maker], Maker]:
        def keep(maker: Maker) -> Maker:
            table[name] = maker
            return maker

        return keep

    return named


def simple(compute: Callable[[Items], Any]) -> Maker:
    """A function without arguments."""

    def maker() -> Code:
        return lambda focus, around: as_items(compute(focus))

    return maker


def as_items(value: Any) -> Items:
    if value is None:
        return []
    return value if isinstance(value, list) else [Item(value)]


def text_of(items: Items) -> str | None:
    if len(items) > 1:
        raise FhirPathError("one text is expected")
    if not items:
        return None
    value = items[0].value
    return value if isinstance(value, str) else None
