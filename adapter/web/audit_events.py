"""The audit as FHIR, for those who may read it: AuditEvent by number and by search.

Takes from: access, errors, store, answers, capability, searchsets.  Gives to: factory.
Source: https://hl7.org/fhir/R4/auditevent.html
"""

from __future__ import annotations

from flask import Blueprint, Response, request

from adapter.access.audit_events import make_audit_event
from adapter.access.audit_search import parse_audit_search, run_audit_search
from adapter.errors import NotFoundError, UsageError
from adapter.store import audit_search
from adapter.store.audit_search import Wanted
from adapter.web.answers import fhir, parts, version_tag
from adapter.web.searchsets import entry_of, searchset

routes = Blueprint("audit_events", __name__)


@routes.get("/fhir/AuditEvent")
def search() -> Response:
    """Who did what, newest first: by date, altid (who), patient, entity, action, subtype and outcome."""
    return _search(list(request.args.items(multi=True)))


@routes.post("/fhir/AuditEvent/_search")
def search_by_form() -> Response:
    """The same, with what is searched for in the body."""
    if request.mimetype != "application/x-www-form-urlencoded":
        raise UsageError("A search in a body is application/x-www-form-urlencoded.")
    return _search([*request.args.items(multi=True), *request.form.items(multi=True)])


@routes.get("/fhir/AuditEvent/<id_>")
def read(id_: str) -> Response:
    """One event. It never changes, so it has one version."""
    number = int(id_) if id_.isascii() and id_.isdigit() and len(id_) < 19 and not id_.startswith("0") else 0
    with parts().store.reading() as connection:
        found = audit_search.page(connection, Wanted(numbers=[[number]]), after=0, upwards=True, limit=1)
    if not found:
        raise NotFoundError("The registry has no such resource.")
    if request.if_none_match.contains_weak("1"):
        return Response(status=304, headers={"ETag": version_tag(1)})
    return fhir(make_audit_event(*found[0]), ETag=version_tag(1))


def _search(asked: list[tuple[str, str]]) -> Response:
    told = parse_audit_search(asked, strict="handling=lenient" not in request.headers.get("Prefer", ""))
    with parts().store.reading() as connection:
        page = run_audit_search(connection, told)
    entries = [entry_of(make_audit_event(number, event)) for number, event in page.events]
    used = [(name, value) for name, value in told.used if name != "_cursor"]
    return fhir(searchset(page.total, entries, used, page.cursor))
