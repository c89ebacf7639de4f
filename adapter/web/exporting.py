"""Routes of the Bulk Data export: asked for, watched, read, deleted. Only whoever asked for one sees it.

Takes from: errors, registry, resource, scopes, search, store, the other rooms of web.  Gives to: factory.
Source: https://hl7.org/fhir/uv/bulkdata/STU2/export.html
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from email.utils import format_datetime
from typing import Any

from flask import Blueprint, Response, current_app, request, stream_with_context

from adapter.errors import (
    GoneError,
    InvalidContentError,
    Issue,
    Json,
    NotFoundError,
    NotPermittedError,
    UsageError,
)
from adapter.registry.exporting import Wish, begin, lines, parse_wish, prepare
from adapter.registry.groups import ensure_group
from adapter.resource import parse_json
from adapter.search import load_parameters
from adapter.store import registry_exports, snapshots
from adapter.store.registry_exports import Export, File
from adapter.web.answers import outcome, parts, plain
from adapter.web.capability import interacts
from adapter.web.guard import ensure_scope, principal, reaches
from adapter.web.logbook import log_end
from adapter.web.receiving import read_body

routes = Blueprint("exporting", __name__)
NDJSON = "application/fhir+ndjson"
_MAX_BODY_BYTES = 1024 * 1024
_NEEDED = "rs"  # of scopes, for each type
_LOOK_AGAIN_SECONDS, _COME_BACK_SECONDS = 1, 60


@routes.get("/fhir/$export")
@interacts()
def export() -> Response:
    """Ask for an export of all there is: answers with the address to look at (Prefer: respond-async)."""
    return _kick_off(list(request.args.items(multi=True)))


@routes.post("/fhir/$export")
def export_by_body() -> Response:
    """The same, with the parameters in a Parameters resource; `patient` narrows it to some patients."""
    return _kick_off(_parameters())


@routes.get("/fhir/Patient/$export")
def export_patients() -> Response:
    """The same: whatever the registry keeps is about a patient."""
    return _kick_off(list(request.args.items(multi=True)))


@routes.post("/fhir/Patient/$export")
def export_patients_by_body() -> Response:
    """The same, with the parameters in a Parameters resource."""
    return _kick_off(_parameters())


@routes.get("/fhir/Group/<id_>/$export")
def export_group(id_: str) -> Response:
    """The same, of the children who are in a Group when it is asked for.

    No scope for Groups is asked for: clients of others ask for a token that reaches the types they want, and no more.
    """
    ensure_group(id_)
    return _kick_off(list(request.args.items(multi=True)), id_)


@routes.post("/fhir/Group/<id_>/$export")
def export_group_by_body(id_: str) -> Response:
    """The same, with the parameters in a Parameters resource."""
    ensure_group(id_)
    return _kick_off(_parameters(), id_)


@routes.get("/fhir/$export/<export_id>")
def status(export_id: str) -> Response:
    """202 while it is prepared; then the manifest, with the files and how many lines each has."""
    found, files = _find(export_id)
    if not found.finished_at:
        _prepare(export_id)
        headers = {"X-Progress": found.progress or "under way", "Retry-After": str(_LOOK_AGAIN_SECONDS)}
        return Response(status=202, headers=headers)
    return plain(_manifest(found, files), Expires=format_datetime(found.expires_at, usegmt=True))


@routes.delete("/fhir/$export/<export_id>")
def forget(export_id: str) -> Response:
    """Whoever has what he wanted lets go of it; it would end by itself after a day."""
    _find(export_id, broken_too=True)
    with parts().store.writing() as connection:
        registry_exports.delete(connection, export_id)
    return Response(status=202)


@routes.get("/fhir/$export/<export_id>/<name>")
def file(export_id: str, name: str) -> Response:
    """One file: a resource in each line, or a Bundle that deletes one."""
    found, files = _find(export_id)
    wanted = next((each for each in files if each.name == name), None)
    if wanted is None:
        raise NotFoundError("The export has no such file.")
    ensure_scope(wanted.type, _NEEDED)
    told: Iterator[bytes] = stream_with_context(lines(parts(), found, wanted))
    headers = {"Vary": "Accept-Encoding", "Content-Disposition": f'attachment; filename="{wanted.name}"'}
    if request.accept_encodings["gzip"]:
        told, headers["Content-Encoding"] = _compressed(told), "gzip"
    return Response(told, 200, headers, content_type=NDJSON)


def _kick_off(parameters: list[tuple[str, str]], group: str = "") -> Response:
    told = {each.strip() for line in request.headers.getlist("Prefer") for each in line.replace(";", ",").split(",")}
    if "respond-async" not in told:
        raise UsageError("An export is answered later: ask with the header Prefer: respond-async.")
    wish = parse_wish(parameters, strict="handling=lenient" not in told)
    if request.method == "GET" and wish.patients is not None:
        raise UsageError("patient goes into the body of a POST, where no log of addresses sees it.")
    wish.types, wish.group = _allowed(wish), group
    address = f"{_base()}{request.full_path.removeprefix('/fhir').rstrip('?')}"
    begun = begin(parts(), principal().actor, principal().source, wish, address)
    if begun is None:
        return _too_many()
    _prepare(begun.id)
    return Response(status=202, headers={"Content-Location": f"{_base()}/$export/{begun.id}"})


def _allowed(wish: Wish) -> list[str]:
    """Errors:  NotPermittedError for a type that was asked for by name, or when none is left"""
    if wish.types is not None and not all(reaches(each, _NEEDED) for each in wish.types):
        raise NotPermittedError("This client's scopes do not reach every type in _type: an export needs r and s.")
    allowed = list(dict.fromkeys(wish.types or [each for each in load_parameters() if reaches(each, _NEEDED)]))
    if not allowed:
        raise NotPermittedError("This client's scopes reach no type of the registry: an export needs r and s.")
    return allowed


def _parameters() -> list[tuple[str, str]]:
    """Of a Parameters resource, and of the address.  Errors:  InvalidContentError, UsageError"""
    document, issues = parse_json(read_body() or b'{"resourceType":"Parameters"}', max_bytes=_MAX_BODY_BYTES)
    if issues:
        raise InvalidContentError(issues, 400)
    listed = document.get("parameter", []) if isinstance(document, dict) else None
    if not isinstance(listed, list) or document.get("resourceType") != "Parameters":
        raise UsageError("The body of an export is a Parameters resource.")
    return [*request.args.items(multi=True), *(_parameter(each) for each in listed)]


def _parameter(told: Any) -> tuple[str, str]:
    """A parameter's name and value, whatever type its writer chose; a Reference by what it refers to."""
    own = told if isinstance(told, dict) else {}
    values = [value for name, value in own.items() if name.startswith("value")]
    value = values[0].get("reference") if len(values) == 1 and isinstance(values[0], dict) else (values or [None])[0]
    if len(values) != 1 or not isinstance(own.get("name"), str) or not isinstance(value, str):
        raise UsageError("Each parameter of an export has a name and one value, a text or a Reference.")
    return own["name"], value


def _prepare(export_id: str) -> None:
    """In the background, once at a time. Whoever looks at one that nobody prepares sets it going again."""
    under_way: set[str] = current_app.extensions.setdefault("exports_under_way", set())
    if export_id in under_way:
        return
    under_way.add(export_id)
    work = current_app.extensions["background"].submit(prepare, parts(), export_id)
    work.add_done_callback(lambda _: under_way.discard(export_id))
    work.add_done_callback(log_end)


def _find(export_id: str, *, broken_too: bool = False) -> tuple[Export, list[File]]:
    """Errors:  NotFoundError, also for another's; GoneError when it can no more be told whole"""
    with parts().store.reading() as connection:
        found = registry_exports.find(connection, export_id[:37], parts().clock())
        files = registry_exports.files_of(connection, found.id)
        broken = snapshots.erased_since(connection, found.at)
    if found.actor != principal().actor:
        raise NotFoundError("There is no such export, or its time is over.")
    if broken and not broken_too:
        raise GoneError("A case was erased since this export was asked for: delete it and ask for a new one.")
    return found, files


def _manifest(found: Export, files: list[File]) -> Json:
    told: dict[bool, list[Json]] = {False: [], True: []}
    for each in files:
        address = f"{_base()}/$export/{found.id}/{each.name}"
        type_ = "Bundle" if each.deleted else each.type
        told[each.deleted].append({"type": type_, "url": address, "count": each.count})
    return {
        "transactionTime": found.at.isoformat(timespec="microseconds"),
        "request": found.wish["url"],
        "requiresAccessToken": bool(current_app.config["ASK_WHO"]),
        "output": told[False],
        "deleted": told[True],
        "error": [],
    }


def _too_many() -> Response:
    english = "This asker has as many exports as he may: let one end, or delete those that were read."
    french = "Ce demandeur a atteint le nombre d'exports permis : attendez qu'un se termine ou supprimez-en."
    issue = Issue("error", "throttled", "http", "exports", english, "receive", text_fr=french)
    return outcome([issue], 429, **{"Retry-After": str(_COME_BACK_SECONDS)})


def _compressed(told: Iterator[bytes]) -> Iterator[bytes]:
    packer = zlib.compressobj(5, zlib.DEFLATED, zlib.MAX_WBITS | 16)
    for line in told:
        if packed := packer.compress(line):
            yield packed
    yield packer.flush()


def _base() -> str:
    return f"{current_app.config['PUBLIC_URL']}/fhir"
