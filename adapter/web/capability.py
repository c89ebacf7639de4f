"""The CapabilityStatement, made from the routes there are, so that it cannot promise what is not served.

Takes from: canonical.  Gives to: the fhir routes.
Source: https://hl7.org/fhir/R4/capabilitystatement.html
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, TypeVar

from flask import Flask

from adapter import __version__
from adapter.canonical import BASE
from adapter.errors import Json

View = TypeVar("View", bound=Callable[..., Any])
_INTERACTIONS: dict[Callable[..., Any], tuple[str, ...]] = {}


def interacts(*interactions: str) -> Callable[[View], View]:
    """Mark a view as really serving these system-level interactions; unmarked views are not announced."""

    def mark(view: View) -> View:
        _INTERACTIONS[view] = interactions
        return view

    return mark


def make_capability_statement(app: Flask) -> Json:
    """What this service does, read off its route table."""
    served: list[str] = []
    for rule in app.url_map.iter_rules():
        served += _INTERACTIONS.get(app.view_functions[rule.endpoint], ())
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
        "fhirVersion": "4.0.1",
        "format": ["application/fhir+json"],
        "rest": [{"mode": "server", "interaction": [{"code": code} for code in sorted(set(served))]}],
    }
