"""Cases around the cohort that must not be taken: other diseases, adults, withdrawn records, unfinished work-ups.

Each starts as an eligible child and differs in one respect, so that one criterion decides.

Takes from: the lower rooms of synthetic.  Gives to: synthetic.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import date, timedelta

from adapter.errors import Json
from adapter.synthetic.anatomy import draw_places
from adapter.synthetic.chance import make_chance
from adapter.synthetic.draft import Draft, add_biopsy, add_lesions, start_draft
from adapter.synthetic.incidentals import ICD10

CLOSED_ON = date(2011, 5, 31)
ORPHA = "https://www.orpha.net"
SCT = "http://snomed.info/sct"

Twist = Callable[[Draft], None]


def make_look_alikes(seed: int) -> list[tuple[Json, str]]:
    """Cases with the reason why they are none of ours.

    Shapes:  returns  (case, why); why starts with the decision under rule set SA, "ineligible: " or "undetermined: "
    """
    rng = make_chance("look-alikes", seed)
    return [_make(rng, number, why, twist) for number, (why, twist) in enumerate(_TWISTS, 1)]


def _make(rng: random.Random, number: int, why: str, twist: Twist) -> tuple[Json, str]:
    onset = rng.randint(5 * 365, 14 * 365)
    diagnosed = onset + rng.randint(60, 700)
    last_visit = diagnosed + rng.randint(100, 900)
    born = CLOSED_ON - timedelta(days=last_visit + rng.randint(30, 300))
    draft = start_draft(rng, f"LA-{number:02}", born, (onset, diagnosed, last_visit))
    draft.case["patient"]["sex"] = rng.choice(("female", "male"))
    draft.case["inclusion_date"] = draft.day(last_visit)
    draft.sites = draw_places(rng, rng.choice((1, 1, 2, 3)), set(), lower_limb=0.6)
    add_lesions(draft, rng.choice(("MR", "NM")))
    twist(draft)
    return draft.case, why


def _also(category: str, certainty: str | None, system: str, code: str) -> Twist:
    """Another diagnosis beside the confirmed CRMO, made during the work-up."""

    def twist(draft: Draft) -> None:
        other: Json = {"category": category, "code": {"system": system, "code": code}}
        other |= {"certainty": certainty} if certainty else {}
        draft.case["other_diagnoses"] = [{**other, "date": draft.day(draft.work_up())}]

    return twist


def _certainty(certainty: str | None) -> Twist:
    def twist(draft: Draft) -> None:
        draft.case["diagnosis"].pop("certainty")
        if certainty:
            draft.case["diagnosis"]["certainty"] = certainty

    return twist


def _onset(onset: Json) -> Twist:
    def twist(draft: Draft) -> None:
        draft.case["diagnosis"]["onset"] = onset

    return twist


def _disease(code: str) -> Twist:
    def twist(draft: Draft) -> None:
        draft.case["diagnosis"]["code"] = code

    return twist


def _grown_up(draft: Draft) -> None:
    """The same illness, 20 years of life later: the child is born 20 years earlier."""
    draft.case["patient"]["birth_date"] = str(draft.born.year - 20)


def _grown_up_by_age(draft: Draft) -> None:
    """No birth date is sent; the age at the first symptom says enough."""
    draft.case["patient"].pop("birth_date")
    draft.case["diagnosis"]["onset"] = {"age": {"value": 31, "unit": "a"}}


def _infected(draft: Draft) -> None:
    add_biopsy(draft, "positive")
    draft.case["findings"] = {"infection_proven": "yes"}


def _culture_open(draft: Draft) -> None:
    add_biopsy(draft, "positive")


def _imaging_without_result(draft: Draft) -> None:
    for study in draft.case["imaging_studies"]:
        study.pop("result")
    draft.case.pop("imaging_lesions")


def _imaging_negative(draft: Draft) -> None:
    for study in draft.case["imaging_studies"]:
        study["result"] = "negative"
    draft.case.pop("imaging_lesions")


def _radiograph_only(draft: Draft) -> None:
    draft.case["imaging_studies"] = draft.case["imaging_studies"][:1]
    draft.case.pop("imaging_lesions")


def _year_of_eighteen(draft: Draft) -> None:
    year = draft.born.year + draft.onset // 365
    draft.case["patient"]["birth_date"] = str(year - 18)
    draft.case["diagnosis"]["onset"] = {"date": str(year)}
    draft.case["diagnosis"]["date"] = str(year)


def _nothing_but_the_code(draft: Draft) -> None:
    for section in ("clinical_lesions", "imaging_lesions", "imaging_studies"):
        draft.case.pop(section)
    draft.case["diagnosis"] = {"code": "crmo"}


_TWISTS: tuple[tuple[str, Twist], ...] = (
    ("ineligible: osteosarcoma confirmed", _also("tumour", "confirmed", ICD10, "C40.2")),
    ("ineligible: Ewing sarcoma confirmed", _also("tumour", "confirmed", ORPHA, "319")),
    ("ineligible: acute lymphoblastic leukaemia confirmed", _also("tumour", "confirmed", ICD10, "C91")),
    ("ineligible: Langerhans cell histiocytosis confirmed", _also("tumour", "confirmed", ICD10, "C96.6")),
    ("ineligible: osteoid osteoma confirmed", _also("tumour", "confirmed", SCT, "302859004")),
    ("ineligible: acute osteomyelitis confirmed", _also("infection", "confirmed", ICD10, "M86.1")),
    ("ineligible: subacute osteomyelitis confirmed", _also("infection", "confirmed", ICD10, "M86.2")),
    ("ineligible: tuberculosis of bone confirmed", _also("infection", "confirmed", ICD10, "A18.0")),
    ("ineligible: infection adjudicated as proven", _infected),
    ("ineligible: enthesitis related arthritis confirmed", _also("era", "confirmed", ORPHA, "85438")),
    ("ineligible: juvenile ankylosing spondylitis confirmed", _also("era", "confirmed", ICD10, "M08.1")),
    ("ineligible: first symptom as an adult, by dates", _grown_up),
    ("ineligible: first symptom as an adult, by age", _grown_up_by_age),
    ("ineligible: CRMO refuted", _certainty("refuted")),
    ("ineligible: CRMO entered in error", _certainty("entered-in-error")),
    ("ineligible: SAPHO", _disease("sapho")),
    ("ineligible: Majeed syndrome", _disease("majeed")),
    ("ineligible: MRI and scintigraphy negative", _imaging_negative),
    ("undetermined: imaging done, result not recorded", _imaging_without_result),
    ("undetermined: radiograph only", _radiograph_only),
    ("undetermined: certainty of the diagnosis not recorded", _certainty(None)),
    ("undetermined: diagnosis provisional", _certainty("provisional")),
    ("undetermined: diagnosis in the differential", _certainty("differential")),
    ("undetermined: onset in words only", _onset({"text": "dans la petite enfance"})),
    ("undetermined: onset in the year of the 18th birthday", _year_of_eighteen),
    ("undetermined: positive culture, not adjudicated", _culture_open),
    ("undetermined: tumour still in the differential", _also("tumour", "differential", ICD10, "D48.0")),
    ("undetermined: juvenile arthritis of unknown category", _also("era", None, ICD10, "M08.8")),
    ("undetermined: nothing but the code", _nothing_but_the_code),
)
