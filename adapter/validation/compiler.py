"""Turn snapshots into checks: one pass per profile, each definition compiled once and on first need.

Takes from: conformance, terminology, the check makers of validation.  Gives to: validation.
Source: https://hl7.org/fhir/R4/structuredefinition.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from threading import RLock
from typing import Any

from adapter.conformance import Definitions
from adapter.conformance.definitions import CORE
from adapter.terminology import Terminology
from adapter.validation.bindings import make_bindings, make_bound_code, make_coding_memo
from adapter.validation.constraints import make_constraints
from adapter.validation.discriminators import profile_elements
from adapter.validation.extensions import make_extension_check
from adapter.validation.narrative_control import make_narrative_controls
from adapter.validation.natives import ANY_RESOURCE, NATIVE_TYPES
from adapter.validation.primitives import PRIMITIVES, check_element_id
from adapter.validation.problem import Check, Found, Problem, all_of, passes, with_extras
from adapter.validation.references import make_target_check
from adapter.validation.resources import make_resource_check
from adapter.validation.scope import Policy, Scope
from adapter.validation.shapes import Choice, ObjectShape, make_forbidden, make_forward, make_list
from adapter.validation.slicing import make_any_of, make_sliced_list, type_slices
from adapter.validation.snapshot import Element, has_snapshot, make_tree
from adapter.validation.values import make_presence_checks, make_value_checks

_ABSTRACT = frozenset({"Resource", "DomainResource"})
_ANY_ELEMENT = frozenset({"Element", "BackboneElement", ""})


class Compiler:
    """Everything compiled for one set of definitions and one policy. Safe to share: it only ever grows."""

    def __init__(self, definitions: Definitions, policy: Policy | None = None) -> None:
        self.definitions = definitions
        self.terminology = Terminology(definitions)
        self.policy = policy or Policy()
        self._trees: dict[str, Element | None] = {}
        self._checks: dict[str, Check] = {}
        self._items: dict[int, Check] = {}
        self._busy: set[str] = set()
        self._lock = RLock()
        self._resources: dict[str, bool] = {}

    def tree(self, canonical: str) -> Element | None:
        """The snapshot of a StructureDefinition; None when the canonical is unknown or has no usable snapshot."""
        if canonical not in self._trees:
            structure = self.definitions.structure(canonical)
            usable = structure is not None and has_snapshot(structure)
            self._trees[canonical] = make_tree(structure) if structure is not None and usable else None
        return self._trees[canonical]

    def structure_check(self, canonical: str) -> Check | None:
        """The check of a whole type or profile by canonical; None when unknown or without usable snapshot."""
        if canonical in self._checks:
            return self._checks[canonical]
        with self._lock:
            return self._compiled(canonical)

    def _compiled(self, canonical: str) -> Check | None:
        root = self.tree(canonical)
        if root is None or canonical in self._checks:
            return self._checks.get(canonical)
        if canonical in self._busy:
            return make_forward(lambda: self._checks[canonical])
        self._busy.add(canonical)
        try:
            check = self._object_check(root, root.path)
            self._checks[canonical] = make_coding_memo(check) if canonical == CORE + "Coding" else check
        finally:
            self._busy.discard(canonical)
        return self._checks[canonical]

    def type_check(self, code: str) -> Check:
        if code in PRIMITIVES:
            return PRIMITIVES[code]
        return self.structure_check(CORE + code) or passes

    def item_check(self, element: Element) -> Check:
        """One value of an element, whatever number of them there may be."""
        key = id(element)
        if key not in self._items:
            with self._lock:
                self._items[key] = make_forward(lambda: self._finished(key))
                self._items[key] = self._make_item(element)
        return self._items[key]

    def _finished(self, key: int) -> Check:
        """Whoever meets a check that another thread is still compiling waits for it here."""
        with self._lock:
            return self._items[key]

    def _make_item(self, element: Element) -> Check:
        if "contentReference" in element.definition and not element.children:
            return self._referred(element)
        codes = list(dict.fromkeys(element.type_codes))
        if element.path.endswith(".id") and element.definition.get("base", {}).get("path") == "Element.id":
            return with_extras(check_element_id, list(self._extras(element, "string")), primitive=True)
        if element.definition.get("base", {}).get("path") == "Resource.id":
            return with_extras(PRIMITIVES["id"], list(self._extras(element, "id")), primitive=True)
        if len(codes) == 1:
            return self.typed_check(element, codes[0])
        if not codes and element.children:
            return self._object_check(element, "BackboneElement")
        return passes

    def _referred(self, element: Element) -> Check:
        top = element
        while top.parent is not None:
            top = top.parent
        path = element.definition["contentReference"].rpartition("#")[2]
        for name in path.split(".")[1:]:
            top = top.children[name.partition(":")[0]]
        found = top
        return all_of([make_forward(lambda: self.item_check(found)), *self._extras(element, "")])

    def typed_check(self, element: Element, code: str) -> Check:
        """One value of an element when it is of the given type."""
        if code == "Extension":
            return make_extension_check(self, element)
        if code in _ABSTRACT or (self.is_resource(code)):
            return make_resource_check(self, element)
        if code in PRIMITIVES:
            base: Check = PRIMITIVES[code]
        elif element.children and not profile_elements(self, element):
            base = self._object_check(element, code)
        else:
            base = self._profiled_type(element, code)
        extras = list(self._extras(element, code))
        if code == "code" and len(extras) == 1 and element.definition.get("binding", {}).get("strength") == "required":
            return make_bound_code(base, extras[0])
        return with_extras(base, extras, code in PRIMITIVES)

    def is_resource(self, code: str) -> bool:
        """Whether a name is that of an R4 resource type, abstract ones included."""
        known = self._resources.get(code)
        if known is None:
            structure = self.definitions.type_structure(code)
            known = self._resources[code] = structure is not None and structure.get("kind") == "resource"
        return known

    def _profiled_type(self, element: Element, code: str) -> Check:
        if parts := profile_elements(self, element):
            return self.item_check(parts[0])
        profiles = [url for kind in element.types if kind.get("code") == code for url in kind.get("profile", [])]
        known = [url for url in profiles if self.definitions.has("StructureDefinition", url)]
        if not known:
            return self.type_check(code)
        checks = [make_forward(lambda url=url: self.structure_check(url) or passes) for url in known]  # type: ignore[misc]
        return checks[0] if len(checks) == 1 else make_any_of(checks, known)

    def _extras(self, element: Element, code: str) -> Iterator[Check]:
        yield from make_value_checks(element)
        yield from self._bindings(element, code)
        if code == "Narrative":
            yield from make_narrative_controls(element)
        if code == "Reference":
            yield from make_target_check(element)
        if not element.children:
            yield from make_constraints(self, element, self._constraint_keys(code))

    def _constraint_keys(self, code: str) -> set[str]:
        """Constraints that the type itself already checks."""
        root = self.tree(CORE + code) if code and code not in PRIMITIVES else None
        return {rule["key"] for rule in root.definition.get("constraint", [])} if root else set()

    def _object_check(self, element: Element, code: str) -> Check:
        shape = ObjectShape()
        root = self.tree(CORE + code) if element.parent is not None and code not in _ANY_ELEMENT else None
        children = {**root.children, **element.children} if root else element.children
        for child in children.values():
            self._add_member(shape, child)
        if element.parent is None and self.is_resource(code):
            shape.members["resourceType"] = passes
            shape.whole.extend(ANY_RESOURCE if "contained" in element.children else ())
        inherited = root.definition.get("constraint", []) if root else []
        shape.whole.extend(make_constraints(self, element, set(), inherited))
        shape.whole.extend(NATIVE_TYPES.get(code, ()))
        return shape.compiled()

    def _add_member(self, shape: ObjectShape, child: Element) -> None:
        if child.is_choice:
            self._add_choice(shape, child)
            return
        shape.members[child.name] = self._member_check(child)
        if child.min > 0 and child.max != 0:
            shape.required.append(child.name)
        if child.type_codes and child.type_codes[0] in PRIMITIVES and child.name not in ("id", "url", "div"):
            shape.shadows[child.name] = (child.is_list, self._shadow_check(child))
            self._require_shadow(shape, child)
            shape.whole.extend(make_presence_checks(child))
        elif child.type_codes == ["id"] or (child.name == "id" and child.path.count(".") == 1):
            shape.shadows[child.name] = (False, self._shadow_check(child))

    def _member_check(self, child: Element) -> Check:
        if child.max == 0:
            return make_forbidden(child.name)
        if child.slices:
            return make_sliced_list(self, child)
        item = self.item_check(child)
        if child.is_list:
            return make_list(item, child.min, child.max, child.name)
        return item

    def _shadow_check(self, child: Element) -> Check:
        """The id and extensions of a primitive."""
        if "extension" not in child.children:
            return make_forward(lambda: self.type_check("Element"))
        shape = ObjectShape()
        for name in ("id", "extension"):
            if name in child.children:
                self._add_member(shape, child.children[name])
        return shape.compiled()

    def _require_shadow(self, shape: ObjectShape, child: Element) -> None:
        """A profile may ask for an extension on a primitive, which then must have its shadow."""
        extension = child.children.get("extension")
        if extension is None or child.is_list:
            return
        needed = [item for item in (extension, *extension.slices.values()) if item.min > 0]
        if needed:
            shape.whole.append(_make_shadow_needed(child.name, needed[-1].slice_name))

    def _add_choice(self, shape: ObjectShape, child: Element) -> None:
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
            shape.members[name] = make_forward(self._choice_maker(child, element, code), (shape.members, name))
            if code in PRIMITIVES:
                shape.shadows[name] = (False, make_forward(self._shadow_maker(element)))
        for name in _other_types(self, child) - allowed:
            shape.members[name] = make_forbidden(name, ", ".join(sorted(allowed)))
        needed = [stem + _capital(code) for code, element in slices.items() if element.min > 0]
        shape.required.extend(needed)
        shape.choices.append(Choice(child.name, frozenset(names), child.min > 0 and not needed))

    def _choice_maker(self, child: Element, element: Element, code: str) -> Callable[[], Check]:
        def make() -> Check:
            check = self.typed_check(element, code)
            if element is child:
                return check
            return with_extras(check, [*make_value_checks(child), *self._bindings(child, code)], code in PRIMITIVES)

        return make

    def _bindings(self, element: Element, code: str) -> Iterator[Check]:
        binding = element.definition.get("binding", {})
        if code == "Quantity" and len(element.types) > 1 and binding.get("strength") == "required":
            binding = {**binding, "strength": "extensible"}  # which type of a choice it means is not said
        return make_bindings(binding, code, self.terminology)

    def _shadow_maker(self, element: Element) -> Callable[[], Check]:
        return lambda: self._shadow_check(element)


def _make_shadow_needed(name: str, slice_name: str) -> Check:
    def check(value: Any, scope: Scope) -> Found:
        if name in value and "_" + name not in value:
            return [Problem("slice-min", element="extension", slice=slice_name, min=1, nearest="").at(name)]
        return None

    return check


def _other_types(compiler: Compiler, child: Element) -> set[str]:
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
