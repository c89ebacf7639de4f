"""A synthetic patient in the making: days of life as numbers, a case at the end.

Takes from: nothing.  Gives to: the other rooms of synthetic.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import date, timedelta

from adapter.errors import Json
from adapter.synthetic.anatomy import Place, make_lesion


@dataclass
class Draft:
    """What is known of a patient while the case is put together.

    Shapes:  case      the case so far
             sites     clinical localisations; silent: further ones that only imaging shows
    Units:   onset, diagnosed, last_visit in days of life
    """

    rng: random.Random
    born: date
    onset: int
    diagnosed: int
    last_visit: int
    case: Json
    sites: list[Place] = field(default_factory=list)
    silent: list[Place] = field(default_factory=list)

    def day(self, age_days: int) -> str:
        return (self.born + timedelta(days=age_days)).isoformat()

    def work_up(self) -> int:
        """A day of life between onset and diagnosis, late rather than early: when examinations are done."""
        return self.diagnosed - self.rng.randint(0, min(120, self.diagnosed - self.onset))

    def lesions_of(self, list_field: str) -> list[Json]:
        lesions: list[Json] = self.case.setdefault(list_field, [])
        return lesions


def start_draft(rng: random.Random, case_id: str, born: date, days: tuple[int, int, int]) -> Draft:
    """A confirmed CRMO with its dates, to the day.

    Units:   days  onset, diagnosis, last visit, in days of life
    """
    onset, diagnosed, last_visit = days
    draft = Draft(rng, born, onset, diagnosed, last_visit, {"case_id": case_id, "opposition": "not_opposed"})
    draft.case["patient"] = {"sex": "unknown", "birth_date": born.isoformat(), "vital_status": "alive"}
    draft.case["diagnosis"] = {
        "code": "crmo",
        "certainty": "confirmed",
        "clinical_status": "active",
        "onset": {"date": draft.day(onset)},
        "date": draft.day(diagnosed),
    }
    draft.case["outcome"] = {"last_visit_date": draft.day(last_visit)}
    return draft


def add_lesions(draft: Draft, confirming: str) -> None:
    """Clinical lesions at the sites; a radiograph, then a study of the confirming modality that shows all of them."""
    rng = draft.rng
    for place in draft.sites:
        draft.lesions_of("clinical_lesions").append(make_lesion(rng, place))
    seen = rng.random() < 0.5
    radiograph: Json = {"modality": rng.choice(("CR", "DX")), "id": "s1", "date": draft.day(draft.work_up())}
    radiograph["result"] = "positive" if seen else "negative"
    study: Json = {"modality": confirming, "id": "s2", "date": draft.day(draft.work_up()), "result": "positive"}
    study["whole_body"] = len(draft.silent) > 0 or rng.random() < 0.4
    draft.case["imaging_studies"] = [radiograph, study]
    for number, place in enumerate([*draft.sites, *draft.silent]):
        lesion = {**make_lesion(rng, place), "modality": confirming, "study": "s2"}
        if seen and number == 0:
            draft.lesions_of("imaging_lesions").append({**lesion, "modality": radiograph["modality"], "study": "s1"})
        draft.lesions_of("imaging_lesions").append(lesion)


def add_biopsy(draft: Draft, microbiology: str) -> int:
    """A biopsy of the first site during the work-up; its day of life comes back."""
    bone, side = draft.sites[0]
    day = draft.work_up()
    histology = draft.rng.choices(("nonspecific_inflammation", "normal"), (9, 1))[0]
    biopsy = {"date": draft.day(day), "bone": bone, "side": side, "histology": histology, "microbiology": microbiology}
    draft.case.setdefault("biopsies", []).append(biopsy)
    return day
