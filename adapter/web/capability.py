"""The CapabilityStatement, made from the routes there are, so that it cannot promise what is not served.

Takes from: access, canonical, search.  Gives to: the fhir routes.
Source: https://hl7.org/fhir/R4/capabilitystatement.html
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, TypeVar

from flask import Flask

from adapter import __version__
from adapter.access.audit_search import PARAMETERS as AUDIT_PARAMETERS
from adapter.canonical import BASE
from adapter.errors import Json
from adapter.search import PATIENT, load_parameters

_OF_TYPES = {"read", "vread", "history-instance", "search-type"}
_SECURITY = "http://terminology.hl7.org/CodeSystem/restful-security-service"
_BULK = "http://hl7.org/fhir/uv/bulkdata"
_OPERATION = "http://hl7.org/fhir/OperationDefinition"
_LEADS_TO_PATIENT = {"name": "patient", "type": "reference"}

_AUDIT: Json = {
    "type": "AuditEvent",
    "documentation": "For those who may read the audit.",
    "interaction": [{"code": "read"}, {"code": "search-type"}],
    "versioning": "versioned",
    "searchParam": [{"name": name, "type": kind} for name, kind in AUDIT_PARAMETERS.items()],
}

_GROUP: Json = {
    "type": "Group",
    "documentation": "The children whom the criteria take (eligible), whom they do not, and who are undetermined.",
    "interaction": [{"code": "read"}, {"code": "search-type"}],
    "versioning": "no-version",
    "searchParam": [{"name": "_id", "type": "token"}],
    "operation": [{"name": "export", "definition": f"{_BULK}/OperationDefinition/group-export"}],
}

View = TypeVar("View", bound=Callable[..., Any])
_INTERACTIONS: dict[Callable[..., Any], tuple[str, ...]] = {}


def interacts(*interactions: str) -> Callable[[View], View]:
    """Mark a view as really serving these interactions; unmarked views are not announced."""

    def mark(view: View) -> View:
        _INTERACTIONS[view] = interactions
        return view

    return mark


def make_capability_statement(app: Flask) -> Json:
    """What this service does, read off its route table."""
    served = {
        code for rule in app.url_map.iter_rules() for code in _INTERACTIONS.get(app.view_functions[rule.endpoint], ())
    }
    of_types = sorted(served & _OF_TYPES)
    rest: Json = {"mode": "server", "interaction": [{"code": code} for code in sorted(served - _OF_TYPES)]}
    if app.config["ASK_WHO"]:
        rest["security"] = {"service": [{"coding": [{"system": _SECURITY, "code": "SMART-on-FHIR"}]}]}
    if "/fhir/$export" in {rule.rule for rule in app.url_map.iter_rules()}:
        rest["operation"] = [{"name": "export", "definition": f"{_BULK}/OperationDefinition/export"}]
    rest["resource"] = [*(_resource(type_, of_types) for type_ in load_parameters()), _GROUP, _AUDIT]
    return {
        "resourceType": "CapabilityStatement",
        "url": f"{BASE}/CapabilityStatement/adapter",
        "version": __version__,
        "name": "CrmoRegistryAdapter",
        "title": "CRMO registry FHIR adapter",
        "status": "active",
        "date": datetime.now(UTC).date().isoformat(),
        "kind": "instance",
        "software": {"name": "crmo-fhir-adapter", "version": __version__},
        "implementation": {"description": "Receives hospital records of children with CRMO"},
        "instantiates": [f"{_BULK}/CapabilityStatement/bulk-data"],
        "fhirVersion": "4.0.1",
        "format": ["application/fhir+json"],
        "rest": [rest],
    }


def _resource(type_: str, interactions: list[str]) -> Json:
    """One type: all are made of cases, so all are read in the same ways."""
    named = [{"name": each.name, "type": each.kind} for each in load_parameters()[type_].values()]
    named += [{"name": "_id", "type": "token"}, {"name": "_lastUpdated", "type": "date"}]
    told: Json = {
        "type": type_,
        "interaction": [{"code": code} for code in interactions],
        "versioning": "versioned",
        "readHistory": True,
        "updateCreate": False,
        "searchParam": [*named, *([] if type_ == "Patient" else [_LEADS_TO_PATIENT])],
    }
    if type_ == "Patient":
        others = [each for each in load_parameters() if each != "Patient"]
        told["searchRevInclude"] = [f"{each}:{name}" for each in others for name in PATIENT]
        told["operation"] = [
            {"name": "everything", "definition": f"{_OPERATION}/Patient-everything"},
            {"name": "export", "definition": f"{_BULK}/OperationDefinition/patient-export"},
        ]
    else:
        told["searchInclude"] = [f"{type_}:{name}" for name in PATIENT]
    return told
