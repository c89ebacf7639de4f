"""Seventy cases that make the table of the French national database, to the last count.

The clinical localisations follow the only reading under which the printed 2.33 ± 1.3 is possible: over all 70
(sum 163, sum of squares 497). The conflict "lower limb 7 = leg 3 + thigh 2 + ankle 3" is one child whose tibia is
affected in its shaft and at its lower end: one localisation by bone and side, coded at the leg and at the ankle.
Of the 15 given antibiotics after the biopsy, 10 grew nothing and are judged free of infection; 5 grew a germ that was
judged a contaminant, so no infection excludes them.

Takes from: dates, the other rooms of synthetic.  Gives to: synthetic.
Source: Wipff et al., Pediatr Rheumatol 2011;9(S1):O34
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import date, timedelta

from adapter.dates import DAYS_PER_MONTH, DAYS_PER_YEAR
from adapter.errors import Json
from adapter.synthetic.anatomy import Place, draw_places
from adapter.synthetic.chance import make_chance
from adapter.synthetic.draft import Draft, add_lesions, start_draft
from adapter.synthetic.durations import even_days, skewed_days
from adapter.synthetic.french_course import add_biopsies, add_findings, add_outcomes, add_treatments
from adapter.synthetic.incidentals import add_incidentals

SIZE = 70
GIRLS = 46
CLOSED_ON = date(2011, 5, 31)

# Clinical localisations of the 51 multifocal, and all localisations seen by imaging of the same patients: together
# with the unifocal below, sum 163 and sum of squares 497, sum 187 and sum of squares 693.
_MULTIFOCAL = (
    *[(2, 2)] * 29,
    *[(2, 3)] * 2,
    *[(3, 3)] * 6,
    *[(4, 4)] * 4,
    *[(4, 5)] * 4,
    (5, 6),
    (5, 6),
    (5, 7),
    (5, 7),
    (6, 8),
    (6, 8),
)
_MORE_BY_IMAGING = 8
_ELSEWHERE = ("clavicle", "clavicle", "clavicle", "vertebra", "vertebra", "mandible", "pelvis", "ilium")
_OTHER_ELSEWHERE = ("humerus", "radius", "sternum", "rib")
_MIDLINE = ("vertebra", "mandible", "sternum")


def make_french_cohort(seed: int) -> list[Json]:
    """Seventy eligible cases; the seed moves who has what and when, never a count, a mean or an SD.

    Shapes:  returns  cases valid against the schema, free of contradictions, eligible under rule set SA
    """
    rng = make_chance("SA", seed)
    drafts = list(_start(rng))
    unifocal = _add_sites(rng, drafts)
    confirming = rng.choices(("MR", "NM"), (2, 1), k=SIZE)
    for draft, modality in zip(drafts, confirming, strict=True):
        add_lesions(draft, modality)
    _add_leg_and_ankle(unifocal)
    add_findings(rng, drafts)
    add_biopsies(rng, drafts)
    add_treatments(rng, drafts)
    add_outcomes(rng, drafts)
    add_incidentals(rng, drafts)
    return [draft.case for draft in drafts]


def _start(rng: random.Random) -> Iterator[Draft]:
    sexes = rng.sample(["female"] * GIRLS + ["male"] * (SIZE - GIRLS), SIZE)
    for number, (days, included, sex) in enumerate(zip(*_days(rng), sexes, strict=True), 1):
        latest = max(included, days[2]) + rng.randint(700, 1100)
        draft = start_draft(rng, f"SA-{number:02}", CLOSED_ON - timedelta(days=latest), days)
        draft.case["inclusion_date"] = draft.day(included)
        draft.case["patient"]["sex"] = sex
        yield draft


def _days(rng: random.Random) -> tuple[list[tuple[int, int, int]], list[int]]:
    """(onset, diagnosis, last visit) and inclusion, in days of life, patient by patient."""
    diagnosed = even_days(rng, SIZE, 10.9, 3.90, (2.0, 17.9), DAYS_PER_YEAR)
    included = even_days(rng, SIZE, 15.71, 4.61, (4.5, 26.0), DAYS_PER_YEAR)
    delays = skewed_days(rng, SIZE, 22.63, 34.14, (0.2, 190.0), DAYS_PER_MONTH)
    follow_ups = skewed_days(rng, SIZE, 50.66, 44.2, (0.5, 260.0), DAYS_PER_MONTH)
    rng.shuffle(diagnosed)
    included = _fit(rng, diagnosed, included)
    delays = _fit_under(rng, diagnosed, delays)
    order = sorted(range(SIZE), key=lambda i: included[i] - diagnosed[i] + rng.uniform(-500, 500))
    follow_up_of = dict(zip(order, follow_ups, strict=True))
    days = [(age - delays[i], age, age + follow_up_of[i]) for i, age in enumerate(diagnosed)]
    return days, included


def _fit(rng: random.Random, floors: list[int], values: list[int]) -> list[int]:
    """Deal values so that each is at least its floor; the hardest to please choose first."""
    left = sorted(values)
    dealt = [0] * len(floors)
    for i in sorted(range(len(floors)), key=lambda i: -floors[i]):
        fitting = [value for value in left if value >= floors[i]]
        dealt[i] = rng.choice(fitting)
        left.remove(dealt[i])
    return dealt


def _fit_under(rng: random.Random, ages: list[int], delays: list[int]) -> list[int]:
    """Deal delays so that nobody falls ill before half a year of age; the longest delays choose first."""
    free = list(range(len(ages)))
    dealt = [0] * len(ages)
    for delay in sorted(delays, reverse=True):
        i = rng.choice([i for i in free if ages[i] - delay >= 180])
        dealt[i] = delay
        free.remove(i)
    return dealt


def _add_sites(rng: random.Random, drafts: list[Draft]) -> list[Draft]:
    """Give everybody clinical sites and silent ones; the 19 unifocal come back, the lower limb first."""
    shuffled = rng.sample(drafts, SIZE)
    unifocal, multifocal = shuffled[:19], shuffled[19:]
    for draft, place in zip(unifocal, _unifocal_places(rng), strict=True):
        draft.sites = [place]
    for draft in rng.sample(unifocal, _MORE_BY_IMAGING):
        draft.silent = draw_places(rng, 1, set(draft.sites), lower_limb=0.5)
    for draft, (clinical, imaging) in zip(multifocal, _MULTIFOCAL, strict=True):
        draft.sites = draw_places(rng, 1, set(), lower_limb=0.9)
        draft.sites += draw_places(rng, clinical - 1, set(draft.sites), lower_limb=0.6)
        draft.silent = draw_places(rng, imaging - clinical, set(draft.sites), lower_limb=0.5)
    return unifocal


def _unifocal_places(rng: random.Random) -> list[Place]:
    """Leg and ankle in one child, leg twice, thigh twice, ankle twice; then 12 away from the lower limb."""
    lower = ("tibia", "tibia", "fibula", "femur", "femur", "ankle", "ankle")
    others = [*_ELSEWHERE, *_OTHER_ELSEWHERE]
    return [(bone, "midline" if bone in _MIDLINE else rng.choice(("left", "right"))) for bone in (*lower, *others)]


def _add_leg_and_ankle(unifocal: list[Draft]) -> None:
    """The child coded at two sites of one bone, and two whose leg lesion is certainly not at the ankle."""
    for draft, segment in zip(unifocal[:3], ("shaft", "proximal", "shaft"), strict=True):
        draft.lesions_of("clinical_lesions")[0]["segment"] = segment
    both = unifocal[0].lesions_of("clinical_lesions")
    both.append({**both[0], "segment": "distal"})
