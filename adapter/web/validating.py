"""The operation $validate: a resource in, an OperationOutcome out, nothing stored.

Takes from: validation, resource, answers, receiving.  Gives to: factory.
Source: https://hl7.org/fhir/R4/resource-operation-validate.html
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from flask import Blueprint, Response, request

from adapter.conformance import r4_definitions
from adapter.errors import Issue, Json, NotFoundError, UsageError
from adapter.resource import Locator, parse_json
from adapter.validation import Validator, make_validator
from adapter.web.answers import outcome, parts
from adapter.web.receiving import read_body

routes = Blueprint("validating", __name__)


@routes.post("/fhir/$validate")
@routes.post("/fhir/<type_>/$validate")
def validate(type_: str = "") -> Response:
    """200 whatever the verdict, which is in the outcome; 400 only for what is no JSON, 404 for a type R4 has not."""
    if type_ and r4_definitions().type_structure(type_) is None:
        raise NotFoundError("FHIR R4 has no resources of this type.")
    raw = read_body()
    document, issues = parse_json(raw)
    if not isinstance(document, dict):
        return outcome(issues or [_not_a_resource()], 400, place="$this")
    validator = make_validator(parts().knowledge.packages)
    if document.get("resourceType") == "Parameters":
        found = _validate_part(validator, raw, document)
    else:
        found = validator.validate(document, profiles=_asked(), text=raw)
    return outcome([*issues, *_check_type(document, type_), *found], 200, place="$this")


def _asked(parameters: Json | None = None) -> list[str]:
    """Canonicals of the profiles asked for: in the address and in the Parameters."""
    told = [part.get(name) for part in _named(parameters, "profile") for name in ("valueUri", "valueCanonical")]
    return [*request.args.getlist("profile"), *(each for each in told if isinstance(each, str))]


def _named(parameters: Json | None, name: str) -> Iterator[Json]:
    listed = parameters.get("parameter") if parameters else None
    for part in listed if isinstance(listed, list) else ():
        if isinstance(part, dict) and part.get("name") == name:
            yield part


def _validate_part(validator: Validator, raw: bytes, parameters: Json) -> list[Issue]:
    """The resource inside Parameters, its findings placed in the text that was sent."""
    part = next(_named(parameters, "resource"), None)
    resource = part.get("resource") if part else None
    if not isinstance(resource, dict):
        raise UsageError("Parameters for $validate need a parameter 'resource' that holds a resource.")
    base = f"Parameters.parameter[{parameters['parameter'].index(part)}].resource"
    locator = Locator(raw)
    found = validator.validate(resource, profiles=_asked(parameters))
    return [_moved(issue, base, str(resource.get("resourceType")), locator) for issue in found]


def _moved(issue: Issue, base: str, kind: str, locator: Locator) -> Issue:
    place = base + issue.expression.removeprefix(kind)
    return replace(issue, expression=place).at(*locator.place(place))


def _check_type(document: Json, type_: str) -> Iterator[Issue]:
    told = _told_type(document)
    if type_ and told != type_:
        text = f"This address validates {type_} resources."
        french = f"Cette adresse valide des ressources {type_}."
        yield Issue("error", "invalid", "$this", "type-of-address", text, text_fr=french)


def _told_type(document: Json) -> Any:
    if document.get("resourceType") != "Parameters":
        return document.get("resourceType")
    part = next(_named(document, "resource"), {})
    return part.get("resource", {}).get("resourceType") if isinstance(part.get("resource"), dict) else None


def _not_a_resource() -> Issue:
    text, french = "A resource is expected: a JSON object.", "Une ressource est attendue : un objet JSON."
    return Issue("fatal", "structure", "$this", "not-a-resource", text, text_fr=french)
