"""Conditions as hospitals code them: French systems, one per stay, working codes, withdrawn twins.

Rows 6, 7, 8, 10, 11 and 12 of the list of what hospitals send.

Takes from: hospital.dossier, canonical.  Gives to: population.
"""

from __future__ import annotations

import copy

from adapter.canonical import code_system
from adapter.errors import Json
from adapter.synthetic.hospital.dossier import (
    CIM10,
    CONDITION_CATEGORY,
    ICD10,
    SCT,
    VER_STATUS,
    Dossier,
    code_in,
    codings,
    concept,
    ver_status,
)

_ROLE = code_system("crmo-role")
_ABSENT = "http://hl7.org/fhir/uv/ips/CodeSystem/absent-unknown-uv-ips"
_PER_STAY = [concept(CONDITION_CATEGORY, "encounter-diagnosis")]
_PROBLEM = [concept(CONDITION_CATEGORY, "problem-list-item")]


def spell_diagnosis(dossier: Dossier) -> None:
    """The registry's role marks go; the code comes in one of the systems a hospital uses."""
    for condition in _with_role(dossier, "diagnosis"):
        condition["category"] = _PROBLEM
        if code_in(condition, ICD10).startswith("M86.3"):
            condition["code"] = dossier.take("diagnosis-code", _CRMO)
        _repeat_per_stay(dossier, condition)


_CRMO: list[Json] = [
    concept(CIM10, "M86.3", "Ostéomyélite chronique multifocale"),
    concept(CIM10, "M863"),
    concept(CIM10, "M86.37", text="OCMR"),
    concept(ICD10, "M86.3"),
    concept("https://www.orpha.net", "324964"),
    concept("http://www.orpha.net/ORDO", "Orphanet_324964"),
    concept(SCT, "240151005"),
    {"coding": [{"system": CIM10, "code": "M86.3"}, {"system": "http://www.orpha.net", "code": "ORPHA:324964"}]},
]


def _repeat_per_stay(dossier: Dossier, diagnosis: Json) -> None:
    """Billing codes the disease again at each stay, without saying how sure it is; not once it was taken back."""
    in_icd10 = code_in(diagnosis, CIM10) or code_in(diagnosis, ICD10)
    if not in_icd10 or code_in(diagnosis, VER_STATUS, "verificationStatus") != "confirmed":
        return
    for code in dossier.take("stays", [[], ["M863"], ["M86.3", "M8637"], ["M86.3", "M863", "M86.3"]]):
        year = 2009 + dossier.rng.randrange(2)
        dossier.add(
            "Condition",
            category=_PER_STAY,
            code=concept(CIM10, code),
            recordedDate=f"{year}-{dossier.rng.randrange(1, 13):02}-{dossier.rng.randrange(1, 29):02}",
        )


def spell_other_conditions(dossier: Dossier) -> None:
    """Comorbidities and sequelae: the public code alone where there is one, else the registry's."""
    for role in ("comorbidity", "sequela"):
        for condition in _with_role(dossier, role):
            public = [each for each in codings(condition) if not each["system"].startswith(code_system("crmo-"))]
            if public:
                condition["code"] = {"coding": dossier.take(role, [public, public[:1]])}
                condition["category"] = _PROBLEM


def add_statements_of_nothing(dossier: Dossier) -> None:
    """Codes that say there is nothing, or that no code was found."""
    nothing = dossier.take("nothing", [None, "problems", "procedures", None, "intervention"])
    if nothing == "problems":
        dossier.add("Condition", category=_PROBLEM, code=concept(_ABSENT, "no-known-problems"))
    elif nothing == "procedures":
        dossier.add("Procedure", status="completed", code=concept(_ABSENT, "no-known-procedures"))
    elif nothing == "intervention":
        dossier.add(
            "Procedure",
            status="completed",
            code=concept("http://ncicb.nci.nih.gov/xml/owl/EVS/Thesaurus.owl", "C25218", text="Intervention"),
        )


def add_mistakes(dossier: Dossier) -> None:
    """A tumour or an infection entered under the wrong name, and taken back."""
    code = dossier.take("mistake", [None, "C40.2", None, "M86.1"])
    if code:
        mistaken = ver_status("entered-in-error")
        dossier.add("Condition", category=_PROBLEM, verificationStatus=mistaken, code=concept(CIM10, code))


def add_withdrawn_twins(dossier: Dossier) -> None:
    """A record entered under the wrong name, then withdrawn: the same resource, marked, under another id."""
    candidates = [*dossier.observed("clinical-lesion"), *dossier.of("ImagingStudy"), *dossier.of("Procedure")]
    made = dossier.take("twin", [False, True, False])
    if made and candidates:
        twin = copy.deepcopy(dossier.rng.choice(candidates))
        twin |= {"id": dossier.new_id(), "status": "entered-in-error"}
        dossier.resources.append(twin)


def _with_role(dossier: Dossier, role: str) -> list[Json]:
    return [
        condition
        for condition in dossier.of("Condition")
        if any(
            coding.get("system") == _ROLE and coding.get("code") == role
            for category in condition.get("category", [])
            for coding in category.get("coding", [])
        )
    ]
