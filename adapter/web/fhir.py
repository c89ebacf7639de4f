"""Routes under /fhir: what hospitals talk to.

Takes from: errors, inbound, answers, receiving, capability.  Gives to: factory.
Source: https://hl7.org/fhir/R4/http.html
"""

from __future__ import annotations

from flask import Blueprint, Response, current_app

from adapter import inbound
from adapter.errors import NotSupportedError
from adapter.web.answers import fhir, parts
from adapter.web.capability import interacts, make_capability_statement
from adapter.web.receiving import answer_bundle, held_scopes, read_body, read_source

routes = Blueprint("fhir", __name__)
TYPES = "any(Patient, Condition, Procedure, ImagingStudy, MedicationStatement, Observation)"


@routes.post("/fhir", strict_slashes=False)
@interacts("transaction", "batch")
def receive() -> Response:
    return answer_bundle(inbound.receive(parts(), read_body(), read_source(), scopes=held_scopes()))


@routes.get("/fhir/metadata")
@interacts()
def metadata() -> Response:
    return fhir(make_capability_statement(current_app))


@routes.get(f"/fhir/<{TYPES}:type_>")
@routes.get(f"/fhir/<{TYPES}:type_>/<id_>")
@routes.get("/fhir/Patient/<id_>/$everything")
@routes.get("/fhir/$export")
def read(type_: str = "", id_: str = "") -> Response:
    raise NotSupportedError("Reading resources one by one is not offered yet; GET /cases/{case_id}/fhir has a case.")
