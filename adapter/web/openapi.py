"""The API's description in OpenAPI 3.1, made from the route table, the permissions and the search parameters.

Takes from: access, search, answers.  Gives to: factory.
Source: https://spec.openapis.org/oas/v3.1.0
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from flask import Blueprint, Flask, Response, current_app
from werkzeug.routing import Rule

from adapter import __version__
from adapter.access import load_permissions
from adapter.access.audit_search import PARAMETERS as AUDIT_PARAMETERS
from adapter.errors import Json
from adapter.search import PATIENT, load_parameters
from adapter.web.answers import plain

routes = Blueprint("openapi", __name__)

_PLACE = re.compile(r"<(?:(?P<kind>\w+)(?:\((?P<choices>[^)]*)\))?:)?(?P<name>\w+)>")
_PAGES = ("/static/<path:filename>", "/login", "/logout", "/")
_PAGES_UNDER = "/ui/"
_FORMS = ("/auth/token", "_search")
_EXPORTS = ("/fhir/$export", "/fhir/Patient/$export", "/fhir/Group/<id_>/$export")
_QUERIES = {
    **dict.fromkeys(_EXPORTS, ("_type", "_since", "_typeFilter", "_outputFormat")),
    "/fhir/Group": ("_id",),
    "/fhir/AuditEvent": (*AUDIT_PARAMETERS, "_count", "_sort"),
    "/fhir/Patient/<id_>/$everything": ("_type", "_since", "_count"),
}
_OUTCOME: Json = {
    "description": "An OperationOutcome that names the place and the rule",
    "content": {"application/fhir+json": {"schema": {"type": "object"}}},
}


@routes.get("/openapi.json")
def description() -> Response:
    """This description."""
    return plain(describe(current_app))


def describe(app: Flask) -> Json:
    """Every route that a program may use, as an OpenAPI document."""
    paths: dict[str, Json] = {}
    for rule in app.url_map.iter_rules():
        if rule.rule not in _PAGES and not rule.rule.startswith(_PAGES_UNDER):
            address = _PLACE.sub(lambda match: f"{{{match['name']}}}", rule.rule)
            paths.setdefault(address, {}).update(_operations(app, rule))
    return {
        "openapi": "3.1.0",
        "info": {"title": "CRMO registry FHIR adapter", "version": __version__},
        "servers": [{"url": app.config["PUBLIC_URL"]}],
        "paths": dict(sorted(paths.items())),
        "components": {"securitySchemes": {"token": {"type": "http", "scheme": "bearer"}}},
    }


def _operations(app: Flask, rule: Rule) -> Iterator[tuple[str, Json]]:
    text = (app.view_functions[rule.endpoint].__doc__ or "").strip().split("\n\n")[0]
    for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
        needed = load_permissions().needed(method, rule.rule)
        told: Json = {
            "operationId": f"{method.lower()} {rule.rule}",
            "summary": " ".join(text.split()) or f"Needs the permission '{needed}'.",
            "parameters": [*_places(rule), *_query(method, rule)],
            "responses": {"200": {"description": "As asked"}, "default": _OUTCOME},
            "security": [] if needed == "public" else [{"token": []}],
        }
        if method in ("POST", "PUT"):
            told["requestBody"] = _body(rule)
        yield method.lower(), told


def _places(rule: Rule) -> Iterator[Json]:
    for match in _PLACE.finditer(rule.rule):
        schema: Json = (
            {"type": "integer", "minimum": 1} if match["kind"] == "int" else {"type": "string", "minLength": 1}
        )
        if match["kind"] == "any":
            schema["enum"] = [each.strip() for each in match["choices"].split(",")]
        yield {"name": match["name"], "in": "path", "required": True, "schema": schema}


def _query(method: str, rule: Rule) -> Iterator[Json]:
    """Of a search: the names that some type knows; a type refuses those of another."""
    if rule.rule in _EXPORTS:
        yield {
            "name": "Prefer",
            "in": "header",
            "required": True,
            "schema": {"type": "string", "enum": ["respond-async"]},
        }
    told = _QUERIES.get(rule.rule, ()) if method == "GET" else ()
    yield from ({"name": name, "in": "query", "schema": {"type": "string"}} for name in told)
    if method == "GET" and rule.rule.startswith("/fhir/<any(") and rule.rule.endswith(":type_>"):
        names = {name for named in load_parameters().values() for name in named}
        for name in (*sorted(names), *PATIENT, "_id", "_lastUpdated", "_count", "_sort", "_include", "_revinclude"):
            yield {"name": name, "in": "query", "schema": {"type": "string"}}


def _body(rule: Rule) -> Json:
    form = rule.rule.endswith(_FORMS)
    type_ = "application/x-www-form-urlencoded" if form else "application/fhir+json"
    if rule.rule.startswith(("/cases", "/pulls")):
        type_ = "application/json"
    schema: dict[str, Any] = (
        {"type": "object", "additionalProperties": {"type": "string"}} if form else {"type": "object"}
    )
    return {"required": not rule.rule.startswith("/pulls/"), "content": {type_: {"schema": schema}}}
