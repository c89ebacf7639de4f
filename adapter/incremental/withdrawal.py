"""What becomes of a case whose record is gone from its source: a new version that says so, never silence.

The source deleted the patient, merged him into another one, or no longer holds the diagnosis. The case keeps who it
is about; what rested on the record goes, and its diagnosis is marked as entered in error, which decides the case anew.
Every earlier version stays in its history, and a record that comes back makes the next one.

Takes from: errors, hospital, parts, crawl, inbound, store.  Gives to: pull.
Source: https://hl7.org/fhir/R4/valueset-condition-ver-status.html (entered-in-error), https://hl7.org/fhir/R4/patient.html#links
"""

from __future__ import annotations

from typing import Literal

from adapter.crawl import Handed
from adapter.errors import Issue, Json, NotFoundError, RemoteError
from adapter.hospital.client import Hospital
from adapter.hospital.matching import matches
from adapter.inbound import receive_case
from adapter.parts import Parts
from adapter.resource import dump_json
from adapter.store import cases, findings, known

Why = Literal["", "deleted", "merged", "no-diagnosis"]

_GONE = (404, 410)
_KEPT = ("case_id", "centre", "inclusion_date", "opposition", "patient")
_WORDS = {
    "deleted": ("deleted the patient's record", "a supprimé le dossier du patient"),
    "merged": ("merged the patient into another one", "a fusionné le patient avec un autre"),
    "no-diagnosis": ("no longer holds the diagnosis", "ne détient plus le diagnostic"),
}


def absence(hospital: Hospital, patient: str, handed: Handed) -> Why:
    """Why a patient who was taken before is not there any more; "" when he is, or when that cannot be said.

    Errors:  none; a server that does not answer has not said that somebody is gone
    """
    if handed.problem:
        return "deleted" if _is_gone(hospital, patient) else ""
    told = handed.resources.get(f"Patient/{patient}")
    if told is None:
        return "deleted"
    searches = hospital.source.candidates
    if any(matches(each, search) is not False for each in handed.resources.values() for search in searches):
        return ""
    return "merged" if _is_replaced(told) else "no-diagnosis"


def withdraw(parts: Parts, source: str, before: known.Patient, why: Why) -> str:
    """Make the version of the case that holds what is left of it, and decide it.

    Shapes:  before   what was known of the patient
             returns  status of the decision; "quarantined" when there is no case, or it was erased meanwhile
    """
    if before.case_id is None:
        return "quarantined"
    try:
        with parts.store.reading() as connection:
            standing = cases.read(connection, before.case_id).case
    except NotFoundError:
        return "quarantined"
    return _withdraw(parts, source, standing, why)


def _withdraw(parts: Parts, source: str, standing: Json, why: Why) -> str:
    left: Json = {name: standing[name] for name in _KEPT if name in standing}
    left["diagnosis"] = {"code": standing["diagnosis"]["code"], "certainty": "entered-in-error"}
    receipt = receive_case(parts, dump_json(left), source)
    with parts.store.writing() as connection:
        findings.replace(connection, receipt.entry.id, [*receipt.issues, _issue(why)], receipt.unread)
    return str(receipt.decision["status"]) if receipt.decision else "quarantined"


def _is_gone(hospital: Hospital, patient: str) -> bool:
    try:
        hospital.read("Patient", patient)
    except RemoteError as error:
        return error.status in _GONE
    return False


def _is_replaced(patient: Json) -> bool:
    links = patient.get("link")
    return any(isinstance(each, dict) and each.get("type") == "replaced-by" for each in links or ())


def _issue(why: Why) -> Issue:
    english, french = _WORDS[why]
    text = f"The source {english}: what rested on it is no longer in this version of the case."
    text_fr = f"La source {french} : ce qui en dépendait ne figure plus dans cette version du cas."
    return Issue("warning", "deleted", "/", f"pull:{why}", text, "pull", text_fr=text_fr)
