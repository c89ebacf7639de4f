"""Patients whom the registry must not take, or cannot judge yet: made as a hospital has them, never as cases.

Rows 7, 9, 13, 14, 27 and 29 of the list of what hospitals send; and the exclusions of the registry.

Takes from: hospital.dossier.  Gives to: population.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from adapter.errors import Json
from adapter.synthetic.hospital.dossier import (
    CIM10,
    CONDITION_CATEGORY,
    DCM,
    OBSERVATION,
    SCT,
    Dossier,
    concept,
    ver_status,
)

Expected = Literal["ineligible", "undetermined", "unusable"]

_ASSERTED = "http://hl7.org/fhir/StructureDefinition/condition-assertedDate"
_UCUM = "http://unitsofmeasure.org"
_ABSENT = "http://hl7.org/fhir/StructureDefinition/data-absent-reason"
_TIBIA = {"coding": [{"system": SCT, "code": "12611008"}, {"system": SCT, "code": "7771000"}]}


@dataclass(frozen=True)
class Stranger:
    """Shapes:  expected  what the registry must decide; "unusable" when no case can be made at all
    birth  birthDate, or None when it is not known
    """

    name: str
    expected: Expected
    birth: str | None
    tell: Callable[[Dossier], None]

    def patient(self) -> Json:
        patient: Json = {"resourceType": "Patient", "id": self.name, "gender": "female"}
        if self.birth:
            return patient | {"birthDate": self.birth}
        return patient | {"_birthDate": {"extension": [{"url": _ABSENT, "valueCode": "asked-unknown"}]}}


def _crmo(dossier: Dossier, status: str | None = "confirmed", **more: Any) -> None:
    verified = ver_status(status) if status else None
    dossier.add("Condition", verificationStatus=verified, code=concept(CIM10, "M86.3"), **more)


def _also(dossier: Dossier, code: str, status: str = "confirmed", text: str = "") -> None:
    dossier.add("Condition", verificationStatus=ver_status(status), code=concept(CIM10, code, text=text))


def _imaging(dossier: Dossier, modality: str = "MR", result: str = "positive") -> None:
    """A lesion of the tibia and a study of it, with what it showed unless nobody says."""
    study = dossier.add("ImagingStudy", status="available", modality=[{"system": DCM, "code": modality}])
    source = [{"reference": f"ImagingStudy/{study['id']}"}]
    common: Json = {"status": "final", "derivedFrom": source}
    dossier.add(
        "Observation", status="final", code=concept(OBSERVATION, "clinical-lesion"), bodySite=_TIBIA, valueBoolean=True
    )
    if result:
        seen = concept("https://crmo-registry.example/fhir/CodeSystem/crmo-result", result)
        dossier.add("Observation", **common, code=concept(OBSERVATION, "imaging-result"), valueCodeableConcept=seen)
    if result == "positive":
        dossier.add(
            "Observation", **common, code=concept(OBSERVATION, "imaging-lesion"), bodySite=_TIBIA, valueBoolean=True
        )


def _adult(dossier: Dossier) -> None:
    _crmo(dossier, onsetAge={"value": 34, "unit": "ans", "system": _UCUM, "code": "a"})
    _imaging(dossier)


def _just_eighteen(dossier: Dossier) -> None:
    _crmo(dossier, onsetDateTime="2014-03-02")
    _imaging(dossier)


def _tumour(dossier: Dossier) -> None:
    _crmo(dossier, "refuted", onsetDateTime="2017-02")
    _also(dossier, "C40.2")
    _imaging(dossier)


def _leukaemia(dossier: Dossier) -> None:
    _crmo(dossier, "differential", onsetDateTime="2017-02")
    _also(dossier, "C91.0")
    _imaging(dossier)


def _infection(dossier: Dossier) -> None:
    _crmo(dossier, "provisional", onsetDateTime="2018-05")
    _also(dossier, "M86.1")
    dossier.add("Observation", status="final", code=concept(OBSERVATION, "infection-proven"), valueBoolean=True)
    _imaging(dossier)


def _era(dossier: Dossier) -> None:
    _crmo(dossier, "differential", onsetDateTime="2016-11")
    _also(dossier, "M08.1")
    _imaging(dossier)


def _billing_only(dossier: Dossier) -> None:
    stay = [concept(CONDITION_CATEGORY, "encounter-diagnosis")]
    _crmo(dossier, None, category=stay, recordedDate="2019-01-15")
    _crmo(dossier, None, category=stay, recordedDate="2019-04-02")


def _work_up(dossier: Dossier) -> None:
    _crmo(dossier, "provisional", onsetDateTime="2020-01")
    _also(dossier, "M86.9", "provisional")
    _also(dossier, "C40.2", "refuted")
    _imaging(dossier, result="")


def _radiograph_only(dossier: Dossier) -> None:
    _crmo(dossier, onsetDateTime="2015-06")
    _imaging(dossier, "DX")


def _onset_in_words(dossier: Dossier) -> None:
    _crmo(dossier, onsetString="à l'adolescence")
    _imaging(dossier)


def _onset_around_eighteen(dossier: Dossier) -> None:
    age = {"unit": "ans", "system": _UCUM, "code": "a"}
    _crmo(dossier, onsetRange={"low": {"value": 16, **age}, "high": {"value": 19, **age}})
    _imaging(dossier)


def _onset_year_of_majority(dossier: Dossier) -> None:
    _crmo(dossier, onsetDateTime="2018")
    _imaging(dossier)


def _no_imaging(dossier: Dossier) -> None:
    _crmo(dossier, onsetPeriod={"start": "2012-03", "end": "2012-06"})


def _text_only(dossier: Dossier) -> None:
    _also(dossier, "R69", text="OCMR probable, ostéite multifocale")
    _imaging(dossier)


def _working_code_only(dossier: Dossier) -> None:
    _also(dossier, "M86.9", "provisional")


def _backwards(dossier: Dossier) -> None:
    _crmo(dossier, onsetDateTime="2016-05", extension=[{"url": _ASSERTED, "valueDateTime": "2014-01"}])
    _imaging(dossier)


def _before_birth(dossier: Dossier) -> None:
    _crmo(dossier, onsetDateTime="2005-05")
    _imaging(dossier)


STRANGERS = (
    Stranger("adult", "ineligible", "1979-04-02", _adult),
    Stranger("just-eighteen", "ineligible", "1996-03-01", _just_eighteen),
    Stranger("tumour", "ineligible", "2006-08-14", _tumour),
    Stranger("leukaemia", "ineligible", "2011-08-14", _leukaemia),
    Stranger("infection", "ineligible", "2009-10-20", _infection),
    Stranger("enthesitis", "ineligible", "2004-12-05", _era),
    Stranger("billing-only", "undetermined", "2007-02-11", _billing_only),
    Stranger("work-up", "undetermined", "2010-09-09", _work_up),
    Stranger("radiograph-only", "undetermined", "2005-01-30", _radiograph_only),
    Stranger("onset-in-words", "undetermined", None, _onset_in_words),
    Stranger("onset-around-eighteen", "undetermined", "1999", _onset_around_eighteen),
    Stranger("onset-year-of-majority", "undetermined", "2000-06", _onset_year_of_majority),
    Stranger("no-imaging", "undetermined", "2003-11-08", _no_imaging),
    Stranger("text-only", "unusable", "2008-07-07", _text_only),
    Stranger("working-code-only", "unusable", "2012-05-21", _working_code_only),
    Stranger("backwards", "unusable", "2008-03-03", _backwards),
    Stranger("before-birth", "unusable", "2009-03-03", _before_birth),
)
