"""What a client may do, in SMART's words: `system/Observation.cu`, `system/*.read`, and `crmo/…` for what is not FHIR.

Takes from: nothing.  Gives to: access, web, cli.
Source: https://hl7.org/fhir/smart-app-launch/scopes-and-launch-context.html
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

# create, read, update, delete, search: R4's interactions, in the order version 2 demands.
LETTERS = "cruds"
_OLD = {"read": "rs", "write": "cud", "*": LETTERS}
_SCOPE = re.compile(r"system/(\*|[A-Z][A-Za-z]{1,63})\.(read|write|\*|c?r?u?d?s?)\Z")
_OWN = re.compile(r"crmo/([a-z]{1,20})\Z")
# Longer than any honest list of scopes; read before anybody has proven who he is.
_MAX_CHARACTERS = 4000


@dataclass(frozen=True, order=True)
class Scope:
    """Interactions with one resource type, or a permission of ours.

    Shapes:  type     resource type, "*" for all, "" for a permission of ours
             allowed  letters of `LETTERS` in their order, or the permission's name
    """

    type: str
    allowed: str

    def __str__(self) -> str:
        return f"system/{self.type}.{self.allowed}" if self.type else f"crmo/{self.allowed}"


def parse_scopes(text: str) -> tuple[list[Scope], list[str]]:
    """(scopes, words that are none). Scopes of a user or a patient, and those with a query, are none here."""
    found, wrong = [], []
    for word in text[:_MAX_CHARACTERS].split():
        scope = _parse(word)
        if scope:
            found.append(scope)
        else:
            wrong.append(word)
    return sorted(set(found)), wrong


def _parse(word: str) -> Scope | None:
    if own := _OWN.match(word):
        return Scope("", own[1])
    matched = _SCOPE.match(word)
    letters = _OLD.get(matched[2], matched[2]) if matched else ""
    return Scope(matched[1], letters) if matched and letters else None


def narrow(asked: Iterable[Scope], registered: Iterable[Scope]) -> list[Scope]:
    """What of the scopes asked for was registered: never more than either says."""
    known = list(registered)
    shared = {common for scope in asked for each in known if (common := _common(scope, each))}
    return sorted(shared)


def _common(first: Scope, second: Scope) -> Scope | None:
    if not first.type or not second.type:
        return first if first == second else None
    if first.type != second.type and "*" not in (first.type, second.type):
        return None
    letters = "".join(letter for letter in first.allowed if letter in second.allowed)
    return Scope(second.type if first.type == "*" else first.type, letters) if letters else None


def may(scopes: Iterable[Scope], type_: str, letter: str) -> bool:
    """Whether one interaction with a resource of a type is allowed. `type_` "*": with one of any type at all."""
    fitting = (each for each in scopes if each.type and (type_ == "*" or each.type in ("*", type_)))
    return any(letter in each.allowed for each in fitting)
