"""Codes, value sets and concept maps, decided offline from what is loaded; what cannot be decided is said so.

Takes from: conformance.  Gives to: mapping, validation.
Source: https://hl7.org/fhir/R4/terminology-service.html
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from types import NoneType

from adapter.conformance import Definitions
from adapter.errors import Json

# Systems that are a grammar, not a list.
GRAMMARS: dict[str, Callable[[str], object]] = {
    # FHIR's own format parameter also knows these four by their bare names.
    "urn:ietf:bcp:13": re.compile(
        r"[A-Za-z0-9!#$&^_.+\-]+/[A-Za-z0-9!#$&^_.+\-*]+(\s*;.*)?|xml|json|ttl|html"
    ).fullmatch,
    "urn:ietf:bcp:47": re.compile(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*").fullmatch,
}
_MAX_IMPORTS = 20


@dataclass(slots=True)
class Codes:
    """The codes of one CodeSystem, as far as they are loaded."""

    displays: dict[str, str] = field(default_factory=dict)
    parents: dict[str, set[str]] = field(default_factory=dict)
    properties: dict[str, dict[str, set[str]]] = field(default_factory=dict)
    complete: bool = False
    case_sensitive: bool = True

    def has(self, code: str) -> bool:
        return code in self.displays or (
            not self.case_sensitive and code.casefold() in map(str.casefold, self.displays)
        )

    def below(self, ancestor: str) -> set[str]:
        """The code and everything under it."""
        found, fresh = {ancestor}, {ancestor}
        while fresh:
            fresh = {code for code, parents in self.parents.items() if parents & fresh} - found
            found |= fresh
        return found


@dataclass(slots=True)
class Members:
    """What a value set holds: listed codes by system, whole systems, and whether that is all of it."""

    listed: dict[str, set[str]] = field(default_factory=dict)
    whole: set[str] = field(default_factory=set)
    complete: bool = True

    def has(self, system: str | None, code: str) -> bool | None:
        """None when it cannot be decided with what is loaded."""
        if type(code) is not str or not isinstance(system, (str, NoneType)):
            return False
        if system is None:
            return self._has_code(code)
        if code in self.listed.get(system, ()):
            return True
        if system in self.whole:
            grammar = GRAMMARS.get(system)
            return bool(grammar(code)) if grammar else None
        return False if self.complete else None

    def _has_code(self, code: str) -> bool | None:
        if any(code in codes for codes in self.listed.values()):
            return True
        answers = [self.has(system, code) for system in self.whole]
        if True in answers or None in answers:
            return True if True in answers else None
        return False if self.complete else None


class Terminology:
    """Answers from the loaded definitions; expansions are made on first use and kept."""

    def __init__(self, definitions: Definitions) -> None:
        self._definitions = definitions
        self._members: dict[str, Members | None] = {}
        self._codes: dict[str, Codes | None] = {}

    def expand(self, canonical: str) -> Members | None:
        """The members of a value set; None when it is not loaded."""
        if canonical not in self._members:
            try:
                self._members[canonical] = self._expanded(canonical, 0)
            except (KeyError, TypeError, AttributeError):  # a value set that is not what a ValueSet must be
                self._members[canonical] = None
        return self._members[canonical]

    def codes(self, system: str) -> Codes | None:
        """The codes of a CodeSystem; None when it is not loaded."""
        if system not in self._codes:
            resource = self._definitions.find("CodeSystem", system)
            self._codes[system] = _read_codes(resource) if resource else None
        return self._codes[system]

    def validate_code(self, canonical: str, code: str, system: str | None = None) -> bool | None:
        """Whether a code is in a value set; None when that cannot be decided here.

        Source:  https://hl7.org/fhir/R4/valueset-operation-validate-code.html
        """
        members = self.expand(canonical)
        return None if members is None else members.has(system, code)

    def translate(self, coding: Json, concept_map: str) -> list[Json]:
        """The targets of a coding in a loaded ConceptMap, in the order of the map; [] when unmapped.

        Shapes:  returns  [{"system", "code", "equivalence"[, "display"]}]
        Source:  https://hl7.org/fhir/R4/conceptmap-operation-translate.html
        """
        loaded = self._definitions.find("ConceptMap", concept_map)
        groups = loaded.get("group", []) if loaded else []
        return [
            {"system": group.get("target"), **target}
            for group in groups
            if group.get("source") == coding.get("system")
            for element in group.get("element", [])
            if element.get("code") == coding.get("code")
            for target in element.get("target", [])
        ]

    def _expanded(self, canonical: str, depth: int) -> Members | None:
        resource = self._definitions.find("ValueSet", canonical)
        if resource is None or depth > _MAX_IMPORTS:
            return None
        compose = resource.get("compose")
        if compose is None:
            return _from_expansion(resource.get("expansion", {}))
        found = Members()
        for include in compose.get("include", []):
            _add(found, self._included(include, depth))
        for exclude in compose.get("exclude", []):
            _remove(found, self._included(exclude, depth))
        return found

    def _included(self, include: Json, depth: int) -> Members:
        found = self._from_system(include) if "system" in include else None
        for canonical in include.get("valueSet", []):
            imported = self._expanded(canonical, depth + 1) or Members(complete=False)
            found = imported if found is None else _common(found, imported)
        return found if found is not None else Members(complete=False)

    def _from_system(self, include: Json) -> Members:
        system: str = include["system"]
        if "concept" in include:
            return Members({system: {concept["code"] for concept in include["concept"]}})
        known = self.codes(system)
        if system in GRAMMARS or known is None or not known.complete:
            return Members(whole={system}, complete=system in GRAMMARS or "filter" not in include)
        codes: set[str] | None = set(known.displays)
        for rule in include.get("filter", []):
            kept = _filtered(known, rule)
            codes = None if kept is None or codes is None else codes & kept
        return Members(whole={system}) if codes is None else Members({system: codes})


def _read_codes(resource: Json) -> Codes:
    found = Codes(complete=resource.get("content") == "complete", case_sensitive=resource.get("caseSensitive", True))
    pending: list[tuple[Json, str | None]] = [(concept, None) for concept in resource.get("concept", [])]
    while pending:
        concept, parent = pending.pop()
        code = concept["code"]
        found.displays[code] = concept.get("display", "")
        parents = found.parents.setdefault(code, set())
        if parent is not None:
            parents.add(parent)
        for name, value in _properties(concept):
            found.properties.setdefault(code, {}).setdefault(name, set()).add(value)
            if name in ("subsumedBy", "parent"):
                parents.add(value)
        pending.extend((child, code) for child in concept.get("concept", []))
    return found


def _properties(concept: Json) -> Iterator[tuple[str, str]]:
    for item in concept.get("property", []):
        value = next((value for key, value in item.items() if key.startswith("value")), "")
        value = value.get("code", "") if isinstance(value, dict) else value
        yield item.get("code", ""), str(value).lower() if isinstance(value, bool) else str(value)


def _filtered(known: Codes, rule: Json) -> set[str] | None:
    """The codes a filter keeps; None for a filter that is not understood."""
    operator, wanted, name = rule.get("op"), str(rule.get("value", "")), rule.get("property")
    everything = set(known.displays)
    if name in ("concept", "code") and operator in ("is-a", "descendent-of", "is-not-a"):
        below = known.below(wanted)
        return everything - below if operator == "is-not-a" else below - ({wanted} if operator != "is-a" else set())
    if operator == "=" and name in ("concept", "code"):
        return {wanted} & everything
    if operator in ("=", "in"):
        values = set(wanted.split(",")) if operator == "in" else {wanted}
        return {code for code in everything if known.properties.get(code, {}).get(str(name), set()) & values}
    return None


def _from_expansion(expansion: Json) -> Members:
    found = Members(complete="contains" in expansion)
    pending = list(expansion.get("contains", []))
    while pending:
        entry = pending.pop()
        if "code" in entry and not entry.get("abstract"):
            found.listed.setdefault(entry.get("system", ""), set()).add(entry["code"])
        pending.extend(entry.get("contains", []))
    return found


def _add(found: Members, more: Members) -> None:
    for system, codes in more.listed.items():
        found.listed.setdefault(system, set()).update(codes)
    found.whole |= more.whole
    found.complete = found.complete and more.complete


def _remove(found: Members, less: Members) -> None:
    for system, codes in less.listed.items():
        found.listed.get(system, set()).difference_update(codes)
        if system in found.whole:
            found.complete = False
    if less.whole or not less.complete:
        for system in less.whole:
            found.listed.pop(system, None)
        found.whole -= less.whole


def _common(one: Members, other: Members) -> Members:
    systems: Iterable[str] = set(one.listed) | set(other.listed)
    listed: dict[str, set[str]] = {}
    for system in systems:
        left, right = one.listed.get(system), other.listed.get(system)
        if left is not None and right is not None:
            listed[system] = left & right
        elif (left or right) and system in (one.whole | other.whole):
            listed[system] = set(left or right or ())
    return Members(listed, one.whole & other.whole, one.complete and other.complete)
