"""Tell an R4 resource from one of an older or newer FHIR, before a rule reads it as something it is not.

Takes from: errors.  Gives to: judgement.
Source: https://hl7.org/fhir/R5/diff.html, https://hl7.org/fhir/R4/diff.html, https://hl7.org/fhir/R4/versioning.html
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

from adapter.errors import Issue, Json

_STU3, _R5 = "STU3 or older", "R5 or newer"

_TYPES = dict.fromkeys(
    re.findall(
        r"\w+",
        "BodySite Conformance DataElement DeviceComponent DiagnosticOrder EligibilityRequest EligibilityResponse "
        "ExpansionProfile ImagingManifest ImagingObjectSelection MedicationOrder Order OrderResponse ProcedureRequest "
        "ProcessRequest ProcessResponse ReferralRequest Sequence ServiceDefinition",
    ),
    _STU3,
) | dict.fromkeys(
    re.findall(
        r"\w+",
        "ActorDefinition ArtifactAssessment BiologicallyDerivedProductDispense DeviceAssociation DeviceDispense "
        "DeviceUsage EncounterHistory FormularyItem GenomicStudy ImagingSelection InventoryItem InventoryReport "
        "MedicationUsage NutritionIntake Permission RequestOrchestration Requirements TestPlan Transport",
    ),
    _R5,
)


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_there(value: Any) -> bool:
    return value is not None


def _has_concept(value: Any) -> bool:
    """R4 has a Coding here; R5 wraps it in a CodeableConcept or CodeableReference."""
    first = value[0] if isinstance(value, list) and value else value
    return isinstance(first, dict) and any(key in first for key in ("coding", "concept"))


# What R4 does not have at a place, or has in another shape. Only the types that carry a case are told apart.
_MARKS: list[tuple[str, str, Callable[[Any], bool], str]] = [
    ("Condition", "clinicalStatus", _is_text, _STU3),
    ("Condition", "verificationStatus", _is_text, _STU3),
    ("Condition", "assertedDate", _is_there, _STU3),
    ("Condition", "participant", _is_there, _R5),
    ("ImagingStudy", "uid", _is_there, _STU3),
    ("ImagingStudy", "modalityList", _is_there, _STU3),
    ("ImagingStudy", "modality", _has_concept, _R5),
    ("MedicationRequest", "medication", _is_there, _R5),
    ("MedicationStatement", "taken", _is_there, _STU3),
    ("MedicationStatement", "medication", _is_there, _R5),
    ("MedicationStatement", "adherence", _is_there, _R5),
    ("Observation", "related", _is_there, _STU3),
    ("Observation", "triggeredBy", _is_there, _R5),
    ("Patient", "animal", _is_there, _STU3),
    ("Procedure", "notDone", _is_there, _STU3),
    ("Procedure", "occurrenceDateTime", _is_there, _R5),
    ("Procedure", "occurrencePeriod", _is_there, _R5),
    ("Procedure", "reportedBoolean", _is_there, _R5),
]
_VERSIONED = re.compile(r"http://hl7\.org/fhir/(?!4\.[03]\b)([0-9]+\.[0-9]+)(\.[0-9]+)?/")


def check_release(bundle: Json) -> Iterator[Issue]:
    """One issue for each entry whose resource is not R4, naming the element that shows it.

    Shapes:  bundle  any JSON object; what is not shaped like a Bundle is left to other checks
    Errors:  issues of rule "fhir-version"
    """
    entries = bundle.get("entry")
    for index, entry in enumerate(entries if isinstance(entries, list) else []):
        resource = entry.get("resource") if isinstance(entry, dict) else None
        if isinstance(resource, dict) and (found := _foreign(resource)):
            place, release = found
            yield _issue(f"Bundle.entry[{index}].resource{place}", release)


def _foreign(resource: Json) -> tuple[str, str] | None:
    kind = resource.get("resourceType")
    if isinstance(kind, str) and kind in _TYPES:
        return "", _TYPES[kind]
    for type_, element, shows, release in _MARKS:
        if type_ == kind and element in resource and shows(resource[element]):
            return f".{element}", release
    return (".meta.profile", "another FHIR release") if _names_other_release(resource.get("meta")) else None


def _names_other_release(meta: Any) -> bool:
    profiles = meta.get("profile") if isinstance(meta, dict) else None
    return isinstance(profiles, list) and any(isinstance(each, str) and _VERSIONED.match(each) for each in profiles)


def _issue(expression: str, release: str) -> Issue:
    return Issue(
        "error",
        "not-supported",
        expression,
        "fhir-version",
        f"This is FHIR {release}; the registry reads R4 (4.0.1).",
        "structure",
        spec="https://hl7.org/fhir/R4/versioning.html",
        text_fr=f"Ceci relève d'une autre version de FHIR ({release}) ; le registre lit R4 (4.0.1).",
    )
