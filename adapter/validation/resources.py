"""A whole resource: its type, the profiles it is judged by, and the problems that needed its whole path.

Takes from: validation.scope, validation.bundles, validation.implied.  Gives to: validation.compiler, validation.
Source: https://hl7.org/fhir/R4/resource.html
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from adapter.conformance.definitions import CORE
from adapter.errors import Json, Severity
from adapter.validation.bundle_index import BundleIndex
from adapter.validation.consequences import without_consequences
from adapter.validation.implied import implied_profiles
from adapter.validation.problem import Check, Found, Problem, passes
from adapter.validation.scope import Engine, Scope
from adapter.validation.snapshot import Element

_ABSTRACT = frozenset({"Resource", "DomainResource"})


def make_resource_check(compiler: Engine, element: Element) -> Check:
    """A resource inside another: contained, an entry of a Bundle, a parameter."""
    allowed = frozenset(element.type_codes) - _ABSTRACT
    if len(allowed) < len(set(element.type_codes)):
        allowed = frozenset()
    profiles = [url for kind in element.types for url in kind.get("profile", [])]
    inside = element.name == "contained"

    def check(value: Any, scope: Scope) -> Found:
        if type(value) is not dict:
            return [Problem("null" if value is None else "not-an-object")]
        kind = value.get("resourceType")
        fitting = allowed or _types_of(profiles, compiler)
        if fitting and kind not in fitting and type(kind) is str:
            return [Problem("resource-type-not-allowed", type=kind, expected=", ".join(sorted(fitting)))]
        return check_resource(value, Scope(compiler, value, scope, inside), profiles, any_of=True)

    return check


def _types_of(profiles: list[str], compiler: Engine) -> frozenset[str]:
    """The types that profiles constrain; empty, for any, when one of them is not at hand or is of any resource."""
    found = [(compiler.definitions.structure(url) or {}).get("type", "") for url in profiles]
    return frozenset() if "" in found or _ABSTRACT & set(found) else frozenset(found)


def check_resource(value: Json, scope: Scope, profiles: Iterable[str] = (), *, any_of: bool = False) -> Found:
    """Judge a resource by the given profiles, by those it claims and those its content implies; else by its type.

    Shapes:  any_of  one of the given profiles is enough, as an ElementDefinition means it
    """
    kind = value.get("resourceType")
    if type(kind) is not str:
        return [Problem("resource-type-missing" if value else "empty-object")]
    compiler = scope.compiler
    if not compiler.is_resource(kind) or kind in _ABSTRACT:
        return [Problem("resource-type-unknown", type=kind)]
    if kind == "Bundle":
        scope.bundle = BundleIndex(value)
    if not profiles and kind != "Observation" and not _claims(value) and not compiler.definitions.global_profiles(kind):
        plain = (compiler.structure_check(CORE + kind) or passes)(value, scope)
        return _settled(without_consequences(plain)) if plain else None
    found: list[Problem] = []
    checks = _chosen(value, kind, scope, list(profiles), any_of, found)
    for canonical, check in checks:
        found += _tagged(check(value, scope), canonical)
    if len(checks) > 1:
        found = _each_once(found)
    return _settled(without_consequences(found)) if found else None


def _claims(value: Json) -> list[str]:
    meta = value.get("meta")
    claimed = meta.get("profile") if type(meta) is dict else None
    return [url for url in claimed if type(url) is str] if type(claimed) is list else []


def _chosen(
    value: Json, kind: str, scope: Scope, given: list[str], any_of: bool, found: list[Problem]
) -> list[tuple[str, Check]]:
    claimed = _claims(value)
    implied = [*scope.compiler.definitions.global_profiles(kind), *implied_profiles(value)]
    checks: list[tuple[str, Check]] = []
    if any_of and given:
        given = _best(value, scope, kind, given)
    for origin, canonical in _ordered(given, claimed, implied):
        check = _profile_check(canonical, kind, scope, origin, found)
        if check is not None:
            checks.append((canonical, check))
    if not checks:
        base = scope.compiler.structure_check(CORE + kind)
        checks = [("", base)] if base is not None else []
    return checks


def _ordered(given: list[str], claimed: list[str], implied: Iterable[str]) -> list[tuple[str, str]]:
    pairs = (
        [("given", url) for url in given]
        + [("claimed", url) for url in claimed]
        + [("implied", url) for url in implied]
    )
    seen: dict[str, str] = {}
    for origin, url in pairs:
        seen.setdefault(url.partition("|")[0], f"{origin} {url}")
    return [(origin, url) for origin, _, url in (text.partition(" ") for text in seen.values())]


def _profile_check(canonical: str, kind: str, scope: Scope, origin: str, found: list[Problem]) -> Check | None:
    compiler = scope.compiler
    structure = compiler.definitions.structure(canonical)
    where = ("meta", "profile") if origin == "claimed" else ()
    if structure is None:
        severity: Severity = "error" if origin == "given" else "warning"
        found.append(Problem("profile-unknown", severity, expected=canonical).at(*where))
        return None
    constrained = structure.get("type")
    if constrained not in (kind, *_ABSTRACT):
        found.append(Problem("profile-of-other-type", expected=canonical, type=constrained or "").at(*where))
        return None
    check = compiler.structure_check(canonical)
    if check is None:
        severity = "error" if origin == "given" else "warning"
        found.append(Problem("profile-unusable", severity, expected=canonical).at(*where))
    return None if constrained in _ABSTRACT and canonical.startswith(CORE) else check


def _best(value: Json, scope: Scope, kind: str, given: list[str]) -> list[str]:
    """Where one of several profiles is enough: one that is met, else the one that lacks least."""
    fitting = [
        url for url in given if (s := scope.compiler.definitions.structure(url)) and s.get("type") in (kind, "Resource")
    ]
    if any(scope.compiler.structure_check(url) is None for url in given):
        return []  # the one that cannot be used may be the one that is met
    if len(fitting) < 2:
        return fitting

    def cost(url: str) -> int:
        check = scope.compiler.structure_check(url) or passes
        return sum(problem.blocks for problem in check(value, scope) or ())

    return [min(fitting, key=cost)]


def _tagged(problems: Found, canonical: str) -> list[Problem]:
    for problem in problems or ():
        problem.profile = problem.profile or canonical
    return problems or []


def _each_once(problems: list[Problem]) -> list[Problem]:
    """Two profiles of one type find the same defect; it is told once."""
    seen = {
        (tuple(p.steps), p.rule, str(sorted(p.values.items(), key=lambda kv: kv[0]))): p for p in reversed(problems)
    }
    return list(reversed(seen.values()))


def _settled(problems: list[Problem]) -> Found:
    kept = []
    for problem in problems:
        if problem.unless is not None:
            if problem.unless(tuple(reversed(problem.steps))):
                continue
            problem.unless = None
        kept.append(problem)
    return kept or None
