"""The parts of a StructureMap as both renderings need them: the resource here, the text in `text`.

Takes from: errors.  Gives to: exporting.writing, exporting.reading, exporting.text, exporting.maps.
Source: https://hl7.org/fhir/R4/structuremap.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from adapter.errors import Json


@dataclass(frozen=True)
class Variable:
    """A parameter of a transform that names a variable; any other parameter is a literal."""

    name: str


Parameter = Variable | str | bool | int | float


@dataclass(frozen=True)
class Source:
    context: str
    element: str = ""
    variable: str = ""
    condition: str = ""
    first: bool = False

    def resource(self) -> Json:
        parts = {"context": self.context, "element": self.element, "variable": self.variable}
        parts |= {"listMode": "first" if self.first else "", "condition": self.condition}
        return {name: part for name, part in parts.items() if part}


@dataclass(frozen=True)
class Target:
    """Without a transform the element is made, to be filled through its variable."""

    context: str
    element: str
    variable: str = ""
    transform: str = ""
    parameters: tuple[Parameter, ...] = ()

    def resource(self) -> Json:
        found: Json = {"context": self.context, "contextType": "variable", "element": self.element}
        if self.variable:
            found["variable"] = self.variable
        if self.transform:
            found["transform"] = self.transform
            found["parameter"] = [_parameter(each) for each in self.parameters]
        return found


def _parameter(value: Parameter) -> Json:
    if isinstance(value, Variable):
        return {"valueId": value.name}
    kinds = {bool: "valueBoolean", int: "valueInteger", float: "valueDecimal", str: "valueString"}
    return {kinds[type(value)]: value}


def copied(context: str, element: str, value: Parameter) -> Target:
    return Target(context, element, "", "copy", (value,))


@dataclass(frozen=True)
class MapRule:
    """A rule of a StructureMap. `origin` says which rule of which mapping file it stands for."""

    name: str
    source: Source
    targets: tuple[Target, ...] = ()
    rules: tuple[MapRule, ...] = ()
    origin: str = ""

    def resource(self) -> Json:
        found: Json = {"name": self.name, "source": [self.source.resource()]}
        if self.targets:
            found["target"] = [each.resource() for each in self.targets]
        if self.rules:
            found["rule"] = [each.resource() for each in self.rules]
        if self.origin:
            found["documentation"] = self.origin
        return found

    def every(self) -> Iterator[MapRule]:
        yield self
        for rule in self.rules:
            yield from rule.every()


@dataclass(frozen=True)
class Translation:
    """A ConceptMap inside the map, with one code system on each side: what every engine can `translate` by."""

    id: str
    source: str
    target: str
    rows: tuple[tuple[str, str], ...]

    def resource(self) -> Json:
        elements = [{"code": code, "target": [{"code": to, "equivalence": "equal"}]} for code, to in self.rows]
        group = {"source": self.source, "target": self.target, "element": elements}
        name = "".join(part.capitalize() for part in self.id.split("-"))
        return {"resourceType": "ConceptMap", "id": self.id, "name": name, "status": "active", "group": [group]}


@dataclass
class Names:
    """Rule names and variables, each given once. A rule's own id comes first, its helpers are numbered after it.

    R4 names are FHIR ids: no underscore, 64 characters.
    """

    rules: dict[str, int] = field(default_factory=dict)
    variables: int = 0

    def rule(self, rule_id: str) -> str:
        name = re.sub(r"[^A-Za-z0-9.-]", "-", rule_id)
        self.rules[name] = number = self.rules.get(name, 0) + 1
        return name if number == 1 else self.rule(f"{name}.{number}")

    def variable(self) -> str:
        # Three digits, so that no name starts another: some engines replace names in conditions as plain text.
        self.variables += 1
        return f"v{self.variables:03}"
