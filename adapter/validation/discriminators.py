"""Discriminators compiled to predicates: does this item belong to that slice?

Takes from: validation.snapshot, validation.values, terminology.  Gives to: validation.slicing.
Source: https://hl7.org/fhir/R4/profiling.html#discriminator
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from adapter.conformance.definitions import CORE
from adapter.validation.conforming import conforms
from adapter.validation.paths import parse_steps, typed_values_at, values_at
from adapter.validation.problem import has_errors
from adapter.validation.snapshot import Element
from adapter.validation.values import equal, matches

if TYPE_CHECKING:
    from adapter.validation.scope import Engine, Scope

Matcher = Callable[[Any, "Scope"], bool]
_PROFILE_ELEMENT = "http://hl7.org/fhir/StructureDefinition/elementdefinition-profile-element"


def make_matcher(compiler: Engine, sliced: Element, piece: Element) -> Matcher:
    """Whether an item is of the slice; without discriminators, whether it meets all of the slice."""
    listed = sliced.slicing.get("discriminator", [])
    if not listed:
        return _make_content_matcher(compiler, piece)
    tests = [_make_test(compiler, piece, item["type"], parse_steps(item["path"])) for item in listed]
    if len(tests) == 1:
        return tests[0]
    return lambda item, scope: all(test(item, scope) for test in tests)


def _make_content_matcher(compiler: Engine, piece: Element) -> Matcher:
    def matcher(item: Any, scope: Scope) -> bool:
        return not has_errors(compiler.item_check(piece)(item, scope))

    return matcher


def _make_test(compiler: Engine, piece: Element, kind: str, steps: list[tuple[str, str]]) -> Matcher:
    if kind == "type":
        return _make_type_test(compiler, piece, steps)
    if kind == "profile":
        return _make_profile_test(compiler, piece, steps)
    if kind == "exists":
        return _make_exists_test(compiler, piece, steps)
    return _make_value_test(compiler, piece, steps)


def _make_value_test(compiler: Engine, piece: Element, steps: list[tuple[str, str]]) -> Matcher:
    wanted = [test for element in _targets(compiler, piece, steps) for test in _value_tests(compiler, element)]
    if not wanted:
        return lambda item, scope: False

    def matcher(item: Any, scope: Scope) -> bool:
        return any(all(test(value, scope) for test in wanted) for value in values_at(item, steps, scope))

    return matcher


def _value_tests(compiler: Engine, element: Element) -> Iterator[Matcher]:
    """What the element fixes, itself or through what lies below it."""
    if element.has("fixed"):
        fixed = element.value("fixed")
        yield lambda value, scope: equal(value, fixed)
    if element.has("pattern"):
        pattern = element.value("pattern")
        yield lambda value, scope: matches(value, pattern)
    if element.has("fixed") or element.has("pattern"):
        return
    below = [(child, list(_value_tests(compiler, child))) for child in _all_children(element)]
    fixing = [(child.name, tests) for child, tests in below if tests and child.min > 0]
    for name, tests in fixing:
        yield _make_below(name, tests)
    binding = element.definition.get("binding", {})
    if not fixing and binding.get("strength") == "required" and "valueSet" in binding:
        yield _make_member_test(compiler, binding["valueSet"])


def _make_below(name: str, tests: list[Matcher]) -> Matcher:
    def matcher(value: Any, scope: Scope) -> bool:
        found = values_at(value, [(name, "")], scope)
        return any(all(test(item, scope) for test in tests) for item in found)

    return matcher


def _make_member_test(compiler: Engine, canonical: str) -> Matcher:
    def matcher(value: Any, scope: Scope) -> bool:
        members = compiler.terminology.expand(canonical)
        if members is None:
            return False
        if type(value) is str:
            return members.has(None, value) is True
        codings = value.get("coding", [value]) if type(value) is dict else []
        return any(
            type(coding) is dict and members.has(coding.get("system", ""), str(coding.get("code", ""))) is True
            for coding in codings
        )

    return matcher


def _all_children(element: Element) -> Iterator[Element]:
    for child in element.children.values():
        yield child
        yield from (piece for piece in child.slices.values() if piece.min > 0)


def _make_exists_test(compiler: Engine, piece: Element, steps: list[tuple[str, str]]) -> Matcher:
    targets = _targets(compiler, piece, steps)
    absent = any(element.max == 0 for element in targets)
    return lambda item, scope: bool(values_at(item, steps, scope)) is not absent


def _make_type_test(compiler: Engine, piece: Element, steps: list[tuple[str, str]]) -> Matcher:
    codes = {code for element in _targets(compiler, piece, steps) for code in _type_codes(element)}
    abstract = codes & {"Resource", "DomainResource"}

    def matcher(item: Any, scope: Scope) -> bool:
        for value, name in typed_values_at(item, steps, scope):
            kind = value.get("resourceType") if type(value) is dict else None
            if kind in codes or (kind and abstract) or (not kind and _variant(name, codes)):
                return True
        return False

    return matcher


def _type_codes(element: Element) -> Iterator[str]:
    """The types of an element; behind a Reference, those of its targets."""
    for kind in element.types:
        yield kind.get("code", "")
        for target in kind.get("targetProfile", []):
            yield target.rpartition("/")[2]


def _variant(name: str, codes: set[str]) -> bool:
    return any(name.endswith(code[:1].upper() + code[1:]) for code in codes)


def _make_profile_test(compiler: Engine, piece: Element, steps: list[tuple[str, str]]) -> Matcher:
    resolved = any(name == "resolve" for name, _ in steps)
    key = "targetProfile" if resolved else "profile"
    profiles = [url for e in _targets(compiler, piece, steps) for kind in e.types for url in kind.get(key, [])]

    def matcher(item: Any, scope: Scope) -> bool:
        return any(conforms(compiler, value, url, scope) for value in values_at(item, steps, scope) for url in profiles)

    return matcher


def _targets(compiler: Engine, piece: Element, steps: list[tuple[str, str]]) -> list[Element]:
    """The elements of the slice that a discriminator path speaks of."""
    found = [piece]
    for name, argument in steps:
        if name == "resolve":
            continue
        found = [child for element in found for child in _children(compiler, element, name, argument)]
    return found


def _children(compiler: Engine, element: Element, name: str, argument: str) -> Iterator[Element]:
    if name in ("ofType", "as"):
        yield element
        return
    if (inner := _inside_value(element, name)) is not None:
        yield inner
        return
    parts = profile_elements(compiler, element)
    owner = parts[0] if parts else element if element.children else _profiled(compiler, element)
    if owner is None:
        return
    child = owner.children.get(name) or owner.children.get(f"{name}[x]") or _by_variant(owner, name)
    if child is None:
        return
    if name == "extension" and argument:
        wanted = (p for p in child.slices.values() if argument in (p.slice_name, *_profiles(p)))
        yield from wanted
        return
    yield child
    yield from child.slices.values()


def _inside_value(element: Element, name: str) -> Element | None:
    """A pattern on an element fixes what lies below it too."""
    stated = element.value("fixed") if element.has("fixed") else element.value("pattern")
    if type(stated) is not dict or name not in stated:
        return None
    value = stated[name][0] if type(stated[name]) is list else stated[name]
    return Element({"path": f"{element.path}.{name}", "patternElement": value})


def _by_variant(owner: Element, name: str) -> Element | None:
    return next((c for c in owner.children.values() if c.is_choice and name.startswith(c.name[:-3])), None)


def _profiles(element: Element) -> list[str]:
    return [url for kind in element.types for url in kind.get("profile", [])]


def profile_elements(compiler: Engine, element: Element) -> list[Element]:
    """The elements of other profiles that this one is to follow (extension elementdefinition-profile-element)."""
    found = []
    for kind in element.types:
        for url, more in zip(kind.get("profile", []), kind.get("_profile", []), strict=False):
            for item in (more or {}).get("extension", []):
                tree = compiler.tree(url) if item.get("url") == _PROFILE_ELEMENT else None
                part = _by_id(tree, item.get("valueString", "")) if tree else None
                found += [part] if part else []
    return found


def _by_id(tree: Element, ident: str) -> Element | None:
    found: Element | None = tree
    for step in ident.split(".")[1:]:
        name, _, piece = step.partition(":")
        found = found.children.get(name) if found else None
        found = found.slices.get(piece) if found and piece else found
    return found


def _profiled(compiler: Engine, element: Element) -> Element | None:
    """Where the profile does not unfold the element, its type's profile or its type says what is inside."""
    for url in _profiles(element):
        if compiler.definitions.has("StructureDefinition", url):
            return compiler.tree(url)
    codes = element.type_codes
    return compiler.tree(CORE + codes[0]) if len(codes) == 1 and codes[0] else None
