"""Routes under /cases: registry cases as JSON.

Takes from: errors, inbound, outbound, store, answers, receiving.  Gives to: factory.
Source: the outer contract; https://www.rfc-editor.org/rfc/rfc9110#name-if-match
"""

from __future__ import annotations

import re
from typing import Any

from flask import Blueprint, Response, current_app, request

from adapter import inbound, outbound
from adapter.errors import InvalidContentError, Issue, UsageError
from adapter.receipt import Receipt
from adapter.resource import parse_json
from adapter.store import cases, edits, keeping, listing
from adapter.tracing import trace_case
from adapter.web.answers import case_address, fhir, outcome, parts, plain, version_tag
from adapter.web.choosing import read_filters
from adapter.web.guard import ensure_visible
from adapter.web.logbook import log_end
from adapter.web.receiving import read_body, read_source

routes = Blueprint("cases", __name__)
_TAG = re.compile(r'(?:W/)?"(\d{1,9})"\Z')
_PAGE = 1000


@routes.get("/cases")
def summaries() -> Response:
    """Living cases by pseudonym; `after` of the answer, sent again, asks for the next ones."""
    filters, limit = read_filters(), _number("limit", 100, 1, _PAGE)
    with parts().store.reading() as connection:
        found = listing.summaries(connection, filters, after=request.args.get("after", ""), limit=limit)
    answer: dict[str, Any] = {"cases": [{**each, "updated_at": each["updated_at"].isoformat()} for each in found]}
    if len(found) == limit:
        answer["after"] = found[-1]["case_id"]
    return plain(answer)


@routes.post("/cases")
def create() -> Response:
    receipt = inbound.receive_case(parts(), read_body(), read_source(), expected=0)
    return _answer(receipt, conflict=409)


@routes.put("/cases/<case_id>")
def update(case_id: str) -> Response:
    ensure_visible(case_id)
    raw = read_body()
    document, _ = parse_json(raw)
    if isinstance(document, dict) and document.get("case_id", case_id) != case_id:
        expected = "the case_id must be the one in the address"
        raise InvalidContentError([Issue("error", "invalid", "/case_id", "case:case_id", expected, "case")])
    return _answer(inbound.receive_case(parts(), raw, read_source(), expected=_expected_version()), conflict=412)


@routes.get("/cases/<case_id>")
def read(case_id: str) -> Response:
    found = _find(case_id)
    return plain(found.case, ETag=version_tag(found.version))


@routes.delete("/cases/<case_id>")
def erase(case_id: str) -> Response:
    with parts().store.writing() as connection:
        keeping.erase(connection, case_id, parts().clock())
    current_app.extensions["background"].submit(parts().store.forget_remains).add_done_callback(log_end)
    return Response(status=204)


@routes.get("/cases/<case_id>/fhir")
def read_fhir(case_id: str) -> Response:
    found = _find(case_id)
    return fhir(outbound.read_fhir(parts(), case_id, found.version), ETag=version_tag(found.version))


@routes.get("/cases/<case_id>/trace")
def trace(case_id: str) -> Response:
    ensure_visible(case_id)
    told = trace_case(parts(), case_id, _number("version", 0, 0, 10**9) or None)
    return plain(told, ETag=version_tag(told["version"]))


@routes.get("/cases/<case_id>/history")
def history(case_id: str) -> Response:
    ensure_visible(case_id)
    with parts().store.reading() as connection:
        found = cases.history(connection, case_id)
        by_hand = edits.of_entries(connection, [each.inbox_id for each in found])
    return plain({"case_id": case_id, "versions": [_line(each, by_hand.get(each.inbox_id)) for each in found]})


def _line(version: cases.Version, edit: edits.Edit | None) -> dict[str, Any]:
    told = {
        "version": version.version,
        "created_at": version.created_at.isoformat(),
        "inbox_id": version.inbox_id,
        "mapping_version": version.mapping_version,
        "criteria_version": version.criteria_version,
        "status": version.decision["status"] if version.decision else None,
    }
    return {**told, "edit": {"actor": edit.actor, "reason": edit.reason}} if edit else told


def _find(case_id: str) -> cases.Version:
    ensure_visible(case_id)
    wanted = _number("version", 0, 0, 10**9)
    with parts().store.reading() as connection:
        return cases.read(connection, case_id, wanted or None)


def _answer(receipt: Receipt, conflict: int) -> Response:
    entry = receipt.entry
    if not receipt.accepted:
        return outcome(receipt.issues, conflict if receipt.status == 412 else receipt.status)
    with parts().store.reading() as connection:
        found = cases.read(connection, entry.case_id or "", entry.case_version)
    tag = version_tag(found.version)
    return plain(found.case, receipt.status, ETag=tag, Location=case_address(found.case_id))


def _expected_version() -> int | None:
    told = request.headers.get("If-Match")
    if told is None or told == "*":
        return None
    matched = _TAG.match(told)
    if not matched:
        raise UsageError('If-Match expects the ETag of a version, like W/"3".')
    return int(matched[1])


def _number(name: str, default: int, low: int, high: int) -> int:
    text = request.args.get(name, str(default))
    if not (text.isascii() and text.isdigit() and len(text) < 12 and low <= int(text) <= high):
        raise UsageError(f"{name} is a whole number from {low} to {high}.")
    return int(text)
