"""The functions FHIR adds to FHIRPath.

Takes from: validation.fhirpath.registry, validation.references, terminology.  Gives to: validation.fhirpath.functions.
Source: https://hl7.org/fhir/R4/fhirpath.html#functions
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from adapter.validation.conforming import conforms
from adapter.validation.fhirpath.grammar import FhirPathError
from adapter.validation.fhirpath.items import Item, Items, members
from adapter.validation.fhirpath.registry import Around, Code, Maker, registering, text_of
from adapter.validation.references import resolve

if TYPE_CHECKING:
    from adapter.validation.scope import Scope

FHIR: dict[str, Maker] = {}
_function = registering(FHIR)


@_function("extension")
def _make_extension(url: Code) -> Code:
    def run(focus: Items, around: Around) -> Items:
        wanted = text_of(url(around.this, around))
        listed = [entry for item in focus for entry in members(item, "extension")]
        return [entry for entry in listed if type(entry.value) is dict and entry.value.get("url") == wanted]

    return run


@_function("resolve")
def _make_resolve() -> Code:
    def run(focus: Items, around: Around) -> Items:
        found = (resolve(item.value, around.scope) for item in focus)
        return [Item(target, str(target.get("resourceType", ""))) for target in found if target is not None]

    return run


@_function("memberOf")
def _make_member_of(value_set: Code) -> Code:
    def run(focus: Items, around: Around) -> Items:
        canonical = text_of(value_set(around.this, around))
        if not focus or canonical is None:
            return []
        return [Item(_is_member(focus[0].value, canonical, around.scope))]

    return run


def _is_member(value: Any, canonical: str, scope: Scope) -> bool:
    members_ = scope.compiler.terminology.expand(canonical)
    if members_ is None:
        raise FhirPathError("the value set is not loaded")
    if type(value) is not dict:
        answers = [members_.has(None, str(value))]
    else:
        codings = value.get("coding", [value])
        answers = [members_.has(c.get("system", ""), str(c.get("code", ""))) for c in codings if type(c) is dict]
    if True not in answers and None in answers:
        raise FhirPathError("the value set cannot be decided here")
    return True in answers


@_function("conformsTo")
def _make_conforms_to(profile: Code) -> Code:
    def run(focus: Items, around: Around) -> Items:
        canonical = text_of(profile(around.this, around))
        if not focus or canonical is None:
            return []
        compiler = around.scope.compiler
        if not compiler.definitions.has("StructureDefinition", canonical):
            raise FhirPathError("the profile is not loaded")
        return [Item(conforms(compiler, focus[0].value, canonical, around.scope))]

    return run
