"""Bindings: a code, Coding, CodeableConcept or Quantity against its value set; and a Coding against its system.

Takes from: terminology, validation.problem.  Gives to: validation.compiler.
Source: https://hl7.org/fhir/R4/terminologies.html#strength
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from adapter.errors import Json, Severity
from adapter.terminology import Members, Terminology
from adapter.validation.problem import Check, Found, Problem

if TYPE_CHECKING:
    from adapter.validation.scope import Scope

MAX_VALUE_SET = "http://hl7.org/fhir/StructureDefinition/elementdefinition-maxValueSet"
_SHOWN = 12
_KEPT_CODINGS = 4096


class _Binding:
    """One value set at one strength; the set is expanded when the first value asks for it."""

    def __init__(self, terminology: Terminology, canonical: str, severity: Severity, rule: str) -> None:
        self.terminology, self.canonical = terminology, canonical
        self.severity, self.rule = severity, rule
        self._members: Members | None = None
        self._ready = False
        self.silent = False

    @property
    def members(self) -> Members | None:
        if not self._ready:
            self._members, self._ready = self.terminology.expand(self.canonical), True
            listed = self._members is not None and any(self._members.listed.values())
            self.silent = self.severity != "error" and not listed
        return self._members

    def missed(self, **more: Any) -> list[Problem]:
        members = self.members
        codes = sorted({code for listed in members.listed.values() for code in listed}) if members else []
        expected = ", ".join(codes) if 0 < len(codes) <= _SHOWN else ""
        return [Problem(self.rule, self.severity, value_set=self.canonical, expected=expected, **more)]

    def unchecked(self) -> Found:
        """A rule that cannot be checked must not look like one that passed; said for required bindings only."""
        if self.severity != "error":
            return None
        return [Problem("binding-not-checked", "warning", value_set=self.canonical)]


def make_bindings(definition: Json, code: str, terminology: Terminology) -> Iterator[Check]:
    """The checks of an element's binding for one of its types."""
    maximum = [item for item in definition.get("extension", []) if item.get("url") == MAX_VALUE_SET]
    for item in maximum:
        canonical = item.get("valueCanonical") or item.get("valueUri")
        if canonical:
            yield from _checks(_Binding(terminology, canonical, "error", "binding"), code)
    value_set = definition.get("valueSet")
    if value_set and definition.get("strength") == "required":
        yield from _checks(_Binding(terminology, value_set, "error", "binding"), code)
    elif value_set and definition.get("strength") == "extensible" and not maximum:
        yield from _checks(_Binding(terminology, value_set, "warning", "binding-extensible"), code)


def _checks(binding: _Binding, code: str) -> Iterator[Check]:
    if code in ("code", "string", "uri", "url", "canonical", "id", "markdown"):
        yield _make_code_check(binding)
    elif code == "CodeableConcept":
        yield _make_concept_check(binding)
    elif code in ("Coding", "Quantity", "SimpleQuantity", "Age", "Duration", "Count", "Distance", "Money"):
        yield _make_coding_check(binding, "Coding" if code == "Coding" else "Quantity")


def make_bound_code(base: Check, bound: Check) -> Check:
    """A code of a closed list: one that was found there needs no look at its form."""
    known: set[str] = set()

    def check(value: Any, scope: Scope) -> Found:
        if type(value) is str and value in known:
            return None
        found = base(value, scope) or bound(value, scope)
        if found is None and len(known) < _KEPT_CODINGS:
            known.add(value)
        return found

    return check


def _make_code_check(binding: _Binding) -> Check:
    def check(value: Any, scope: Scope) -> Found:
        members = binding.members
        answer = None if members is None else members.has(None, value)
        if answer:
            return None
        return binding.unchecked() if answer is None else binding.missed(code=value)

    return check


def _make_coding_check(binding: _Binding, kind: str) -> Check:
    def check(value: Any, scope: Scope) -> Found:
        if binding.silent:
            return None
        code, system = value.get("code"), value.get("system")
        if type(code) is not str:
            return binding.missed() if kind == "Coding" and binding.severity == "error" else None
        members = binding.members
        answer = None if members is None else members.has(system if type(system) is str else "", code)
        if answer is None:
            return binding.unchecked()
        if answer or (binding.severity != "error" and _elsewhere([value], members or Members())):
            return None
        return binding.missed(code=code, system=system or "")

    return check


def _make_concept_check(binding: _Binding) -> Check:
    def check(value: Any, scope: Scope) -> Found:
        if binding.silent:
            return None
        codings = value.get("coding")
        codings = [item for item in codings if type(item) is dict] if type(codings) is list else []
        members = binding.members
        if members is None:
            return binding.unchecked()
        answers = [
            members.has(item.get("system", ""), item["code"]) for item in codings if type(item.get("code")) is str
        ]
        if True in answers:
            return None
        if None in answers:
            return binding.unchecked()
        if binding.severity != "error" and (not answers or _elsewhere(codings, members)):
            return None
        return binding.missed(code=", ".join(str(item.get("code", "")) for item in codings))

    return check


def _elsewhere(codings: list[Json], members: Members) -> bool:
    """Another system was chosen, which an extensible binding lets the sender do."""
    bound = members.whole | set(members.listed)
    return any(str(coding.get("system")) not in bound for coding in codings)


def make_coding_memo(check: Check) -> Check:
    """Records repeat the same few codings: one that was fine and is plain need not be taken apart again."""
    fine: set[tuple[str, str, str | None]] = set()

    def remembered(value: Any, scope: Scope) -> Found:
        try:
            key = (value["system"], value["code"], value.get("display"))
            if len(value) == 3 - (key[2] is None) and key in fine:
                return None
        except (KeyError, TypeError, AttributeError):
            return check(value, scope)
        found = check(value, scope)
        if found is None and len(fine) < _KEPT_CODINGS and len(value) == 3 - (key[2] is None):
            fine.add(key)
        return found

    return remembered


def check_coding(value: Any, scope: Scope) -> Found:
    """A Coding's system is absolute and a code system; a code of a completely known system exists there."""
    system = value.get("system")
    if type(system) is not str:
        return None
    known = scope.compiler.terminology.codes(system)
    code = value.get("code")
    if known is not None:
        return _check_code_of(known.displays, known.complete, value, system) if type(code) is str else None
    if ":" not in system:
        return [Problem("coding-system-relative").at("system")]
    if scope.compiler.definitions.has("ValueSet", system):
        return [Problem("coding-system-is-value-set").at("system")]
    return None


def _check_code_of(displays: dict[str, str], complete: bool, value: Json, system: str) -> Found:
    display = displays.get(value["code"])
    if display is None:
        return [Problem("code-unknown", code=value["code"], system=system).at("code")] if complete else None
    given = value.get("display")
    if given is not None and display and type(given) is str and given.casefold() != display.casefold():
        return [Problem("display", "warning", code=value["code"], expected=display).at("display")]
    return None
