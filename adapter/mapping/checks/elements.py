"""The elements of R4 as paths of the mapping language see them: which there are, of what type, once or many times.

Takes from: conformance.  Gives to: mapping.checks.
Source: https://hl7.org/fhir/R4/elementdefinition.html, https://hl7.org/fhir/R4/formats.html#choice
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from adapter.conformance import r4_definitions
from adapter.conformance.definitions import CORE
from adapter.errors import Json
from adapter.mapping.path import Path, Step
from adapter.mapping.spelling import did_you_mean

_OPEN = ("Resource", "DomainResource", "Any")


@dataclass(frozen=True)
class Element:
    """One element under the name it has in JSON.

    Shapes:  type      R4 type; of a choice the one that the name spells
             inside    where its members are defined: a type or, for a backbone, its own path
             choice    name before `[x]`, "" for the others
             targets   what a Reference may point at, "Resource" for anything
             value_set of a required binding
    """

    name: str
    type: str
    inside: str
    many: bool = False
    required: bool = False
    choice: str = ""
    targets: tuple[str, ...] = ()
    value_set: str = ""
    extension: str = ""

    @property
    def primitive(self) -> bool:
        return self.type[:1].islower() and self.type != "xhtml"


@dataclass(frozen=True)
class Members:
    """What stands inside an object: its elements by name, its choices by their name before `[x]`."""

    elements: dict[str, Element]
    choices: dict[str, tuple[str, ...]] = field(default_factory=dict)


class MissError(ValueError):
    """A path that R4 does not know; `code` names the problem."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code


class Elements:
    """Answers from the R4 definitions; each type is read once."""

    def __init__(self) -> None:
        self._members: dict[str, Members] = {}

    def resource_types(self) -> list[str]:
        listed = r4_definitions().find("CodeSystem", "http://hl7.org/fhir/resource-types") or {}
        return [concept["code"] for concept in listed.get("concept", ())]

    def is_resource(self, name: str) -> bool:
        found = r4_definitions().type_structure(name) or {}
        return bool(found.get("kind") == "resource" and not found.get("abstract"))

    def members(self, place: str) -> Members:
        """The members of a type or of a backbone element given by its path."""
        if place not in self._members:
            self._read(place.partition(".")[0])
        return self._members.setdefault(place, Members({}))

    def _read(self, name: str) -> None:
        structure = r4_definitions().type_structure(name) or {}
        for element in structure.get("snapshot", {}).get("element", []):
            parent, _, last = element["path"].rpartition(".")
            if parent:
                _add(self._members.setdefault(parent, Members({})), last, element)

    def follow(self, resource: str, path: Path, *, strict: bool = True) -> list[Element]:
        """The element at the end of a path; several when a reference on the way may point at several types.

        Shapes:  strict   lists must be marked as such, as rules need it; conditions open every list by themselves
                 returns  [] when the path leaves what R4 defines (inside any resource)
        Errors:  MissError
        """
        return self.walk(resource, path, strict=strict)[-1]

    def walk(self, resource: str, path: Path, *, strict: bool = True) -> list[list[Element]]:
        """What `follow` finds at every step, the resource itself first."""
        way = [[Element(resource, resource, resource)]]
        for number, step in enumerate(path.steps, 1):
            found = self._pointed_at(way[-1]) if step.pick == "resolve" else self._step(way[-1], step)
            way.append(found)
            if found and strict and step.pick != "resolve":
                _ensure_count(found[0], step, last=number == len(path.steps))
        return way

    def _step(self, holders: list[Element], step: Step) -> list[Element]:
        if not holders or any(holder.type in _OPEN for holder in holders):
            return []
        found = [element for holder in holders if (element := self.member(holder, step.name)) is not None]
        if not found:
            raise self._miss(holders, step.name)
        if step.pick == "slice":
            found = [self._sliced(element, step) for element in found]
        return found

    def member(self, holder: Element, name: str) -> Element | None:
        """A member by its JSON name; `_name` is the companion of a primitive."""
        known = self.members(holder.inside).elements
        if name.startswith("_") and (primitive := known.get(name[1:])) is not None and primitive.primitive:
            return Element(name, "Element", "Element", primitive.many)
        element = known.get(name)
        if element is not None and holder.extension and element.choice == "value":
            _ensure_value_type(holder.extension, element)
        return element

    def _miss(self, holders: list[Element], name: str) -> MissError:
        holder = holders[0]
        members = self.members(holder.inside)
        if holder.primitive:
            return MissError("P001", f"nothing stands inside '{holder.name}': it is a {holder.type}")
        for choice, types in members.choices.items():
            if name == choice or (name.startswith(choice) and name[len(choice) : len(choice) + 1].isupper()):
                spelled = ", ".join(choice + _capital(kind) for kind in types[:12])
                return MissError("P004", f"'{name}' is no type of {holder.inside}.{choice}[x]; it may be {spelled}")
        return MissError("P001", f"no element '{name}' in {holder.inside}{did_you_mean(name, members.elements)}")

    def _sliced(self, element: Element, step: Step) -> Element:
        if element.type == "Extension":
            _ensure_extension(step.value)
            return replace(element, extension=step.value)
        if self.member(element, step.key) is None:
            raise MissError("P001", f"no element '{step.key}' in {element.inside} by which '{step.name}' is told apart")
        return element

    def _pointed_at(self, holders: list[Element]) -> list[Element]:
        targets = [target for holder in holders if holder.type == "Reference" for target in holder.targets]
        if holders and not targets:
            raise MissError("P008", f"resolve() follows a Reference, and '{holders[0].name}' is a {holders[0].type}")
        return [Element(target, target, target) for target in targets]


def _add(members: Members, name: str, element: Json) -> None:
    types = element.get("type", [])
    many = element.get("max", "1") not in ("0", "1")
    if element.get("max") == "0":
        return
    binding = element.get("binding", {})
    value_set = binding.get("valueSet", "") if binding.get("strength") == "required" else ""
    made = Element(name, "", "", many, element.get("min", 0) > 0, value_set=value_set)
    if name.endswith("[x]"):
        choice = name.removesuffix("[x]")
        members.choices[choice] = tuple(kind["code"] for kind in types)
        for kind in types:
            spelled = choice + _capital(kind["code"])
            members.elements[spelled] = replace(_typed(made, kind, element), name=spelled, choice=choice)
    elif "contentReference" in element:
        place = element["contentReference"].removeprefix("#")
        members.elements[name] = replace(made, type="BackboneElement", inside=place)
    elif types:
        members.elements[name] = _typed(made, types[0], element)


def _typed(element: Element, kind: Json, defined: Json) -> Element:
    code = str(kind["code"])
    if code.startswith("http"):
        said = (each.get("valueUrl") for each in kind.get("extension", ()))
        code = next((each for each in said if each), "string")
    inside = defined["path"] if code in ("BackboneElement", "Element") else code
    profiles = kind.get("targetProfile", [CORE + "Resource"]) if code == "Reference" else []
    targets = tuple(profile.removeprefix(CORE) for profile in profiles)
    return replace(element, type=code, inside=inside, targets=targets)


def _capital(name: str) -> str:
    return name[:1].upper() + name[1:]


def _ensure_count(element: Element, step: Step, *, last: bool) -> None:
    if element.many and step.pick == "one" and not last:
        ways = f"{step.name}[0], {step.name}[<slice>] or, for reading, {step.name}[*]"
        raise MissError("P002", f"'{step.name}' is a list in R4: write {ways}")
    if not element.many and step.pick != "one":
        raise MissError("P002", f"'{step.name}' is no list in R4: write it without [ ]")


def _ensure_extension(url: str) -> None:
    """An extension that HL7 published must be one; the registry's own are not R4's to know."""
    if url.startswith(CORE) and r4_definitions().structure(url) is None:
        raise MissError("P007", f"R4 has no extension '{url}'")


def _ensure_value_type(url: str, element: Element) -> None:
    structure: Any = r4_definitions().structure(url)
    for defined in structure["snapshot"]["element"] if structure else ():
        types = [kind["code"] for kind in defined.get("type", ())]
        if defined["path"] == "Extension.value[x]" and element.type not in types:
            spelled = " or ".join("value" + _capital(kind) for kind in types)
            raise MissError("P007", f"extension '{url.rsplit('/', 1)[1]}' carries {spelled}, not {element.name}")
