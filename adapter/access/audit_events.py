"""The audit as FHIR: one AuditEvent for each row, in the manner of IHE's Basic Audit Log Patterns where they fit.

What the patterns want and the audit leaves out on purpose is not made up: no network address, no words of a search
(they may hold an identifier). So no event claims to conform to one of their profiles.

Takes from: canonical, errors, store.  Gives to: web.
Source: https://hl7.org/fhir/R4/auditevent.html, https://profiles.ihe.net/ITI/BALP/
"""

from __future__ import annotations

import re

from adapter.canonical import BASE
from adapter.errors import Json
from adapter.store.audit import Event

_DICOM = "http://dicom.nema.org/resources/ontology/DCM"
_TERMS = "http://terminology.hl7.org/CodeSystem"
_REST = {"system": f"{_TERMS}/audit-event-type", "code": "rest", "display": "RESTful Operation"}
_INTERACTION = "http://hl7.org/fhir/restful-interaction"
_SERVER = {"identifier": {"system": f"{BASE}/identifier/software", "value": "crmo-fhir-adapter"}}
_ACTIONS = {"GET": "R", "HEAD": "R", "POST": "C", "PUT": "U", "DELETE": "D"}
# What a route's pattern is, the first that fits.
_TYPES = (
    (re.compile(r"/(login|logout|auth/token)\Z"), ("110114", "User Authentication")),
    (re.compile(r"/fhir/.*\$export"), ("110106", "Export")),
    (re.compile(r"inbox "), ("110107", "Import")),
    (re.compile(r"(?!/)"), ("110100", "Application Activity")),
)
_SUBTYPES = (
    (re.compile(r"/fhir/metadata\Z"), "capabilities"),
    (re.compile(r"/fhir/.*\$"), "operation"),
    (re.compile(r"/fhir/.*/_history/<"), "vread"),
    (re.compile(r"/fhir/.*/_history\Z"), "history-instance"),
    (re.compile(r"/fhir/(.*:)?(type_>|AuditEvent)(/_search)?\Z"), "search-type"),
    (re.compile(r"/fhir/.*/<"), "read"),
    (re.compile(r"/fhir\Z"), "transaction"),
)
_FHIR_ID = re.compile(r"[A-Za-z0-9.-]{1,64}\Z")


def make_audit_event(number: int, event: Event) -> Json:
    """Shapes:  number  of the row, which is the resource's id"""
    at = event.at.isoformat(timespec="milliseconds")
    told: Json = {
        "resourceType": "AuditEvent",
        "id": str(number),
        "meta": {"versionId": "1", "lastUpdated": at},
        "type": _type(event),
    }
    if interaction := interaction_of(event.route):
        told["subtype"] = [{"system": _INTERACTION, "code": interaction}]
    return told | {
        "action": action_of(event.action, event.route),
        "recorded": at,
        "outcome": outcome_of(event.status),
        "outcomeDesc": f"{event.action} {event.route}: {event.status}",
        "agent": [_asker(event.actor), _server()],
        "source": {"observer": _SERVER, "type": [{"system": f"{_TERMS}/security-source-type", "code": "4"}]},
        "entity": [*([_patient(event.case_id)] if event.case_id else []), _request(event.request_id)],
    }


def action_of(action: str, route: str) -> str:
    """C, R, U, D, or E for what is executed: an operation, a search, a command."""
    if interaction_of(route) in ("operation", "search-type", "transaction"):
        return "E"
    return _ACTIONS.get(action, "E")


def outcome_of(status: int) -> str:
    """0 for success; 4 when the asker was refused, 8 when we failed."""
    return "0" if status < 400 else "4" if status < 500 else "8"


def interaction_of(route: str) -> str:
    """Code of FHIR's interaction; "" for what is none."""
    return next((code for pattern, code in _SUBTYPES if pattern.match(route)), "")


def _type(event: Event) -> Json:
    found = next((told for pattern, told in _TYPES if pattern.match(event.route)), None)
    return {"system": _DICOM, "code": found[0], "display": found[1]} if found else dict(_REST)


def _asker(actor: str) -> Json:
    """Who asked, as the audit names him: "client:north", "person:ada", "command"."""
    kind, named, name = actor.partition(":")
    who: Json = {"identifier": {"system": f"{BASE}/identifier/{kind}", "value": name}} if named else {"display": actor}
    role = {"client": "110152", "source": "110153"}.get(kind)
    person = {"system": f"{_TERMS}/extra-security-role-type", "code": "humanuser"}
    coding = {"system": _DICOM, "code": role} if role else person if kind == "person" else None
    return {**({"type": {"coding": [coding]}} if coding else {}), "who": who, "altId": actor, "requestor": True}


def _server() -> Json:
    return {"type": {"coding": [{"system": _DICOM, "code": "110150"}]}, "who": _SERVER, "requestor": False}


def _patient(case_id: str) -> Json:
    named: Json = {"identifier": {"system": f"{BASE}/identifier/case", "value": case_id}}
    if _FHIR_ID.match(case_id):
        named["reference"] = f"Patient/{case_id}"
    kind = {"system": f"{_TERMS}/audit-entity-type", "code": "1", "display": "Person"}
    return {"what": named, "type": kind, "role": {"system": f"{_TERMS}/object-role", "code": "1", "display": "Patient"}}


def _request(request_id: str) -> Json:
    """By what the request is known in the answer's header X-Request-Id, and in the log."""
    kind = {"system": "https://profiles.ihe.net/ITI/BALP/CodeSystem/BasicAuditEntityType", "code": "XrequestId"}
    return {"what": {"identifier": {"value": request_id}}, "type": kind}
