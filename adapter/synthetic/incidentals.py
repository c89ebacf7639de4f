"""What a record holds beside what is counted: centre, family, comorbidities, scores, work-up diagnoses.

Takes from: the lower rooms of synthetic.  Gives to: synthetic.french_cohort, synthetic.series.
"""

from __future__ import annotations

import random
from collections.abc import Sequence

from adapter.errors import Json
from adapter.synthetic.draft import Draft

ICD10 = "http://hl7.org/fhir/sid/icd-10"
_COMORBIDITIES = ("psoriasis", "palmoplantar_pustulosis", "acne", "arthritis", "sacroiliitis", "enthesitis", "crohn")
_TIMINGS = ("before_onset", "at_onset", "during_course", "unknown")


def add_incidentals(rng: random.Random, drafts: Sequence[Draft]) -> None:
    """Details that no printed statistic counts, so that the seed may move them freely."""
    for draft in drafts:
        draft.case["centre"] = f"centre-{rng.randint(1, 9):02}"
        if rng.random() < 0.8:
            draft.case.setdefault("findings", {})["family_history_cno"] = rng.choices(("no", "yes"), (15, 1))[0]
        if rng.random() < 0.25:
            comorbidity = {"type": rng.choice(_COMORBIDITIES), "timing": rng.choice(_TIMINGS)}
            draft.case["comorbidities"] = [comorbidity]
        if rng.random() < 0.6:
            draft.case["assessments"] = _assessments(draft)
    for draft in rng.sample(drafts, 3):
        _consider(draft, "tumour", "refuted", rng.choice(("D16.2", "C40.2", "C96.6")))
    for draft in rng.sample(drafts, 3):
        _consider(draft, "infection", "provisional", rng.choice(("M86.9", "M86.6")))


def _assessments(draft: Draft) -> list[Json]:
    rng, day = draft.rng, draft.day(draft.last_visit)
    scores: list[Json] = [
        {"measure": "pain", "value": rng.randint(0, 10), "unit": "1", "date": day},
        {"measure": "physician_global", "value": rng.randint(0, 80) / 10, "unit": "1", "date": day},
        {"measure": "chaq", "value": rng.randint(0, 12) / 8, "unit": "1", "date": day},
        {"measure": "hla_b27", "value": rng.choice(("negative", "negative", "positive", "unknown")), "date": day},
        {"measure": "height_z", "value": rng.randint(-25, 20) / 10, "unit": "1", "date": day},
    ]
    return rng.sample(scores, rng.randint(1, 3))


def _consider(draft: Draft, category: str, certainty: str, code: str) -> None:
    """A diagnosis of the work-up, dated by its month at the latest when CRMO was found."""
    coding = {"system": ICD10, "code": code}
    month = draft.day(draft.work_up())[:7]
    considered = {"category": category, "certainty": certainty, "code": coding, "date": month}
    draft.case.setdefault("other_diagnoses", []).append(considered)
