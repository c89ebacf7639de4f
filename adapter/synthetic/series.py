"""Seventeen cases that make the table of the retrospective series of children.

Takes from: dates, the lower rooms of synthetic.  Gives to: synthetic.
Source: Coinde et al., Arch Pediatr 2001;8(6):577-583
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from datetime import date, timedelta

from adapter.dates import DAYS_PER_YEAR
from adapter.errors import Json
from adapter.synthetic.anatomy import draw_places
from adapter.synthetic.chance import make_chance
from adapter.synthetic.draft import Draft, add_biopsy, add_lesions, start_draft
from adapter.synthetic.medicines import make_treatment

SIZE = 17
BOYS = 5
CLOSED_ON = date(2000, 12, 31)

_OUTCOMES = (
    *["lost_to_follow_up"] * 4,
    *["persistent_pain_on_treatment"] * 3,
    *["asymptomatic_on_treatment"] * 2,
    *["minimal_symptoms"] * 5,
    *["remission_off_treatment"] * 3,
)
_DERMATOSES = ("psoriasis", "palmoplantar_pustulosis", "acne", "pyoderma_gangrenosum")


def make_series(seed: int) -> list[Json]:
    """Seventeen cases; the seed moves who has what and when, never a count, mean, median or range.

    Shapes:  returns  cases valid against the schema, free of contradictions, eligible under rule set SB
    """
    rng = make_chance("SB", seed)
    drafts = list(_start(rng))
    _add_sites(rng, drafts)
    _add_findings(rng, drafts)
    _add_treatments(rng, drafts)
    for draft, status in zip(rng.sample(drafts, SIZE), _OUTCOMES, strict=True):
        draft.case["outcome"]["status"] = status
        if status == "remission_off_treatment":
            draft.case["diagnosis"]["clinical_status"] = "remission"
    return [draft.case for draft in drafts]


def _start(rng: random.Random) -> Iterator[Draft]:
    sexes = rng.sample(["male"] * BOYS + ["female"] * (SIZE - BOYS), SIZE)
    delays = rng.sample([14, 1826, *(rng.randint(30, 1400) for _ in range(SIZE - 2))], SIZE)
    rows = zip(_follow_ups(rng), delays, sexes, strict=True)
    for number, (follow_up, delay, sex) in enumerate(rows, 1):
        onset = rng.randint(4 * 365, 10 * 365)
        diagnosed = onset + delay
        last_visit = diagnosed + follow_up
        born = CLOSED_ON - timedelta(days=last_visit + rng.randint(60, 400))
        draft = start_draft(rng, f"SB-{number:02}", born, (onset, diagnosed, last_visit))
        draft.case["patient"]["sex"] = sex
        draft.case["inclusion_date"] = draft.day(last_visit)
        yield draft


def _follow_ups(rng: random.Random) -> list[int]:
    """Days: half a year to 25 years, median 4, sum 17 times 7.5 years; pairs move against each other."""
    years = [0.5, 1.0, 1.5, 2.0, 2.0, 2.5, 3.0, 3.5, 4.0, 6.0, 8.0, 9.5, 11.0, 13.5, 16.0, 18.5, 25.0]
    for low, high in ((1, 7), (2, 6), (3, 5), (9, 15), (10, 14), (11, 13)):
        shift = rng.uniform(0, 0.4)
        years[low] += shift
        years[high] -= shift
    return rng.sample([round(each * DAYS_PER_YEAR) for each in years], SIZE)


def _add_sites(rng: random.Random, drafts: Sequence[Draft]) -> None:
    """Monostotic at first in three; scintigraphy finds silent sites in six."""
    monostotic = rng.sample(drafts, 3)
    silent = rng.sample(drafts, 6)
    for draft in drafts:
        count = 1 if draft in monostotic else rng.choice((2, 2, 3, 4))
        draft.sites = draw_places(rng, count, set(), lower_limb=0.6)
        if draft in silent:
            draft.silent = draw_places(rng, rng.choice((1, 2)), set(draft.sites), lower_limb=0.5)
        add_lesions(draft, "NM")
    for draft in rng.sample(drafts, 12):
        _forget_radiograph(draft)


def _forget_radiograph(draft: Draft) -> None:
    """Most first radiographs were normal."""
    draft.case["imaging_studies"][0]["result"] = "negative"
    draft.case["imaging_lesions"] = [each for each in draft.case["imaging_lesions"] if each["study"] != "s1"]


def _add_findings(rng: random.Random, drafts: Sequence[Draft]) -> None:
    for draft in rng.sample(drafts, 7):
        add_biopsy(draft, "negative")
        draft.case["biopsies"][0]["histology"] = "nonspecific_inflammation"
    for draft in rng.sample(drafts, 8):
        timing = rng.choice(("at_onset", "during_course"))
        draft.case["comorbidities"] = [{"type": rng.choice(_DERMATOSES), "timing": timing}]
    for number, draft in enumerate(rng.sample(drafts, SIZE)):
        draft.case["findings"] = {"family_history_cno": "yes" if number == 0 else "no"}


def _add_treatments(rng: random.Random, drafts: Sequence[Draft]) -> None:
    """A trial of antibiotics in seven without effect; durable remission in two, on sulfasalazine and bisphosphonate."""
    for draft in rng.sample(drafts, 7):
        day = draft.work_up()
        _give(draft, "antibiotic", day, "none", stop=draft.day(day + rng.randint(14, 60)), status="completed")
    for draft in drafts:
        _give(draft, "nsaid", draft.diagnosed, rng.choice(("transient", "partial", "none")), line=1)
        if rng.random() < 0.4:
            _give(draft, "corticosteroid", draft.diagnosed + rng.randint(20, 90), rng.choice(("transient", "partial")))
    for draft in rng.sample(drafts, 2):
        for drug_class in ("sulfasalazine", "bisphosphonate"):
            _give(draft, drug_class, draft.diagnosed + rng.randint(100, 150), "durable")


def _give(draft: Draft, drug_class: str, day: int, response: str, **facts: str | int) -> None:
    treatment = make_treatment(draft.rng, drug_class, start=draft.day(day), response=response, **facts)
    draft.case.setdefault("treatments", []).append({"status": "active", **treatment})
