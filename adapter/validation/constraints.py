"""Invariants: R4's own by hand where they are many or the published expression is wrong, all others by FHIRPath.

Takes from: validation.fhirpath, validation.natives.  Gives to: validation.compiler.
Source: https://hl7.org/fhir/R4/conformance-rules.html#constraints
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from adapter.conformance.definitions import CORE
from adapter.errors import Json, Severity
from adapter.validation.errata import ELSEWHERE, REWRITTEN
from adapter.validation.fhirpath import Quick, evaluate_as_boolean, quick_test
from adapter.validation.natives import NATIVE
from adapter.validation.problem import Check, Found, Problem
from adapter.validation.snapshot import Element

if TYPE_CHECKING:
    from adapter.validation.scope import Engine, Scope

BEST_PRACTICE = frozenset({"dom-6"})


def make_constraints(
    compiler: Engine, element: Element, skipped: set[str], inherited: list[Json] | None = None
) -> Iterator[Check]:
    """The checks of an element's constraints, without those its type checks already."""
    rules = {rule["key"]: rule for rule in [*(inherited or []), *element.definition.get("constraint", [])]}
    for key, rule in rules.items():
        if key in skipped or key in ELSEWHERE or (key in BEST_PRACTICE and not compiler.policy.best_practice):
            continue
        ours = str(rule.get("source", CORE)).startswith(CORE)
        if ours and key in NATIVE:
            yield NATIVE[key]
        elif "expression" in rule or key in REWRITTEN:
            yield _make_constraint(rule, REWRITTEN.get(key, "") if ours else "")


def _make_constraint(rule: Json, rewritten: str) -> Check:
    expression = rewritten or rule["expression"]
    key, human = rule["key"], rule.get("human", "")
    severity: Severity = "warning" if rule.get("severity") == "warning" else "error"

    quick: Quick | None = None
    ready = False

    def check(value: Any, scope: Scope) -> Found:
        nonlocal quick, ready
        if not ready:
            quick, ready = quick_test(expression), True
        if quick is not None and type(value) is dict and quick(value):
            return None
        holds = evaluate_as_boolean(expression, value, scope)
        if holds:
            return None
        if holds is None:
            return [Problem("invariant-not-checked", "warning", key=key)]
        return [Problem("invariant", severity, key=key, human=human)]

    return check
