"""R4's own invariants by hand: those that run on every resource, and those whose published expression is wrong.

Takes from: validation.problem and the native checks beside it.  Gives to: validation.constraints, validation.compiler.
Source: https://hl7.org/fhir/R4/, the constraint tables of the types named
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from adapter.errors import Json, Severity
from adapter.validation.bindings import check_coding
from adapter.validation.bundles import check_bundle
from adapter.validation.narrative import check_narrative
from adapter.validation.primitives import decoded_size
from adapter.validation.problem import Check, Found, Problem
from adapter.validation.references import check_reference
from adapter.validation.values import compared

if TYPE_CHECKING:
    from adapter.validation.scope import Scope


def _rule(key: str, human: str, holds: Callable[[Json], bool], severity: Severity = "error") -> Check:
    def check(value: Any, scope: Scope) -> Found:
        return None if holds(value) else [Problem("invariant", severity, key=key, human=human)]

    return check


def _has(value: Json, name: str) -> bool:
    return name in value or "_" + name in value


def _has_choice(value: Json, stem: str) -> bool:
    for key in value:  # noqa: SIM110  # runs on every resource; any() costs twice as much
        if key.startswith(stem, 1 if key[:1] == "_" else 0):
            return True
    return False


def _codes(concept: Any) -> Iterator[str]:
    for coding in concept.get("coding", []) if type(concept) is dict and type(concept.get("coding")) is list else ():
        if type(coding) is dict and type(coding.get("code")) is str:
            yield coding["code"]


def _listed(value: Any, name: str) -> list[Any]:
    found = value.get(name) if type(value) is dict else None
    return found if type(found) is list else []


def _period_in_order(value: Json) -> bool:
    a, b = value.get("start"), value.get("end")
    if type(a) is not str or type(b) is not str:
        return True
    if "T" in a and "T" in b:
        return compared(a, b) != 1
    size = min(len(a.partition("T")[0]), len(b.partition("T")[0]))
    return a[:size] <= b[:size]


def _is_patient_contact(value: Json) -> bool:
    return any(_has(value, name) for name in ("name", "telecom", "address", "organization"))


def _con_3(value: Json) -> bool:
    error = "entered-in-error" in _codes(value.get("verificationStatus"))
    listed = any("problem-list-item" in _codes(category) for category in _listed(value, "category"))
    return error or not listed or "clinicalStatus" in value


def _con_4(value: Json) -> bool:
    ended = not _has_choice(value, "abatement") or "clinicalStatus" not in value
    return ended or bool({"resolved", "remission", "inactive"} & set(_codes(value["clinicalStatus"])))


def _con_5(value: Json) -> bool:
    return "entered-in-error" not in _codes(value.get("verificationStatus")) or "clinicalStatus" not in value


def _obs_7(value: Json) -> bool:
    """Where a component repeats the code, the value belongs there."""
    mine = {_coding_key(coding) for coding in _listed(value.get("code"), "coding") if type(coding) is dict}
    mine.discard(("", ""))
    if not mine or not _has_choice(value, "value"):
        return True
    return not any(
        mine & {_coding_key(coding) for coding in _listed(part.get("code"), "coding") if type(coding) is dict}
        for part in _listed(value, "component")
        if type(part) is dict and type(part.get("code")) is dict
    )


def _coding_key(coding: Json) -> tuple[str, str]:
    return str(coding.get("system", "")), str(coding.get("code", ""))


def _qty_3(value: Json) -> bool:
    return not _has(value, "code") or _has(value, "system")


_NUMBER = (int, float, Decimal)


def _range_in_order(value: Json) -> bool:
    low, high = value.get("low"), value.get("high")
    if type(low) is not dict or type(high) is not dict or low.get("code") != high.get("code"):
        return True
    a, b = low.get("value"), high.get("value")
    return not (isinstance(a, _NUMBER) and isinstance(b, _NUMBER)) or a <= b


NATIVE: dict[str, Check] = {
    "ext-1": _rule(
        "ext-1",
        "Must have either extensions or value[x], not both",
        lambda value: ("extension" in value) != _has_choice(value, "value"),
    ),
    "per-1": _rule("per-1", "If present, start SHALL have a lower value than end", _period_in_order),
    "qty-3": _rule("qty-3", "If a code for the unit is present, the system SHALL also be present", _qty_3),
    "rng-2": _rule("rng-2", "If present, low SHALL have a lower value than high", _range_in_order),
    "sqty-1": _rule("sqty-1", "The comparator is not used on a SimpleQuantity", lambda v: not _has(v, "comparator")),
    "pat-1": _rule(
        "pat-1", "SHALL at least contain a contact's details or a reference to an organization", _is_patient_contact
    ),
    "con-3": _rule(
        "con-3",
        "Condition.clinicalStatus SHALL be present if verificationStatus is not entered-in-error and category is "
        "problem-list-item",
        _con_3,
        "warning",
    ),
    "con-4": _rule(
        "con-4",
        "If condition is abated, then clinicalStatus must be either inactive, resolved, or remission",
        _con_4,
    ),
    "con-5": _rule(
        "con-5", "Condition.clinicalStatus SHALL NOT be present if verification Status is entered-in-error", _con_5
    ),
    "obs-6": _rule(
        "obs-6",
        "dataAbsentReason SHALL only be present if Observation.value[x] is not present",
        lambda value: "dataAbsentReason" not in value or not _has_choice(value, "value"),
    ),
    "obs-7": _rule(
        "obs-7",
        "If Observation.code is the same as an Observation.component.code then the value element associated with the "
        "code SHALL NOT be present",
        _obs_7,
    ),
}


def _check_attachment(value: Any, scope: Scope) -> Found:
    data, stated = value.get("data"), value.get("size")
    size = decoded_size(data) if type(data) is str and type(stated) is int else None
    if size is not None and size != stated:
        return [Problem("attachment-size", expected=size)]
    return None


def _check_identifier(value: Any, scope: Scope) -> Found:
    """The system is absolute; the system of URIs holds nothing but URIs."""
    system, text = value.get("system"), value.get("value")
    if type(system) is str and system and ":" not in system:
        return [Problem("identifier-system-relative").at("system")]
    if system == "urn:ietf:rfc:3986" and type(text) is str and ":" not in text:
        return [Problem("identifier-not-a-uri").at("value")]
    return None


NATIVE_TYPES: dict[str, tuple[Check, ...]] = {
    "Identifier": (_check_identifier,),
    "Reference": (check_reference,),
    "Coding": (check_coding,),
    "Attachment": (_check_attachment,),
    "Narrative": (check_narrative,),
    "Bundle": (check_bundle,),
}
