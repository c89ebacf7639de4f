"""What travels together: the resources of a Bundle, and what their references point at.

Takes from: errors, scopes.  Gives to: mapping.engine, inbound, outbound, hospital.
Source: https://hl7.org/fhir/R4/bundle.html#references
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import unquote

from adapter.errors import Issue, Json
from adapter.scopes import Scope, may

MAX_ENTRIES = 500
SCOPE_RULE = "scope"
NO_FACT = ("OperationOutcome", None)
TYPES = ("transaction", "batch", "collection", "searchset")


def resources_of(bundle: Json) -> Iterator[tuple[int, Json]]:
    """(entry number, resource) of everything that is told as a fact; answers about the search are left out."""
    for number, entry in enumerate(bundle.get("entry") or ()):
        resource = entry.get("resource")
        if resource.__class__ is dict and resource.get("resourceType") not in NO_FACT:
            yield number, resource


def in_order(resources: Iterable[Json]) -> list[Json]:
    """By type and id: the same resources make the same Bundle."""
    return sorted(resources, key=lambda each: (str(each.get("resourceType")), str(each.get("id"))))


class References:
    """Finds what a reference points at, in the order R4 gives: contained, fullUrl, type and id, identifier.

    Shapes:  followed  entry numbers of what was found so far

    The index is made when the first reference needs it: most Bundles are read without one.
    """

    def __init__(self, bundle: Json) -> None:
        self.bundle = bundle
        self._index: dict[str, int] | None = None
        self._identifiers: dict[tuple[Any, Any], int] = {}
        self.followed: set[int] = set()

    def resolve(self, reference: Any, holder: Json) -> tuple[Json | None, int | None]:
        """(resource, its entry number); (None, None) when the Bundle does not hold it."""
        if not isinstance(reference, dict):
            return None, None
        target = reference.get("reference")
        if isinstance(target, str) and target.startswith("#"):
            return _contained(holder, target[1:]), None
        number = self._number(target, reference.get("identifier"))
        if number is not None:
            self.followed.add(number)
        return (None, None) if number is None else (self.bundle["entry"][number]["resource"], number)

    def _number(self, target: Any, identifier: Any) -> int | None:
        index = self._made()
        if isinstance(target, str):
            if (known := _named(target)) is not None:
                return self._identifiers.get(known)
            plain = target.split("/_history/")[0]
            return index.get(plain, index.get("/".join(plain.split("/")[-2:])))
        if isinstance(identifier, dict):
            return self._identifiers.get((identifier.get("system"), identifier.get("value")))
        return None

    def _made(self) -> dict[str, int]:
        if self._index is None:
            self._index = {}
            for number, resource in resources_of(self.bundle):
                if isinstance(full_url := self.bundle["entry"][number].get("fullUrl"), str):
                    self._index[full_url] = number
                self._index.setdefault(f"{resource.get('resourceType')}/{resource.get('id')}", number)
                for identifier in _identifiers(resource):
                    self._identifiers.setdefault(identifier, number)
        return self._index


def _named(target: str) -> tuple[str, str] | None:
    """(system, value) of a conditional reference: Patient?identifier=system|value."""
    _, asked, query = target.partition("?")
    name, _, told = query.partition("=")
    system, bar, value = unquote(told).partition("|")
    return (system, value) if asked and name == "identifier" and bar else None


def _contained(holder: Json, name: str) -> Json | None:
    listed = holder.get("contained") or ()
    return next((each for each in listed if isinstance(each, dict) and each.get("id") == name), None)


def _identifiers(resource: Json) -> Iterator[tuple[Any, Any]]:
    listed = resource.get("identifier")
    for each in listed if isinstance(listed, list) else [listed]:
        if isinstance(each, dict) and isinstance(each.get("value"), str):
            yield each.get("system"), each["value"]


@dataclass(frozen=True)
class Message:
    """Which message a Bundle says it is, and since when.

    Shapes:  identifier  [system, value] of Bundle.identifier
             told_at     Bundle.timestamp; None when it has none, or none with a time zone
    """

    identifier: list[str]
    told_at: datetime | None


def message_of(bundle: Json) -> Message | None:
    """None for a Bundle without an identifier: such a one is known by its bytes alone."""
    identifier, timestamp = bundle.get("identifier"), bundle.get("timestamp")
    value = identifier.get("value") if isinstance(identifier, dict) else None
    if not isinstance(identifier, dict) or not isinstance(value, str) or not value:
        return None
    told_at = None
    with suppress(ValueError, TypeError):
        told_at = datetime.fromisoformat(timestamp)  # type: ignore[arg-type]  # a TypeError says that it is none
    return Message([str(identifier.get("system", "")), value], told_at if told_at and told_at.tzinfo else None)


def check_bundle(document: Any, max_entries: int = MAX_ENTRIES) -> list[Issue]:
    """What must hold before anything else is asked: a Bundle of a known type, not too big, about one Patient.

    Errors:  issues of stage "receive", with the place
    """
    if not isinstance(document, dict) or document.get("resourceType") != "Bundle":
        return [_issue("invalid", "", "bundle", "expected a FHIR R4 Bundle", "un Bundle FHIR R4 est attendu")]
    if document.get("type") not in TYPES:
        types = ", ".join(TYPES)
        text, french = f"expected a Bundle of type {types}", f"un Bundle de type {types} est attendu"
        return [_issue("not-supported", "Bundle.type", "bundle-type", text, french)]
    entries = document.get("entry", [])
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        text, french = "expected a list of entries", "une liste d'entrées est attendue"
        return [_issue("structure", "Bundle.entry", "bundle-entry", text, french)]
    if len(entries) > max_entries:
        text, french = f"expected at most {max_entries} entries", f"au plus {max_entries} entrées sont attendues"
        return [_issue("too-long", "Bundle.entry", "bundle-size", text, french)]
    return [*_check_resources(entries), *_check_patients(document)]


def check_scopes(bundle: Json, scopes: Sequence[Scope] | None) -> Iterator[Issue]:
    """What its sender may not send, entry by entry. `scopes` None: he may send everything."""
    for number, entry in enumerate(bundle.get("entry") or () if scopes is not None else ()):
        resource = entry.get("resource") if isinstance(entry, dict) else None
        kind = resource.get("resourceType") if isinstance(resource, dict) else None
        if not may(scopes or (), str(kind), _letter(entry)):
            text = "This client may not send a resource of this type in this way."
            french = "Ce client ne peut pas envoyer ainsi une ressource de ce type."
            place = f"Bundle.entry[{number}].resource"
            yield Issue("error", "forbidden", place, SCOPE_RULE, text, "receive", text_fr=french)


def _letter(entry: Json) -> str:
    """The interaction an entry asks for; in a Bundle that asks for none, what is told is new."""
    request = entry.get("request")
    method = request.get("method") if isinstance(request, dict) else None
    return {"PUT": "u", "PATCH": "u", "DELETE": "d", "GET": "r", "HEAD": "r"}.get(str(method), "c")


def _check_resources(entries: list[Json]) -> Iterator[Issue]:
    for number, entry in enumerate(entries):
        resource = entry.get("resource", {"resourceType": ""})
        kind = resource.get("resourceType") if isinstance(resource, dict) else None
        if not isinstance(kind, str):
            place = f"Bundle.entry[{number}].resource"
            text = "expected a resource that names its resourceType"
            french = "une ressource qui nomme son resourceType est attendue"
            yield _issue("structure", place, "bundle-resource", text, french)


def _check_patients(bundle: Json) -> Iterator[Issue]:
    patients = [number for number, each in resources_of(bundle) if each.get("resourceType") == "Patient"]
    if not patients:
        text, french = "expected one Patient, found none", "un Patient est attendu, aucun n'est là"
        yield _issue("required", "Bundle.entry", "one-patient", text, french)
    for number in patients[1:]:
        place = f"Bundle.entry[{number}].resource"
        text = "expected one Patient a Bundle, found another"
        french = "un seul Patient par Bundle est attendu, en voici un autre"
        yield _issue("business-rule", place, "one-patient", text, french)


def _issue(kind: str, expression: str, rule: str, text: str, french: str) -> Issue:
    return Issue("error", kind, expression, rule, text, stage="receive", text_fr=french)
