"""The one place that says under which URL the registry publishes, and the code-system URLs the adapter writes.

Source: the outer contract ("registry base"); https://hl7.org/fhir/R4/terminologies-systems.html
"""

from __future__ import annotations

BASE = "https://crmo-registry.example/fhir"

DATA_ABSENT_REASON = "http://hl7.org/fhir/StructureDefinition/data-absent-reason"


def code_system(name: str) -> str:
    """Canonical of one of the registry's own code systems, e.g. "crmo-observation"."""
    return f"{BASE}/CodeSystem/{name}"


def extension(name: str) -> str:
    """Canonical of one of the registry's own StructureDefinitions: an extension, a profile."""
    return f"{BASE}/StructureDefinition/{name}"
