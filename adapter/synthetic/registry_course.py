"""Biopsy, treatments, outcome and sequelae of the children of a registry.

Takes from: the lower rooms of synthetic.  Gives to: synthetic.registry_cohort.
Source: Pediatr Rheumatol 2011;9(S1):O34
"""

from __future__ import annotations

from adapter.dates import DAYS_PER_MONTH
from adapter.errors import Json
from adapter.synthetic.draft import Draft, add_biopsy
from adapter.synthetic.medicines import make_treatment

# Biopsy in 45/70: a single site is biopsied more often.
_BIOPSY = {True: 0.85, False: 0.5625}
# Antibiotics after 15/45 biopsies: more often when there is fever.
_ANTIBIOTICS = {True: 0.5, False: 0.2925}
_NSAID = 68 / 70
# A second line in about a fifth, more often with many sites; 4/70 bisphosphonate and 3/70 anti-TNF among them.
_SECOND_LINE = {True: 0.11, False: 0.25}
_CLASSES = {"bisphosphonate": 4, "anti_tnf": 3, "sulfasalazine": 3, "methotrexate": 3, "corticosteroid": 2}
# Remission in 23/70 at the last visit: it takes time.
_REMISSION = {"short": 0.215, "long": 0.41}
_LONG_MONTHS = 37
_OTHERWISE = {
    **{"asymptomatic_on_treatment": 9, "minimal_symptoms": 12, "persistent_pain_on_treatment": 8, "active": 10},
    **{"lost_to_follow_up": 1, "unknown": 1},
}
# Sequelae in 16/70: local deformation 8, delay of growth 6, vertebral fracture 2, the last in affected spines only.
_SEQUELAE = {"local_deformation": 8 / 70, "growth_delay": 6 / 70}
_FRACTURE_IN_SPINE = 0.19
_DERMATOSES = ("psoriasis", "palmoplantar_pustulosis", "acne", "pyoderma_gangrenosum")
_RESPONSES = ("durable", "partial", "transient", "none", "unknown")


def add_course(draft: Draft) -> None:
    """What was done and how it went."""
    unifocal = len(draft.sites) == 1
    _add_biopsy(draft, unifocal=unifocal)
    _add_treatments(draft, unifocal=unifocal)
    _add_outcome(draft)
    _add_sequela(draft)
    if draft.rng.random() < 0.2:
        draft.case["comorbidities"] = [{"type": draft.rng.choice(_DERMATOSES), "timing": "during_course"}]
    if draft.rng.random() < 0.6:
        pain = {"measure": "pain", "value": draft.rng.randint(0, 10), "unit": "1", "date": draft.day(draft.last_visit)}
        draft.case["assessments"] = [pain]


def _add_biopsy(draft: Draft, *, unifocal: bool) -> None:
    rng = draft.rng
    if rng.random() >= _BIOPSY[unifocal]:
        draft.case["biopsies"] = []
        return
    day = add_biopsy(draft, rng.choices(("negative", "not_done", "contaminant"), (30, 5, 5))[0])
    fever = draft.case.get("findings", {}).get("fever") == "yes"
    if rng.random() < _ANTIBIOTICS[fever]:
        start = day + rng.randint(0, 20)
        _give(draft, "antibiotic", start, start + rng.randint(14, 90), response="none")


def _add_treatments(draft: Draft, *, unifocal: bool) -> None:
    rng, start = draft.rng, draft.work_up()
    switched = rng.random() < _SECOND_LINE[unifocal]
    first = "nsaid" if rng.random() < _NSAID else rng.choice(("corticosteroid", "colchicine"))
    stop = draft.diagnosed + rng.randint(60, 300)
    ends = switched or rng.random() < 0.5
    _give(draft, first, start, stop if ends else None, response=rng.choice(_RESPONSES), line=1)
    if switched:
        second = rng.choices(list(_CLASSES), list(_CLASSES.values()))[0]
        if second == first:
            second = "bisphosphonate"
        _give(draft, second, stop, None, response=rng.choice(_RESPONSES), line=2)


def _give(draft: Draft, drug_class: str, start: int, stop: int | None, **facts: str | int) -> None:
    ended: Json = {"stop": draft.day(stop), "status": "completed"} if stop else {"status": "active"}
    treatment = make_treatment(draft.rng, drug_class, start=draft.day(start), **ended, **facts)
    draft.case.setdefault("treatments", []).append(treatment)


def _add_outcome(draft: Draft) -> None:
    rng = draft.rng
    draft.case["outcome"] = {"last_visit_date": draft.day(draft.last_visit)}
    followed = (draft.last_visit - draft.diagnosed) / DAYS_PER_MONTH
    if rng.random() < _REMISSION["long" if followed > _LONG_MONTHS else "short"]:
        draft.case["diagnosis"]["clinical_status"] = "remission"
        draft.case["outcome"]["status"] = "remission_off_treatment"
    else:
        draft.case["outcome"]["status"] = rng.choices(list(_OTHERWISE), list(_OTHERWISE.values()))[0]


def _add_sequela(draft: Draft) -> None:
    rng, draw = draft.rng, draft.rng.random()
    spine = any(bone == "vertebra" for bone, _ in (*draft.sites, *draft.silent))
    sequelae: list[Json] = []
    if draw < _SEQUELAE["local_deformation"]:
        sequelae = [{"type": "local_deformation", "site": draft.sites[0][0]}]
    elif draw < sum(_SEQUELAE.values()):
        sequelae = [{"type": "growth_delay"}]
    elif spine and rng.random() < _FRACTURE_IN_SPINE:
        sequelae = [{"type": "vertebral_fracture", "site": "vertebra"}]
    draft.case["sequelae"] = sequelae
