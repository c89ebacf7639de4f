"""Which of a Patient's identifiers a pseudonym is made of: matched by type, system and use together.

Takes from: errors, canonical.  Gives to: ring.
Source: https://hl7.org/fhir/R4/datatypes.html#Identifier; FR Core: the billing number (NSS) and the national health
identifier (INS) share one OID and are told apart by type and use only
"""

from __future__ import annotations

import re

from adapter.canonical import BASE
from adapter.errors import Json

CASE_IDENTIFIER = f"{BASE}/identifier/case"
_CASE_ID = re.compile(r"[!-~]{1,128}\Z")

_INS_SYSTEMS = tuple(f"urn:oid:1.2.250.1.213.1.4.{last}" for last in ("2", "8", "9", "10", "11"))
_INS_TYPES = ("INS-NIR", "INS-NIA", "INS-NIR-TEST", "INS-NIR-DEMO")
# A child's billing number is the parent's: two children of one family would become one case.
_NEVER_TYPES = ("NH", "SS")
_NEVER_USES = ("old", "temp")
_LOCAL_TYPES = ("PI", "MR")


def find_case_identifier(patient: Json) -> str | None:
    """The pseudonym of a Patient that the registry itself once sent out."""
    values = [each.get("value") for each in _identifiers(patient) if each.get("system") == CASE_IDENTIFIER]
    return next((value for value in values if isinstance(value, str) and _CASE_ID.match(value)), None)


def _identifiers(patient: Json) -> list[Json]:
    found = patient.get("identifier")
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []


def best_identifier(patient: Json) -> list[str] | None:
    """[type, system, value] of the identifier that is likeliest to stay: the hospital's own patient number first.

    A national identifier often comes weeks after the first message; preferring it would split the case then.
    """
    ranked = sorted(each for identifier in _identifiers(patient) if (each := _ranked(identifier)))
    return list(ranked[0][1:]) if ranked else None


def _ranked(identifier: Json) -> tuple[int, str, str, str] | None:
    value, system = identifier.get("value"), identifier.get("system")
    if not isinstance(value, str) or not value.strip() or not isinstance(system, str):
        return None
    types = _type_codes(identifier)
    if identifier.get("use") in _NEVER_USES or any(code in _NEVER_TYPES for code in types):
        return None
    value = value.strip()
    if system in _INS_SYSTEMS:
        known = next((code for code in types if code in _INS_TYPES), None)
        return (3, known, system, value[:13]) if known else None
    local = next((code for code in types if code in _LOCAL_TYPES), None)
    if local:
        return (1 if identifier.get("use") != "secondary" else 2, local, system, value)
    return (2, next(iter(types), ""), system, value)


def _type_codes(identifier: Json) -> list[str]:
    kind = identifier.get("type")
    codings = kind.get("coding") if isinstance(kind, dict) else None
    codes = [each.get("code") for each in codings if isinstance(each, dict)] if isinstance(codings, list) else []
    return [code for code in codes if isinstance(code, str)]


def logical_id(patient: Json, full_url: str) -> list[str] | None:
    if isinstance(own := patient.get("id"), str) and own:
        return ["id", "", own]
    told = re.search(r"/Patient/([A-Za-z0-9\-.]{1,64})\Z", full_url)
    return ["id", "", told[1]] if told else None
