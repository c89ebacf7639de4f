"""Whether a value meets a profile, answered once per value and profile.

Takes from: validation.problem, validation.scope.  Gives to: validation.references, validation.discriminators.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from adapter.validation.problem import has_errors

if TYPE_CHECKING:
    from adapter.validation.scope import Engine, Scope


def conforms(compiler: Engine, value: Any, canonical: str, scope: Scope) -> bool:
    """Whether a value meets a profile; remembered, since many slices and references may ask."""
    structure = compiler.definitions.structure(canonical)
    kind = value.get("resourceType") if type(value) is dict else None
    if structure is None or (kind is not None and structure.get("type") not in (kind, "Resource", "DomainResource")):
        return False
    key = (id(value), canonical)
    if key not in scope.memo:
        scope.memo[key] = True  # what leads back to itself is not the defect
        check = compiler.structure_check(canonical)
        inner = scope.below(value) if type(value) is dict and "resourceType" in value else scope
        scope.memo[key] = check is not None and not has_errors(check(value, inner))
    return scope.memo[key]
