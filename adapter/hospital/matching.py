"""Would this resource be found by that search? Asked of every match: servers ignore filters, or read them their way.

Takes from: errors, hospital.source.  Gives to: crawl, bulk, incremental.
Source: https://hl7.org/fhir/R4/search.html#token, https://hl7.org/fhir/R4/search.html#reference
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from adapter.errors import Json
from adapter.hospital.search import Search

# Search parameters that are tokens, with the element they look at (R4, the types a source may ask for).
_TOKENS = {
    "code": "code",
    "category": "category",
    "clinical-status": "clinicalStatus",
    "verification-status": "verificationStatus",
    "status": "status",
    "body-site": "bodySite",
    "severity": "severity",
    "identifier": "identifier",
}
_OTHER_CODES = {"MedicationStatement": "medicationCodeableConcept", "MedicationRequest": "medicationCodeableConcept"}
_UNREADABLE = "\0"
_CONTROLS = ("_include", "_revinclude", "_count", "_sort", "_summary", "_elements", "_total", "_format")


def matches(resource: Json, search: Search) -> bool | None:
    """Does the resource fit every parameter?

    Shapes:  returns  None when it fits those that can be looked at here, and there are others
    """
    if resource.get("resourceType") != search.type:
        return False
    found = [_fits(resource, name, values) for name, values in search.parameters.items() if name not in _CONTROLS]
    if False in found:
        return False
    return None if None in found else True


def make_test(searches: Sequence[Search]) -> Callable[[Json], bool]:
    """`matches(resource, search) is not False` for one of them, made once for many resources.

    Shapes:  searches  of one type; those by code alone are looked at together, and fast
    """
    by_code = [each for each in searches if _is_by_code(each)]
    others = [each for each in searches if each not in by_code]
    slow = [lambda resource, search=each: matches(resource, search) is not False for each in others]
    tests = [*([_make_code_test(by_code)] if by_code else []), *slow]
    return tests[0] if len(tests) == 1 else lambda resource: any(test(resource) for test in tests)


def _is_by_code(search: Search) -> bool:
    names = {name for name in search.parameters if name not in _CONTROLS}
    return names == {"code"} and search.type not in _OTHER_CODES


def _make_code_test(searches: Sequence[Search]) -> Callable[[Json], bool]:
    type_ = searches[0].type
    values = [part for search in searches for value in search.parameters["code"] for part in value.split(",")]
    tokens = [each.rpartition("|") for each in values]
    bare = frozenset(code.casefold() for _, bar, code in tokens if not bar)
    paired = frozenset((system, code.casefold()) for system, bar, code in tokens if bar)
    whole = frozenset(system for system, code in paired if not code)

    def test(resource: Json) -> bool:
        if resource.get("resourceType") != type_:
            return False
        for system, code in _codings(resource.get("code")):
            folded = code.casefold() if code.__class__ is str else None
            if folded in bare:
                return True
            named = system if system.__class__ is str else "" if system is None else _UNREADABLE
            if (named, folded) in paired or (system and named in whole):
                return True
        return False

    return test


def _codings(concept: Any) -> Iterable[tuple[Any, Any]]:
    """As `_tokens`; a CodeableConcept as nearly every one looks is taken apart at once."""
    codings = concept.get("coding") if concept.__class__ is dict else None
    if codings.__class__ is not list:
        return _tokens(concept)
    found = []
    for each in codings:
        if each.__class__ is not dict:
            return _tokens(concept)
        found.append((each.get("system"), each.get("code")))
    return found


def _fits(resource: Json, name: str, values: Sequence[str]) -> bool | None:
    wanted = [part for value in values for part in value.split(",")]
    if name == "_id":
        return resource.get("id") in wanted
    if name in ("patient", "subject"):
        return patient_of(resource) in {each.removeprefix("Patient/") for each in wanted}
    if name not in _TOKENS:
        return None
    element = _TOKENS[name]
    if name == "code":
        element = _OTHER_CODES.get(str(resource.get("resourceType")), element)
        if element not in resource and "medicationReference" in resource:
            return None
    return any(_is_token(system, code, token) for system, code in _tokens(resource.get(element)) for token in wanted)


def _is_token(system: Any, code: Any, token: str) -> bool:
    """[code], [system]|[code], |[code] and [system]|; codes are compared without regard to case, as most servers do."""
    wanted_system, bar, wanted = token.rpartition("|")
    if bar and (wanted_system or None) != system:
        return False
    if not wanted:
        return bool(bar)
    return isinstance(code, str) and code.casefold() == wanted.casefold()


def _tokens(value: Any) -> Iterator[tuple[Any, Any]]:
    """(system, code) of codes, Codings, CodeableConcepts and Identifiers, one or many."""
    if isinstance(value, list):
        for each in value:
            yield from _tokens(each)
    elif isinstance(value, str):
        yield None, value
    elif isinstance(value, dict):
        if "coding" in value:
            yield from _tokens(value["coding"])
        yield value.get("system"), value.get("code", value.get("value"))


def token_of(resource: Json, name: str) -> str:
    """A value by which a token search must find this resource; "" when there is none."""
    element = _OTHER_CODES.get(str(resource.get("resourceType")), "code") if name == "code" else _TOKENS.get(name, "")
    for system, code in _tokens(resource.get(element)):
        if isinstance(code, str) and code:
            return f"{system}|{code}" if isinstance(system, str) else code
    return ""


def patient_of(resource: Json) -> str:
    """The id of the patient a resource is about; "" when it names none by reference."""
    if resource.get("resourceType") == "Patient":
        id_ = resource.get("id")
        return id_ if isinstance(id_, str) else ""
    named = resource.get("subject") or resource.get("patient")
    reference = named.get("reference") if isinstance(named, dict) else None
    if not isinstance(reference, str):
        return ""
    head, found, rest = reference.rpartition("Patient/")
    if not found or (head and not head.endswith("/")):
        return ""
    return rest.partition("/")[0]
