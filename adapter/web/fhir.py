"""Routes under /fhir: what hospitals talk to.

Takes from: inbound, answers, receiving, capability.  Gives to: factory.
Source: https://hl7.org/fhir/R4/http.html
"""

from __future__ import annotations

from flask import Blueprint, Response, current_app

from adapter import inbound
from adapter.web.answers import fhir, parts
from adapter.web.capability import interacts, make_capability_statement
from adapter.web.receiving import answer_bundle, held_scopes, read_body, read_source

routes = Blueprint("fhir", __name__)


@routes.post("/fhir", strict_slashes=False)
@interacts("transaction", "batch")
def receive() -> Response:
    return answer_bundle(inbound.receive(parts(), read_body(), read_source(), scopes=held_scopes()))


@routes.get("/fhir/metadata")
@interacts()
def metadata() -> Response:
    return fhir(make_capability_statement(current_app))
