"""Where an extension may stand, judged once the whole path to it is known.

Takes from: validation.problem, validation.fhirpath.  Gives to: validation.extensions.
Source: https://hl7.org/fhir/R4/defining-extensions.html#context
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from adapter.conformance.definitions import CORE
from adapter.errors import Json
from adapter.validation.fhirpath import evaluate, evaluate_as_boolean
from adapter.validation.problem import Problem, Step
from adapter.validation.snapshot import Element

if TYPE_CHECKING:
    from adapter.validation.scope import Scope

_EVERYWHERE = frozenset({"Element", "*"})


def make_context_problems(structure: Json, scope: Scope) -> list[Problem]:
    """Problems that stand unless the place turns out to be allowed."""
    contexts = structure.get("context", [])
    invariants = structure.get("contextInvariant", [])
    found = []
    if contexts and not any(c.get("type") == "element" and c.get("expression") in _EVERYWHERE for c in contexts):
        expected = ", ".join(str(context.get("expression")) for context in contexts)
        problem = Problem("extension-context", url=structure["url"], expected=expected)
        problem.unless = _make_context_test(contexts, scope)
        found.append(problem)
    for expression in invariants:
        problem = Problem("extension-context-invariant", url=structure["url"], expected=expression)
        problem.unless = _make_invariant_test(expression, scope)
        found.append(problem)
    return found


def _make_context_test(contexts: list[Json], scope: Scope) -> Callable[[tuple[Step, ...]], bool]:
    def allowed(steps: tuple[Step, ...]) -> bool:
        host = _host_steps(steps)
        names = place_names(scope, host)
        return any(_fits(context, names, host, scope) for context in contexts)

    return allowed


def _fits(context: Json, names: set[str], host: tuple[Step, ...], scope: Scope) -> bool:
    expression = str(context.get("expression", ""))
    if context.get("type") == "extension":
        around = (_value_at(scope.resource, host[:size]) for size in range(len(host), 0, -1))
        owner = next((value for value in around if type(value) is dict and "url" in value), {})
        return bool(owner.get("url") == expression.partition("#")[0])
    if context.get("type") == "fhirpath":
        found = evaluate(expression, scope.resource, scope)
        place = _value_at(scope.resource, host)
        return found is None or any(value is place for value in found)
    return expression.removeprefix(CORE).replace("[x]", "") in names or _fits_profile(expression, scope)


def _fits_profile(expression: str, scope: Scope) -> bool:
    """A context may be a profile; a name that is no type cannot be decided and is not held against the sender."""
    definitions = scope.compiler.definitions
    if expression.startswith(CORE):
        return False
    if ":" in expression:
        structure = definitions.structure(expression.partition("#")[0])
        return structure is None or structure.get("type") == scope.resource.get("resourceType")
    return not definitions.has("StructureDefinition", CORE + expression.partition(".")[0])


def _make_invariant_test(expression: str, scope: Scope) -> Callable[[tuple[Step, ...]], bool]:
    def holds(steps: tuple[Step, ...]) -> bool:
        return evaluate_as_boolean(expression, _value_at(scope.resource, _host_steps(steps)), scope) is not False

    return holds


def _host_steps(steps: tuple[Step, ...]) -> tuple[Step, ...]:
    """From the resource to the element that carries the extension; `_birthDate` carries for birthDate."""
    last = max(number for number, step in enumerate(steps) if step in ("extension", "modifierExtension"))
    return steps[:last]


def _value_at(resource: Any, steps: tuple[Step, ...]) -> Any:
    for step in steps:
        try:
            resource = resource[step]
        except (KeyError, IndexError, TypeError):
            return None
    return resource


def place_names(scope: Scope, steps: tuple[Step, ...]) -> set[str]:
    """Every name the definitions have for a place: Patient.name is also HumanName and Element."""
    kind = str(scope.resource.get("resourceType"))
    compiler = scope.compiler
    element = compiler.tree(CORE + kind)
    names = {kind, "Resource"} | (set() if kind in ("Bundle", "Binary", "Parameters") else {"DomainResource"})
    paths = {kind}
    for step in steps:
        if type(step) is int or element is None:
            continue
        name = str(step).removeprefix("_")
        found, code = _child(scope, element, name)
        if found is None:
            return {"Element"}
        paths = {f"{path}.{found.name.removesuffix('[x]')}" for path in paths} | {f"{path}.{name}" for path in paths}
        based = str(found.definition.get("base", {}).get("path", found.path))
        paths |= {code, found.path.removesuffix("[x]"), based.removesuffix("[x]")}
        names = paths | {"Element"} | ({"BackboneElement"} if code in ("BackboneElement", "") else set())
        referred = _referred(scope, found) if "contentReference" in found.definition else None
        names |= {referred.path} if referred else set()
        paths |= {referred.path} if referred else set()
        element = referred or found if found.children or referred else (compiler.tree(CORE + code) if code else None)
    return names


def _referred(scope: Scope, found: Element) -> Element | None:
    path = found.definition["contentReference"].rpartition("#")[2]
    element = scope.compiler.tree(CORE + path.partition(".")[0])
    for name in path.split(".")[1:]:
        element = element.children.get(name) if element else None
    return element


def _child(scope: Scope, element: Element, name: str) -> tuple[Element | None, str]:
    child = element.children.get(name)
    if child is not None:
        return child, child.type_codes[0] if child.type_codes else ""
    for child in element.children.values():
        if child.is_choice and name.startswith(child.name[:-3]):
            rest = name[len(child.name) - 3 :]
            code = next((c for c in child.type_codes if c[:1].upper() + c[1:] == rest), "")
            return child, code
    return None, ""
