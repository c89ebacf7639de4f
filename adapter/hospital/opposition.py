"""How a hospital says that a patient, or a parent, objects to research: by labels, by Consents, by a list.

Whoever objects is not collected, and is counted. Where the record of a wish cannot be understood, it counts as an
objection: we would rather miss a patient than take one who said no.

Takes from: errors, dates, hospital.search.  Gives to: hospital.source, pull.
Source: https://hl7.org/fhir/R4/consent.html, https://hl7.org/fhir/R4/resource.html#Meta (security labels)
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from adapter.dates import Interval, parse_date
from adapter.errors import ConfigError, Json
from adapter.hospital.search import Search

_MAX_LIST_BYTES = 16 << 20


@dataclass(frozen=True)
class ConsentRule:
    """Which Consents speak about research.

    Shapes:  parameters  of the search that finds them; the patient is added
             codes       "system|code" of the provisions that are about research; empty: the Consent as a whole is
             required    no permitting Consent counts as an objection (opt-in)
    """

    parameters: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    codes: frozenset[str] = frozenset()
    required: bool = False


@dataclass(frozen=True)
class Opposition:
    """What a source declares about objections.

    Shapes:  labels  "system|code" in Patient.meta.security or Patient.meta.tag that mean: not for research
             listed  file with one Patient.id or "system|value" of an identifier a line; # starts a remark
    """

    labels: tuple[str, ...] = ()
    consents: ConsentRule | None = None
    listed: Path | None = None

    @property
    def asks_consents(self) -> bool:
        return self.consents is not None

    def searches(self, patient_ids: Sequence[str]) -> list[Search]:
        """What to ask the server about these patients' consents; nothing when the source does not look at them."""
        if self.consents is None or not patient_ids:
            return []
        return [Search("Consent", {**self.consents.parameters, "patient": tuple(patient_ids)})]

    def verdict(self, patient: Json, consents: Iterable[Json], day: date) -> str:
        """Why this patient must not be collected; "" when nothing stands against it.

        Shapes:  consents  those of this patient, found by `searches`
                 returns   "label", "list", "consent-denied", "consent-missing", "consent-unreadable"
        Errors:  ConfigError when the list cannot be read
        """
        if not set(self.labels).isdisjoint(_labels(patient)):
            return "label"
        if self.listed and not _read_list(self.listed).isdisjoint(_names(patient)):
            return "list"
        return self._consent_verdict(consents, day) if self.consents else ""

    def _consent_verdict(self, consents: Iterable[Json], day: date) -> str:
        found = {_wish(consent, self.consents.codes, day) for consent in consents} if self.consents else set()
        for worst in ("consent-denied", "consent-unreadable"):
            if worst in found:
                return worst
        required = self.consents is not None and self.consents.required
        return "consent-missing" if required and "permit" not in found else ""


def _wish(consent: Json, codes: frozenset[str], day: date) -> str:
    """What one Consent says on this day: "permit", "", or why it forbids."""
    if consent.get("status") == "rejected":
        return "consent-denied"
    if consent.get("status") != "active":
        return ""
    root = consent.get("provision")
    if not isinstance(root, dict):
        return "consent-unreadable"
    if codes:
        nested = _dicts(root, "provision")
        wishes = {_provision(each, day) for each in (root, *nested) if not codes.isdisjoint(_codes(each))}
    else:
        # An exception inside a permission may be about us or not; a person has to read it.
        wishes = {_provision(root, day), "consent-unreadable" if root.get("provision") else ""}
    return next((each for each in ("consent-denied", "consent-unreadable", "permit") if each in wishes), "")


def _provision(provision: Json, day: date) -> str:
    if provision.get("type") not in ("permit", "deny"):
        return "consent-unreadable"
    holds = _holds(provision.get("period"), day)
    if not holds:
        return "consent-unreadable" if holds is None else ""
    return "permit" if provision["type"] == "permit" else "consent-denied"


def _holds(period: Any, day: date) -> bool | None:
    """Does the period cover the day? None when it cannot be read."""
    if period is None:
        return True
    if not isinstance(period, dict):
        return None
    start, end = _edge(period, "start", date.min), _edge(period, "end", date.max)
    return None if start is None or end is None else start.low <= day <= end.high


def _edge(period: Json, name: str, when_open: date) -> Interval | None:
    text = period.get(name)
    if text is None:
        return Interval(when_open, when_open)
    return parse_date(text) if isinstance(text, str) else None


def _codes(provision: Json) -> set[str]:
    return {_token(coding) for concept in _dicts(provision, "code") for coding in _dicts(concept, "coding")}


def _token(coding: Json) -> str:
    return f"{coding.get('system', '')}|{coding.get('code', '')}"


def _labels(patient: Json) -> set[str]:
    meta = patient.get("meta")
    codings = [*_dicts(meta, "security"), *_dicts(meta, "tag")]
    return {_token(each) for each in codings}


def _names(patient: Json) -> set[str]:
    identifiers = _dicts(patient, "identifier")
    return {str(patient.get("id", ""))} | {f"{each.get('system', '')}|{each.get('value', '')}" for each in identifiers}


def _dicts(holder: Any, name: str) -> list[Json]:
    listed = holder.get(name) if isinstance(holder, dict) else None
    return [each for each in listed if isinstance(each, dict)] if isinstance(listed, list) else []


def _read_list(file: Path) -> frozenset[str]:
    """Read anew each time: who objects today must not be collected today."""
    try:
        if file.stat().st_size > _MAX_LIST_BYTES:
            raise ConfigError(f"The list of objections {file.name} is larger than {_MAX_LIST_BYTES} bytes.")
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"The list of objections {file.name} cannot be read ({type(error).__name__}).") from None
    return frozenset(line.partition("#")[0].strip() for line in lines) - {""}
