"""The members an element gives an object: itself, the types of a choice, the shadows of primitives.

Takes from: validation.shapes, validation.slicing, validation.values.  Gives to: validation.compiler.
Source: https://hl7.org/fhir/R4/json.html, https://hl7.org/fhir/R4/formats.html#choice
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from adapter.conformance.definitions import CORE
from adapter.validation.primitives import PRIMITIVES
from adapter.validation.problem import Check, Found, Problem, with_extras
from adapter.validation.shapes import Choice, ObjectShape, make_forbidden, make_forward, make_list
from adapter.validation.slicing import make_sliced_list, type_slices
from adapter.validation.snapshot import Element
from adapter.validation.values import make_presence_checks, make_value_checks

if TYPE_CHECKING:
    from adapter.validation.scope import Engine, Scope


def add_member(compiler: Engine, shape: ObjectShape, child: Element) -> None:
    """Let a shape know one child element: as a member, a choice of members, and the shadow of a primitive."""
    if child.is_choice:
        _add_choice(compiler, shape, child)
        return
    shape.members[child.name] = _member_check(compiler, child)
    if child.min > 0 and child.max != 0:
        shape.required.append(child.name)
    if child.type_codes and child.type_codes[0] in PRIMITIVES and child.name not in ("id", "url", "div"):
        shape.shadows[child.name] = (child.is_list, _shadow_check(compiler, child))
        _require_shadow(shape, child)
        shape.whole.extend(make_presence_checks(child))
    elif child.type_codes == ["id"] or (child.name == "id" and child.path.count(".") == 1):
        shape.shadows[child.name] = (False, _shadow_check(compiler, child))


def _member_check(compiler: Engine, child: Element) -> Check:
    if child.max == 0:
        return make_forbidden(child.name)
    if child.slices:
        return make_sliced_list(compiler, child)
    item = compiler.item_check(child)
    if child.is_list:
        return make_list(item, child.min, child.max, child.name)
    return item


def _shadow_check(compiler: Engine, child: Element) -> Check:
    """The id and extensions of a primitive."""
    if "extension" not in child.children:
        return make_forward(lambda: compiler.type_check("Element"))
    shape = ObjectShape()
    for name in ("id", "extension"):
        if name in child.children:
            add_member(compiler, shape, child.children[name])
    return shape.compiled()


def _require_shadow(shape: ObjectShape, child: Element) -> None:
    """A profile may ask for an extension on a primitive, which then must have its shadow."""
    extension = child.children.get("extension")
    if extension is None or child.is_list:
        return
    needed = [item for item in (extension, *extension.slices.values()) if item.min > 0]
    if needed:
        shape.whole.append(_make_shadow_needed(child.name, needed[-1].slice_name))


def _add_choice(compiler: Engine, shape: ObjectShape, child: Element) -> None:
    stem = child.name[:-3]
    slices = type_slices(child)
    names, allowed = set(), {stem + _capital(code) for code in child.type_codes}
    for code in dict.fromkeys(child.type_codes):
        name = stem + _capital(code)
        names.add(name)
        element = slices.get(code, child)
        if child.max == 0 or element.max == 0:
            shape.members[name] = make_forbidden(name)
            continue
        shape.members[name] = make_forward(_choice_maker(compiler, child, element, code), (shape.members, name))
        if code in PRIMITIVES:
            shape.shadows[name] = (False, make_forward(_shadow_maker(compiler, element)))
    for name in _other_types(compiler, child) - allowed:
        shape.members[name] = make_forbidden(name, ", ".join(sorted(allowed)))
    needed = [stem + _capital(code) for code, element in slices.items() if element.min > 0]
    shape.required.extend(needed)
    shape.choices.append(Choice(child.name, frozenset(names), child.min > 0 and not needed))


def _choice_maker(compiler: Engine, child: Element, element: Element, code: str) -> Callable[[], Check]:
    def make() -> Check:
        check = compiler.typed_check(element, code)
        if element is child:
            return check
        return with_extras(check, [*make_value_checks(child), *compiler.bindings(child, code)], code in PRIMITIVES)

    return make


def _shadow_maker(compiler: Engine, element: Element) -> Callable[[], Check]:
    return lambda: _shadow_check(compiler, element)


def _make_shadow_needed(name: str, slice_name: str) -> Check:
    def check(value: Any, scope: Scope) -> Found:
        if name in value and "_" + name not in value:
            return [Problem("slice-min", element="extension", slice=slice_name, min=1, nearest="").at(name)]
        return None

    return check


def _other_types(compiler: Engine, child: Element) -> set[str]:
    """Variants of a choice that the base has and the profile took away: they deserve a better word than unknown."""
    base = str(child.definition.get("base", {}).get("path", ""))
    type_name = base.partition(".")[0]
    if not base or not compiler.definitions.has("StructureDefinition", CORE + type_name):
        return set()
    found: Element | None = compiler.tree(CORE + type_name)
    for name in base.split(".")[1:]:
        found = found.children.get(name) if found else None
    return {found.name[:-3] + _capital(code) for code in found.type_codes} if found and found.is_choice else set()


def _capital(code: str) -> str:
    return code[:1].upper() + code[1:]
