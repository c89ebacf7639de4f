"""Turn snapshots into checks: one pass per profile, each definition compiled once and on first need.

Takes from: conformance, terminology, the check makers of validation.  Gives to: validation.
Source: https://hl7.org/fhir/R4/structuredefinition.html
"""

from __future__ import annotations

from collections.abc import Iterator
from threading import RLock

from adapter.conformance import Definitions
from adapter.conformance.definitions import CORE
from adapter.terminology import Terminology
from adapter.validation.bindings import make_bindings, make_bound_code, make_coding_memo
from adapter.validation.constraints import make_constraints
from adapter.validation.contained import ANY_RESOURCE
from adapter.validation.discriminators import profile_elements
from adapter.validation.extensions import make_extension_check
from adapter.validation.members import add_member
from adapter.validation.narrative_control import make_narrative_controls
from adapter.validation.natives import NATIVE_TYPES
from adapter.validation.primitives import PRIMITIVES, check_element_id
from adapter.validation.problem import Check, all_of, passes, with_extras
from adapter.validation.references import make_target_check
from adapter.validation.resources import make_resource_check
from adapter.validation.scope import Policy
from adapter.validation.shapes import ObjectShape, make_forward
from adapter.validation.slicing import make_any_of
from adapter.validation.snapshot import Element, has_snapshot, make_tree
from adapter.validation.values import make_value_checks

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
            check = self.object_check(root, root.path)
            self._checks[canonical] = make_coding_memo(check) if canonical == CORE + "Coding" else check
        except (KeyError, TypeError, ValueError, AttributeError):
            # A definition from a package that is not what a StructureDefinition must be: not usable, and said so.
            self._trees[canonical] = None
            return None
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
            return with_extras(check_element_id, list(self.extras(element, "string")), primitive=True)
        if element.definition.get("base", {}).get("path") == "Resource.id":
            return with_extras(PRIMITIVES["id"], list(self.extras(element, "id")), primitive=True)
        if len(codes) == 1:
            return self.typed_check(element, codes[0])
        if not codes and element.children:
            return self.object_check(element, "BackboneElement")
        return passes

    def _referred(self, element: Element) -> Check:
        top = element
        while top.parent is not None:
            top = top.parent
        path = element.definition["contentReference"].rpartition("#")[2]
        for name in path.split(".")[1:]:
            top = top.children[name.partition(":")[0]]
        found = top
        return all_of([make_forward(lambda: self.item_check(found)), *self.extras(element, "")])

    def typed_check(self, element: Element, code: str) -> Check:
        """One value of an element when it is of the given type."""
        if code == "Extension":
            return make_extension_check(self, element)
        if code in _ABSTRACT or (self.is_resource(code)):
            return make_resource_check(self, element)
        if code in PRIMITIVES:
            base: Check = PRIMITIVES[code]
        elif element.children and not profile_elements(self, element):
            base = self.object_check(element, code)
        else:
            base = self._profiled_type(element, code)
        extras = list(self.extras(element, code))
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

    def extras(self, element: Element, code: str) -> Iterator[Check]:
        yield from make_value_checks(element)
        yield from self.bindings(element, code)
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

    def object_check(self, element: Element, code: str) -> Check:
        shape = ObjectShape()
        root = self.tree(CORE + code) if element.parent is not None and code not in _ANY_ELEMENT else None
        children = {**root.children, **element.children} if root else element.children
        for child in children.values():
            add_member(self, shape, child)
        if element.parent is None and self.is_resource(code):
            shape.members["resourceType"] = passes
            shape.whole.extend(ANY_RESOURCE if "contained" in element.children else ())
        inherited = root.definition.get("constraint", []) if root else []
        shape.whole.extend(make_constraints(self, element, set(), inherited))
        shape.whole.extend(NATIVE_TYPES.get(code, ()))
        return shape.compiled()

    def bindings(self, element: Element, code: str) -> Iterator[Check]:
        binding = element.definition.get("binding", {})
        if code == "Quantity" and len(element.types) > 1 and binding.get("strength") == "required":
            binding = {**binding, "strength": "extensible"}  # which type of a choice it means is not said
        return make_bindings(binding, code, self.terminology)
