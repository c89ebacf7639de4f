"""Any number of eligible children as a registry of the French size and habits would hold them.

Numbers come from the 164-patient report where it prints them (sex, age at diagnosis, delay, focality, sites, fever,
inflammatory syndrome), from the 70-patient abstract for the rest. What goes with what follows the three groups of the
report of 2015: boys with many inflamed sites, one site at the clavicle, and girls in between; their weights are chosen
so that the printed totals come out. Each table below says which total it makes.

Takes from: dates, the lower rooms of synthetic.  Gives to: synthetic.
Source: Ann Rheum Dis 2013;72(S3):A50 (164 patients); Pediatr Rheumatol 2011;9(S1):O34 (70); a report of 2015 (178)
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from adapter.dates import DAYS_PER_MONTH, DAYS_PER_YEAR
from adapter.errors import Json
from adapter.synthetic.anatomy import draw_places
from adapter.synthetic.chance import make_chance
from adapter.synthetic.draft import Draft, add_lesions, start_draft
from adapter.synthetic.registry_course import add_course

CLOSED_ON = date(2024, 12, 31)
_CENTRES = 40
_BY_MRI = 0.75


@dataclass(frozen=True)
class _Group:
    """One of the three groups of 2015, with its share of the children and what is more or less frequent in it."""

    share: float
    female: float
    unifocal: float
    inflammatory: float
    skin: float
    clavicle: float


# Totals: girls 0.70 (115/164), unifocal 0.28 (46/164), inflammatory syndrome 0.665 (109/164), skin 0.43 (30/70).
_GROUPS = (
    _Group(0.26, female=0.25, unifocal=0.05, inflammatory=0.90, skin=0.50, clavicle=0.15),
    _Group(0.24, female=0.70, unifocal=0.80, inflammatory=0.45, skin=0.45, clavicle=0.60),
    _Group(0.50, female=0.93, unifocal=0.15, inflammatory=0.645, skin=0.385, clavicle=0.20),
)
# Fever 0.195 (32/164): rare without inflammation.
_FEVER = {True: 0.27, False: 0.05}


def make_cohort(n: int, seed: int) -> Iterator[Json]:
    """n cases, one after the other; case i depends on the seed and on i alone.

    Shapes:  yields  cases valid against the schema, free of contradictions, eligible under rule set SA
    """
    return (_make(make_chance(f"cohort {seed}", number), f"R{seed}-{number:07}") for number in range(1, n + 1))


def _make(rng: random.Random, case_id: str) -> Json:
    (group,) = rng.choices(_GROUPS, [each.share for each in _GROUPS])
    days = _days(rng)
    _, diagnosed, last_visit = days
    born = CLOSED_ON - timedelta(days=last_visit + rng.randint(30, 5000))
    draft = start_draft(rng, case_id, born, days)
    draft.case["patient"]["sex"] = "female" if rng.random() < group.female else "male"
    draft.case["centre"] = f"centre-{_centre(rng):02}"
    draft.case["inclusion_date"] = draft.day(rng.randint(diagnosed, last_visit))
    _add_sites(draft, group)
    _add_findings(draft, group)
    add_course(draft)
    _blur(draft)
    return draft.case


def _days(rng: random.Random) -> tuple[int, int, int]:
    """Onset, diagnosis and last visit in days of life: 11.1 ± 2.9 years, 18 ± 25.5 and 50.7 ± 44.2 months."""
    while True:
        age = (2 + 16 * rng.betavariate(3.67, 2.78)) * DAYS_PER_YEAR
        # A delay longer than the life before it is drawn again; the law is wider to make up for it.
        delay = rng.lognormvariate(2.2, 1.6) * DAYS_PER_MONTH
        if age - delay > 0.5 * DAYS_PER_YEAR:
            break
    follow_up = rng.gammavariate(1.314, 50.66 / 1.314) * DAYS_PER_MONTH
    return int(age - delay), int(age), int(age + follow_up)


def _centre(rng: random.Random) -> int:
    """Few centres follow many children, many follow few."""
    return rng.choices(range(1, _CENTRES + 1), [1 / (rank + 2) for rank in range(_CENTRES)])[0]


def _add_sites(draft: Draft, group: _Group) -> None:
    """Multifocal: 3.4 ± 1.7 sites. Imaging shows more in 8 of 19 with one site, in the others 0.4 more on average."""
    rng = draft.rng
    unifocal = rng.random() < group.unifocal
    count = 1 if unifocal else 2 + _negative_binomial(rng, mean=1.4, shape=1.3155)
    if rng.random() < group.clavicle:
        draft.sites = [("clavicle", rng.choice(("left", "right")))]
    draft.sites += draw_places(rng, max(0, min(count, 16) - len(draft.sites)), set(draft.sites), lower_limb=0.6)
    silent = (rng.random() < 8 / 19) if unifocal else _negative_binomial(rng, mean=0.4, shape=1)
    draft.silent = draw_places(rng, min(int(silent), 4), set(draft.sites), lower_limb=0.5)
    add_lesions(draft, "MR" if rng.random() < _BY_MRI else "NM")


def _negative_binomial(rng: random.Random, *, mean: float, shape: float) -> int:
    """Counts that vary more than chance alone would make them."""
    limit, product, count = math.exp(-rng.gammavariate(shape, mean / shape)), rng.random(), 0
    while product > limit:
        product *= rng.random()
        count += 1
    return count


def _add_findings(draft: Draft, group: _Group) -> None:
    rng = draft.rng
    inflamed = rng.random() < group.inflammatory
    _find(draft, "inflammatory_syndrome", holds=inflamed)
    _find(draft, "fever", holds=rng.random() < _FEVER[inflamed])
    _find(draft, "skin_inflammation_over_lesion", holds=rng.random() < group.skin)
    _find(draft, "family_history_cno", holds=rng.random() < 0.04)
    if rng.random() < 0.8:
        day = draft.day(draft.work_up())
        crp = rng.lognormvariate(3.2, 0.6) + 10 if inflamed else rng.uniform(0, 9.9)
        sedimentation = rng.randint(20, 90) if inflamed else rng.randint(2, 18)
        draft.case["laboratory"] = [
            {"test": "crp", "value": round(crp, 1), "unit": "mg/L", "date": day},
            {"test": "esr", "value": sedimentation, "unit": "mm/h", "date": day},
        ]


def _find(draft: Draft, finding: str, *, holds: bool) -> None:
    """Silent or unknown by chance alone, so that the share among the assessed stays."""
    told = draft.rng.random()
    if told < 0.92:
        word = "unknown" if told < 0.03 else "yes" if holds else "no"
        draft.case.setdefault("findings", {})[finding] = word


def _blur(draft: Draft) -> None:
    """Not every date is known to the day."""
    diagnosis = draft.case["diagnosis"]
    for section, key in ((diagnosis["onset"], "date"), (diagnosis, "date")):
        if draft.rng.random() < 0.15:
            section[key] = section[key][:7]
