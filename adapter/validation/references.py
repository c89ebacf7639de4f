"""References: what they point at inside the resource or Bundle, and whether that may stand there.

Takes from: validation.problem, validation.scope.  Gives to: validation.compiler, validation.discriminators.
Source: https://hl7.org/fhir/R4/references.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from adapter.conformance.definitions import CORE
from adapter.errors import Json
from adapter.validation.conforming import conforms
from adapter.validation.problem import Check, Found, Problem, has_errors
from adapter.validation.snapshot import Element

if TYPE_CHECKING:
    from adapter.validation.scope import Scope

_REST = re.compile(r"(?:.*/)?([A-Z][A-Za-z]+)/([A-Za-z0-9\-.]{1,64})(?:/_history/([A-Za-z0-9\-.]{1,64}))?(?:#.*)?")
_ABSOLUTE = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*:")


def resolve(value: Any, scope: Scope) -> Json | None:
    """The resource a Reference, or a reference string, means, when it is inside the resource or the Bundle."""
    text = value.get("reference") if type(value) is dict else value
    if type(text) is not str:
        return None
    if text.startswith("#"):
        return scope.root if text == "#" else scope.contained.get(text[1:])
    return scope.bundle.resolve(text, scope.root) if scope.bundle is not None else None


def check_reference(value: Any, scope: Scope) -> Found:
    """What holds for every Reference: a local one is found, a relative one names a type and an id."""
    text = value.get("reference")
    if type(text) is not str:
        return None
    if text.startswith("#"):
        return None if resolve(text, scope) is not None else [Problem("reference-contained").at("reference")]
    if _ABSOLUTE.match(text):
        lost = text.startswith("urn:") and scope.bundle is not None and scope.bundle.resolve(text, scope.root) is None
        return [Problem("reference-not-in-bundle").at("reference")] if lost else None
    match = _REST.fullmatch(text)
    if match is None:
        return None if "?" in text else [Problem("reference-format").at("reference")]
    if not scope.compiler.is_resource(match[1]):
        return [Problem("reference-type-unknown", type=match[1]).at("reference")]
    return _check_stated_type(value, match[1])


def _check_stated_type(value: Json, implied: str) -> Found:
    stated = value.get("type")
    if type(stated) is str and stated.rpartition("/")[2] != implied:
        return [Problem("reference-type-differs", stated=stated, implied=implied).at("type")]
    return None


class _Targets:
    """The types and profiles that an element may refer to."""

    def __init__(self, profiles: list[str]) -> None:
        self.profiles = profiles
        self._types: dict[str, str] = {}

    def types(self, scope: Scope) -> dict[str, str]:
        """Each target profile with the type it constrains."""
        if not self._types:
            for url in self.profiles:
                structure = scope.compiler.definitions.structure(url)
                self._types[url] = structure["type"] if structure else ""
        return self._types


def make_target_check(element: Element) -> Iterator[Check]:
    """Check the target's type always, its profile when it is at hand."""
    kinds = [kind for kind in element.types if kind.get("code") == "Reference"]
    profiles = [url for kind in kinds for url in kind.get("targetProfile", [])]
    if not profiles or CORE + "Resource" in profiles:
        return
    targets = _Targets(profiles)
    plain = frozenset(url.removeprefix(CORE) for url in profiles if url.startswith(CORE))
    versioned = any(kind.get("versioning") == "specific" for kind in kinds)

    def check(value: Any, scope: Scope) -> Found:
        text = value.get("reference") if type(value) is dict else None
        if type(text) is not str:
            return _check_logical(value, targets, scope)
        implied = _implied_type(text)
        if implied in plain and not versioned:
            return None
        target = resolve(text, scope)
        found: Found = (
            [Problem("reference-version").at("reference")] if versioned and "/_history/" not in text else None
        )
        kind = target.get("resourceType") if target is not None else implied
        if type(kind) is not str or (kind in plain and target is None):
            return found
        return _check_target(kind, target, targets, scope) or found

    yield check


def _check_logical(value: Any, targets: _Targets, scope: Scope) -> Found:
    stated = value.get("type") if type(value) is dict else None
    return _check_target(stated.rpartition("/")[2], None, targets, scope) if type(stated) is str else None


def _implied_type(text: str) -> str | None:
    match = _REST.fullmatch(text)
    return match[1] if match and not text.startswith("urn:") else None


def _check_target(kind: str, target: Json | None, targets: _Targets, scope: Scope) -> Found:
    types = targets.types(scope)
    if "" in types.values() and kind not in types.values():
        return [
            Problem("reference-target-not-checked", "warning", expected=", ".join(u for u in types if not types[u]))
        ]
    if not scope.compiler.definitions.has("StructureDefinition", CORE + kind):
        return None
    fitting = [url for url, name in types.items() if name == kind]
    if not fitting:
        return [Problem("reference-target", type=kind, expected=", ".join(sorted(set(types.values()))))]
    if target is None or any(url == CORE + kind for url in fitting):
        return None
    return _check_target_profiles(target, fitting, scope)


def _check_target_profiles(target: Json, profiles: list[str], scope: Scope) -> Found:
    if any(conforms(scope.compiler, target, url, scope) for url in profiles):
        return None
    check = scope.compiler.structure_check(profiles[0])
    problems = check(target, scope.below(target)) if check else None
    lacking = next((p for p in problems or () if p.blocks), None) if has_errors(problems) else None
    place = ".".join(str(step) for step in reversed(lacking.steps)) if lacking else ""
    nearest = f"{place} {lacking.rule} {lacking.values.get('expected', '')}".strip() if lacking else ""
    return [Problem("reference-target-profile", expected=", ".join(profiles), nearest=nearest)]
