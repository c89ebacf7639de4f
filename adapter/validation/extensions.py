"""Extensions: known or not, of the right shape, at a place their definition allows.

Takes from: validation.problem, validation.contexts.  Gives to: validation.compiler.
Source: https://hl7.org/fhir/R4/extensibility.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from adapter.errors import Json
from adapter.validation.contexts import make_context_problems
from adapter.validation.problem import Check, Found, Problem, with_extras
from adapter.validation.snapshot import Element

if TYPE_CHECKING:
    from adapter.validation.scope import Engine, Scope

_EXAMPLE_HOSTS = ("example.org", "acme.com", "nema.org")
_HL7_ELSEWHERE = ("http://hl7.org/fhir/", "http://terminology.hl7.org/")


def make_extension_check(compiler: Engine, element: Element) -> Check:
    """One item of an extension or modifierExtension list."""
    modifier = element.name == "modifierExtension"
    if element.children and element.parent is not None:
        return _make_inner(compiler, element)
    profiles = [url for kind in element.types for url in kind.get("profile", [])]
    part = element.path.count(".") == 1 and element.path.startswith("Extension.") and not element.slice_name
    defined = bool(part and element.slices)
    extras = list(compiler.extras(element, "Extension")) if profiles or element.slice_name else []
    plain = compiler.type_check("Extension") if element.parent is not None else None

    def check(value: Any, scope: Scope) -> Found:
        url = value.get("url") if type(value) is dict else None
        if type(url) is not str or not url:
            return plain(value, scope) if plain else None
        if ":" not in url and defined:
            return [Problem("extension-part-unknown", url=url)]
        if ":" not in url and part:
            return plain(value, scope) if plain else None
        return _check_known(value, url, scope, modifier, profiles)

    return with_extras(check, extras, primitive=False)


def _make_inner(compiler: Engine, element: Element) -> Check:
    return with_extras(
        compiler.object_check(element, "Extension"), list(compiler.extras(element, "Extension")), primitive=False
    )


def _check_known(value: Json, url: str, scope: Scope, modifier: bool, profiles: list[str]) -> Found:
    compiler = scope.compiler
    if "|" in url:
        return [Problem("extension-version").at("url")]
    if ":" not in url:
        return [Problem("extension-url-relative").at("url")]
    canonical = next((name for name in profiles if name.partition("|")[0] == url), url)
    structure = compiler.definitions.structure(canonical)
    plain = compiler.type_check("Extension")
    if structure is None:
        return _unknown(url, scope) + (plain(value, scope) or [])
    if structure.get("type") != "Extension":
        return [Problem("extension-not-one", url=url).at("url")]
    check = compiler.structure_check(canonical) or plain
    found = check(value, scope) or []
    for problem in found:
        problem.profile = problem.profile or canonical
    found += _check_modifier(compiler, canonical, structure, url, modifier)
    found += make_context_problems(structure, scope)
    return found or None


def _check_modifier(compiler: Engine, canonical: str, structure: Json, url: str, modifier: bool) -> list[Problem]:
    elements = structure.get("snapshot", {}).get("element", [{}])
    stated = bool(elements[0].get("isModifier")) if elements else False
    if stated == modifier or not elements:
        return []
    return [Problem("extension-is-modifier" if stated else "extension-not-modifier", url=url)]


def _unknown(url: str, scope: Scope) -> list[Problem]:
    if any(host in url for host in _EXAMPLE_HOSTS):
        return []
    elsewhere = url.startswith(_HL7_ELSEWHERE) and not url.startswith("http://hl7.org/fhir/us/")
    severity = "warning" if elsewhere else scope.compiler.policy.unknown_extensions
    return [Problem("extension-unknown", severity, url=url)]
