"""What an entry of a pushed Bundle asks for: a creation or an update, perhaps on a condition.

Takes from: errors.  Gives to: conditions, conditions.held.
Source: https://hl7.org/fhir/R4/http.html#ccreate, https://hl7.org/fhir/R4/http.html#cond-update
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from adapter.errors import Issue, Json

CaseId = Callable[[Json, str], str | None]

_ASKS = ("transaction", "batch")


@dataclass(frozen=True)
class Condition:
    """On what the Patient is taken.

    Shapes:  create_only  what stands about the Patient must not be changed
             case_id      of the child that the condition's identifier names
    """

    create_only: bool
    case_id: str


def check_requests(bundle: Json, case_id: CaseId) -> list[Issue]:
    """What no entry may ask for, each with its place. In a Bundle that asks for nothing, nothing is looked at."""
    found: list[Issue] = []
    seen = set()
    for number, request, resource in _requests(bundle):
        place = f"Bundle.entry[{number}].request"
        found += _check_method(place, request)
        told = _condition(request)
        if told is None:
            continue
        found += _check_condition(place, request, resource, told, case_id)
        # Two entries on one condition: each would have to be the other.
        if (key := (str(resource.get("resourceType")), told)) in seen:
            text = "expected another condition than that of an entry before"
            found.append(issue_of("duplicate", place, text, "une autre condition que celle d'une entrée est attendue"))
        seen.add(key)
    return found


def condition_of(bundle: Json, case_id: CaseId) -> Condition | None:
    """The condition on the Patient of a Bundle in which `check_requests` found nothing wrong."""
    for _number, request, resource in _requests(bundle):
        told = _condition(request)
        if resource.get("resourceType") == "Patient" and told is not None:
            named = case_id(_only(resource, _identifier(told)), "")
            return Condition("ifNoneExist" in request, named) if named else None
    return None


def _requests(bundle: Json) -> Iterator[tuple[int, Json, Json]]:
    """(entry number, request, resource or {}) of the entries that ask for something."""
    entries = bundle.get("entry") if bundle.get("type") in _ASKS else None
    for number, entry in enumerate(entries if isinstance(entries, list) else []):
        request = entry.get("request") if isinstance(entry, dict) else None
        resource = entry.get("resource") if isinstance(entry, dict) else None
        if isinstance(request, dict):
            yield number, request, resource if isinstance(resource, dict) else {}


def _check_method(place: str, request: Json) -> Iterator[Issue]:
    method = request.get("method", "POST")
    if method not in ("POST", "PUT"):
        text = "expected POST or PUT: a Bundle tells what is known of a child, and reads or deletes nothing"
        french = "POST ou PUT est attendu : un Bundle dit ce qui est su d'un enfant, sans lire ni supprimer"
        yield issue_of("not-supported", f"{place}.method", text, french)
    for name in ("ifMatch", "ifNoneMatch", "ifModifiedSince"):
        if name in request:
            text = f"expected no {name}: the condition of an entry is an identifier"
            yield issue_of("not-supported", f"{place}.{name}", text, f"{name} n'est pas pris en charge ici")


def _check_condition(place: str, request: Json, resource: Json, told: str, case_id: CaseId) -> Iterator[Issue]:
    create = "ifNoneExist" in request
    where = f"{place}.ifNoneExist" if create else f"{place}.url"
    patient = resource.get("resourceType") == "Patient"
    identifier = _identifier(told)
    if create != (request.get("method", "POST") == "POST"):
        text = "expected ifNoneExist with POST, and a condition in the url with PUT"
        yield issue_of("invalid", where, text, "ifNoneExist va avec POST, une condition dans url avec PUT")
    elif create and not patient:
        text = "expected no ifNoneExist but for the Patient: of a case's parts no identifier is kept; PUT replaces them"
        french = "ifNoneExist n'est accepté que pour le Patient : des parties d'un cas aucun identifiant n'est gardé"
        yield issue_of("not-supported", where, text, french)
    elif identifier is None:
        text = "expected the condition identifier=system|value, once and alone"
        yield issue_of("not-supported", where, text, "la condition attendue est identifier=system|value, seule")
    elif not _only(resource, identifier)["identifier"]:
        text = "expected an identifier that the resource itself bears"
        yield issue_of("invalid", where, text, "un identifiant que porte la ressource elle-même est attendu")
    elif patient and case_id(_only(resource, identifier), "") is None:
        text = "expected an identifier that is one child's and stays (a billing number is a parent's)"
        yield issue_of("business-rule", where, text, "un identifiant propre à un enfant et durable est attendu")


def _condition(request: Json) -> str | None:
    """The query of a conditional creation or update; None for an unconditional one."""
    if "ifNoneExist" in request:
        return str(request["ifNoneExist"]).rpartition("?")[2]
    url = request.get("url")
    return url.partition("?")[2] if isinstance(url, str) and "?" in url else None


def _identifier(query: str) -> tuple[str, str] | None:
    """(system, value), both there."""
    told = parse_qsl(query, keep_blank_values=True)
    if len(told) != 1 or told[0][0] != "identifier" or "," in told[0][1]:
        return None
    system, _, value = told[0][1].partition("|")
    return (system, value) if system and value else None


def _only(resource: Json, identifier: tuple[str, str] | None) -> Json:
    """The resource with nothing but that identifier of its own."""
    listed: Any = resource.get("identifier")
    own = [each for each in (listed if isinstance(listed, list) else [listed]) if isinstance(each, dict)]
    fitting = [each for each in own if (each.get("system"), each.get("value")) == identifier]
    return {"resourceType": resource.get("resourceType"), "identifier": fitting[:1]}


def issue_of(kind: str, expression: str, text: str, french: str) -> Issue:
    return Issue("error", kind, expression, "entry-request", text, stage="receive", text_fr=french)
