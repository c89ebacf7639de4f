"""Routes that give the registry back as FHIR: read, vread, history, search, $everything.

Takes from: errors, scopes, search, store, answers, guard, searchsets.  Gives to: factory.
Source: https://hl7.org/fhir/R4/http.html, https://hl7.org/fhir/R4/patient-operation-everything.html
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from email.utils import format_datetime

from flask import Blueprint, Response, request

from adapter.errors import GoneError, NotFoundError, UsageError
from adapter.search import ABOUT_THE_ANSWER, MAX_COUNT, parse_search
from adapter.store import inbox, resources
from adapter.store.resources import Stored, whole
from adapter.store.searching import everything, run_search
from adapter.web.answers import fhir, parts, version_tag
from adapter.web.capability import interacts
from adapter.web.guard import ensure_scope, note_case, principal, reaches
from adapter.web.searchsets import entry, history_entry, page_of, searchset

routes = Blueprint("reading", __name__)
TYPES = "any(Patient, Condition, Procedure, ImagingStudy, MedicationStatement, Observation, Provenance)"
# Beyond what the databases count to.
_NO_VERSION = 2**31


@routes.get(f"/fhir/<{TYPES}:type_>")
@interacts("search-type")
def search(type_: str) -> Response:
    """A page of a search; a parameter that is not known is refused, unless the asker prefers it left out."""
    return _search(type_, list(request.args.items(multi=True)))


@routes.post(f"/fhir/<{TYPES}:type_>/_search")
@interacts("search-type")
def search_by_form(type_: str) -> Response:
    """The same, with what is searched for in the body, where no log of addresses sees it."""
    if request.mimetype != "application/x-www-form-urlencoded":
        raise UsageError("A search in a body is application/x-www-form-urlencoded.")
    return _search(type_, [*request.args.items(multi=True), *request.form.items(multi=True)])


@routes.get(f"/fhir/<{TYPES}:type_>/<id_>")
@interacts("read")
def read(type_: str, id_: str) -> Response:
    ensure_scope(type_, "r")
    return _resource(_find(type_, id_))


@routes.get(f"/fhir/<{TYPES}:type_>/<id_>/_history")
@interacts("history-instance")
def history(type_: str, id_: str) -> Response:
    """Every version, newest first, page by page; _since and _count narrow it."""
    asked = _known("history", request.args, "_since", "_count")
    since, count, before = _since(asked.get("_since")), _count(asked.get("_count")), asked.get("_cursor", "0")
    if not (before.isascii() and before.isdigit() and int(before[:19]) < _NO_VERSION):
        raise UsageError("This cursor is none that the registry gave: follow the links of a page as they are.")
    ensure_scope(type_, "r")
    _find(type_, id_, gone_too=True)
    with parts().store.reading() as connection:
        total, found = resources.history(connection, type_, id_, count + 1, before=int(before), since=since)
    told = found[:count]
    cursor = str(told[-1].version) if len(found) > count else ""
    return fhir(page_of("history", total, [history_entry(each) for each in told], _kept(), cursor))


@routes.get(f"/fhir/<{TYPES}:type_>/<id_>/_history/<int:version>")
@interacts("vread")
def vread(type_: str, id_: str, version: int) -> Response:
    ensure_scope(type_, "r")
    return _resource(_find(type_, id_, version))


@routes.get("/fhir/Patient/<id_>/$everything")
def patient_everything(id_: str) -> Response:
    """Everything about one patient, page by page; _type, _since and _count narrow it."""
    asked = _known("$everything", request.args, "_type", "_since", "_count")
    since, count = _since(asked.get("_since")), _count(asked.get("_count"))
    ensure_scope("Patient", "r")
    patient = _find("Patient", id_)
    types = set(asked["_type"].split(",")) if "_type" in asked else None
    with parts().store.reading() as connection:
        page = everything(
            connection,
            patient.case_id,
            types=types,
            since=since,
            after=asked.get("_cursor", ""),
            count=count,
        )
    shown = [each for each in page.matches if reaches(each.type, "r")]
    entries = [entry(each, "match") for each in shown]
    return fhir(searchset(page.total, entries, _kept(), page.cursor))


def _search(type_: str, asked: list[tuple[str, str]]) -> Response:
    ensure_scope(type_, "s")
    strict = "handling=lenient" not in request.headers.get("Prefer", "")
    told = parse_search(type_, asked, strict=strict)
    for other in {*told.rev_include, *(["Patient"] if told.include else [])}:
        ensure_scope(other, "s")
    with parts().store.reading() as connection:
        page = run_search(connection, told, source=principal().source)
    entries = [entry(each, "match") for each in page.matches] + [entry(each, "include") for each in page.included]
    used = [(name, value) for name, value in told.used if name != "_cursor"]
    return fhir(searchset(page.total, entries, used, page.cursor))


def _known(what: str, asked: Mapping[str, str], *names: str) -> Mapping[str, str]:
    """Errors:  UsageError for a parameter of another name"""
    if unknown := set(asked) - {*names, "_cursor", *ABOUT_THE_ANSWER}:
        raise UsageError(f"{what} knows {', '.join(names)}, and not {len(unknown)} of what was asked for.")
    return asked


def _kept() -> list[tuple[str, str]]:
    """What was asked for, but for the page."""
    return [(name, value) for name, value in request.args.items(multi=True) if name != "_cursor"]


def _find(type_: str, id_: str, version: int | None = None, *, gone_too: bool = False) -> Stored:
    """Errors:  NotFoundError, also for what the asker may not see; GoneError"""
    source = principal().source
    with parts().store.reading() as connection:
        found = resources.read(connection, type_, id_[:65], version) if (version or 0) < _NO_VERSION else None
        visible = found and (source is None or inbox.fed_by(connection, found.case_id, source))
    if found is None or not visible:
        raise NotFoundError("The registry has no such resource.")
    note_case(found.case_id)
    if found.body is None and not gone_too:
        raise GoneError("This resource is no more.")
    return found


def _resource(found: Stored) -> Response:
    tag, changed = version_tag(found.version), format_datetime(found.updated_at, usegmt=True)
    headers = {"ETag": tag, "Last-Modified": changed}
    if request.if_none_match.contains_weak(str(found.version)):
        return Response(status=304, headers=headers)
    response = fhir(whole(found))
    response.headers.update(headers)
    return response


def _since(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text.replace(" ", "+"))
    except ValueError:
        raise UsageError("_since expects an instant with a time zone.") from None
    if moment.tzinfo is None:
        raise UsageError("_since expects an instant with a time zone.")
    return moment


def _count(text: str | None) -> int:
    if text is None:
        return MAX_COUNT
    if not (text.isascii() and text.isdigit() and int(text[:9]) > 0):
        raise UsageError("_count expects a whole number above 0.")
    return min(int(text[:9]), MAX_COUNT)
