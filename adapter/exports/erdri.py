"""The common data set of the European registries for rare diseases, one line a case.

Its sixteen elements, filled as far as the case says; what the registry does not ask for stays empty. Days of birth
stay behind: the month is enough for ages in years.

Takes from: case, dates.  Gives to: exports.
Source: Set of common data elements for rare diseases registration, European Commission, JRC
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from adapter.case.timeline import date_of, onset_form
from adapter.errors import Json

COLUMNS = (
    "1.1 Pseudonym",
    "2.1 Date of birth",
    "2.2 Sex",
    "3.1 Patient's status",
    "3.2 Date of death",
    "4.1 First contact with specialised centre",
    "5.1 Age at onset",
    "5.1 Date of onset",
    "5.2 Age at diagnosis",
    "5.2 Date of diagnosis",
    "6.1 Diagnosis of the rare disease",
    "6.2 Genetic diagnosis",
    "6.3 Undiagnosed case",
    "7.1 Agreement to be contacted for research purposes",
    "7.2 Consent to the reuse of data",
    "7.3 Biological sample",
    "7.4 Link to a biobank",
    "8.1 Classification of functioning/disability",
)
_SEXES = {"female": "Female", "male": "Male", "other": "Undetermined", "unknown": "Undetermined"}
_STATUSES = {"alive": "Alive", "dead": "Dead"}
# Families do not consent here, they may oppose: no opposition stands for consent to reuse.
_REUSE = {"not_opposed": "Yes", "opposed": "No"}
_UNDIAGNOSED = {"confirmed": "No", "provisional": "Yes", "differential": "Yes", "unconfirmed": "Yes"}


def erdri_row(case: Json, orpha: Mapping[str, str]) -> list[Any]:
    """One case in the order of COLUMNS.

    Shapes:  orpha  diagnosis -> ORPHA code; a disease without one is left empty
    """
    patient, diagnosis = case["patient"], case["diagnosis"]
    code = orpha.get(diagnosis["code"])
    return [
        case["case_id"],
        _month(patient.get("birth_date")),
        _SEXES[patient["sex"]],
        _status(case),
        _month(patient.get("death_date")),
        None,
        _when(date_of(case, "diagnosis.onset"), onset_form(case)[0]),
        _month(onset_form(case)[1]) if onset_form(case)[0] == "date" else None,
        _when(date_of(case, "diagnosis.date"), "date"),
        _month(diagnosis.get("date")),
        f"ORPHA:{code}" if code else None,
        None,
        _UNDIAGNOSED.get(diagnosis.get("certainty", "")),
        None,
        _REUSE.get(case.get("opposition", "")),
        None,
        None,
        None,
    ]


def _status(case: Json) -> str | None:
    if case.get("outcome", {}).get("status") == "lost_to_follow_up":
        return "Lost in follow-up"
    return _STATUSES.get(case["patient"].get("vital_status", ""))


def _when(known: object, form: str) -> str:
    """The element asks how the moment is told: by a date, or not at all. Ages stand in the registry's own tables."""
    return "Date" if known is not None and form in ("date", "period") else "Undetermined"


def _month(date: Any) -> str | None:
    return date[:7] if isinstance(date, str) else None
