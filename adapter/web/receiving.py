"""Read a request's body and its sender; answer with what became of it.

Takes from: errors, canonical, bundle, receipt, store, answers, guard.  Gives to: the fhir and cases routes.
Source: https://hl7.org/fhir/R4/bundle.html#transaction-response
"""

from __future__ import annotations

import re
from http import HTTPStatus

from flask import Response, request
from werkzeug.exceptions import BadRequest, UnsupportedMediaType

from adapter.bundle import SCOPE_RULE
from adapter.canonical import BASE
from adapter.errors import Issue, Json, NotPermittedError, make_operation_outcome
from adapter.receipt import Receipt
from adapter.store import resources
from adapter.web.answers import case_address, fhir, language, outcome, parts, version_tag
from adapter.web.guard import principal

# What is too large to be read is still kept as quarantined, up to here; beyond it is refused at the door.
MAX_KEPT_BYTES = 32 * 1024 * 1024

SOURCE_HEADER = "X-CRMO-Source"
_SOURCE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}\Z")
_JSON_TYPES = ("application/fhir+json", "application/json", "application/json+fhir", "text/json")
_ENTRY = re.compile(r"Bundle\.entry\[(\d+)\]")


def read_body() -> bytes:
    """The request's bytes.  Errors:  415 for another media type, charset, compression or FHIR version; 413 too large"""
    told = request.mimetype_params
    wrong_type = request.mimetype not in _JSON_TYPES
    wrong_charset = told.get("charset", "utf-8").lower() not in ("utf-8", "utf8")
    wrong_version = not told.get("fhirversion", told.get("fhirVersion", "4.0")).startswith(("4.0", "4.3"))
    compressed = request.headers.get("Content-Encoding", "identity") != "identity"
    if wrong_type or wrong_charset or wrong_version or compressed:
        raise UnsupportedMediaType
    return request.get_data(cache=False)


def read_source() -> str:
    """Under which name this is kept: a client's own, else the name in the header.

    Errors:  400; NotPermittedError when a client names another than its own
    """
    own = principal().source
    told = request.headers.get(SOURCE_HEADER, own or "direct")
    if not _SOURCE.match(told):
        raise BadRequest
    if own and told != own:
        raise NotPermittedError("A client sends in the name of its own source.")
    return told


def held_scopes() -> str | None:
    """What a client may send, to be kept beside what it sends; None when that is not limited."""
    scopes = principal().scopes
    return None if scopes is None else " ".join(map(str, scopes))


def answer_bundle(receipt: Receipt) -> Response:
    """A response Bundle with one entry for each that came; an OperationOutcome when nothing was taken."""
    if not receipt.accepted:
        return outcome(receipt.issues, receipt.status, place="Bundle")
    entry = receipt.entry
    kind = "transaction-response" if entry.bundle_type == "transaction" else "batch-response"
    bundle = {
        "resourceType": "Bundle",
        "identifier": {"system": f"{BASE}/identifier/inbox", "value": entry.id},
        "type": kind,
        "timestamp": entry.settled_at and entry.settled_at.isoformat(timespec="milliseconds"),
        "entry": [{"response": each} for each in _responses(receipt)],
    }
    return fhir(bundle, 200, Location=case_address(entry.case_id or ""), ETag=version_tag(entry.case_version or 0))


def _responses(receipt: Receipt) -> list[Json]:
    entry, told = receipt.entry, _issues_by_entry(receipt.issues)
    patient = _patient_version(entry.case_id or "")
    taken: Json = {
        "status": _line(receipt.status),
        "location": f"Patient/{entry.case_id}/_history/{patient}",
        "etag": version_tag(patient),
        "lastModified": entry.settled_at and entry.settled_at.isoformat(timespec="milliseconds"),
    }
    responses: list[Json] = []
    for index in range(entry.received or 0):
        issues = told.get(index, [])
        refused = any(issue.blocks for issue in issues)
        forbidden = any(issue.rule == SCOPE_RULE for issue in issues)
        response: Json = {"status": _line(403 if forbidden else 422)} if refused else dict(taken)
        if issues:
            response["outcome"] = make_operation_outcome(issues, language())
        responses.append(response)
    _tell_decision(receipt, responses)
    return responses


def _patient_version(case_id: str) -> int:
    """Under which version the Patient can be read: not every version of a case changes it."""
    with parts().store.reading() as connection:
        found = resources.read(connection, "Patient", case_id)
    return found.version if found else 1


def _tell_decision(receipt: Receipt, responses: list[Json]) -> None:
    """The first entry that was taken also carries what concerns the case as a whole."""
    first = next((each for each in responses if "etag" in each), None)
    whole = [issue for issue in receipt.issues if not _ENTRY.match(issue.expression)]
    if first is None or not (receipt.decision or whole):
        return
    decision = [_decision_issue(receipt.decision)] if receipt.decision else []
    own = first.get("outcome", {}).get("issue", [])
    made = make_operation_outcome([*decision, *whole], language())
    first["outcome"] = {**made, "issue": [*own, *made["issue"]]}


def _decision_issue(decision: Json) -> Issue:
    open_questions = [f"{each['id']}: {each['settle']}" for each in decision["criteria"] if each.get("settle")]
    text = " ".join([f"Decision: {decision['status']}.", *open_questions])
    french = " ".join([f"Décision : {decision['status']}.", *open_questions])
    return Issue("information", "informational", "", "eligibility", text, "eligibility", text_fr=french)


def _issues_by_entry(issues: list[Issue]) -> dict[int, list[Issue]]:
    told: dict[int, list[Issue]] = {}
    for issue in issues:
        if found := _ENTRY.match(issue.expression):
            told.setdefault(int(found[1]), []).append(issue)
    return told


def _line(status: int) -> str:
    return f"{status} {HTTPStatus(status).phrase}"
