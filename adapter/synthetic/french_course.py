"""Findings, biopsies, treatments and outcomes of the seventy, count by count.

Takes from: the lower rooms of synthetic.  Gives to: synthetic.french_cohort.
Source: Wipff et al., Pediatr Rheumatol 2011;9(S1):O34
"""

from __future__ import annotations

import random
from collections.abc import Sequence

from adapter.errors import Json
from adapter.synthetic.draft import Draft, add_biopsy
from adapter.synthetic.medicines import make_treatment

_SECOND_LINE = (
    *["bisphosphonate"] * 4,
    *["anti_tnf"] * 3,
    *["sulfasalazine"] * 3,
    *["methotrexate"] * 3,
    *["corticosteroid"] * 2,
)
# Third lines show that "ever" is not "second line": the abstract counts the second only.
_THIRD_LINE = ("bisphosphonate", "bisphosphonate", "anti_tnf")
_WITHOUT_NSAID = ("corticosteroid", "colchicine")
_SEQUELAE = (*["local_deformation"] * 8, *["growth_delay"] * 6, *["vertebral_fracture"] * 2)
_NOT_IN_REMISSION = (
    *["asymptomatic_on_treatment"] * 9,
    *["minimal_symptoms"] * 12,
    *["persistent_pain_on_treatment"] * 8,
    *["active"] * 10,
    *["lost_to_follow_up"] * 3,
    *["unknown"] * 2,
    *[""] * 3,
)


def add_findings(rng: random.Random, drafts: Sequence[Draft]) -> None:
    """Skin 30, fever 14 (2 by temperature), inflammatory syndrome 37 (10 by CRP); the rest no, unknown or silent."""
    silent = ("no", "no", "no", "no", "no", "no", "unknown", "")
    for number, draft in enumerate(rng.sample(drafts, len(drafts))):
        _find(draft, "skin_inflammation_over_lesion", "yes" if number < 30 else rng.choice(silent))
    for number, draft in enumerate(rng.sample(drafts, len(drafts))):
        _find(draft, "fever", "yes" if number < 12 else "" if number < 14 else rng.choice(silent))
        if number < 14:
            _measure(draft, "temperature", rng.randint(380, 396) / 10, "Cel")
    for number, draft in enumerate(rng.sample(drafts, len(drafts))):
        _find(draft, "inflammatory_syndrome", "yes" if number < 27 else "" if number < 37 else rng.choice(silent))
        _add_inflammation(draft, raised=number < 37)


def _add_inflammation(draft: Draft, *, raised: bool) -> None:
    rng = draft.rng
    if raised:
        _measure(draft, "crp", rng.randint(110, 900) / 10, "mg/L")
        _measure(draft, "esr", rng.randint(22, 90), "mm/h")
    elif rng.random() < 0.6:
        _measure(draft, "crp", *rng.choice(((5, "mg/L", "<"), (rng.randint(10, 95) / 10, "mg/L"))))
        _measure(draft, "esr", rng.randint(2, 18), "mm/h")


def _find(draft: Draft, finding: str, value: str) -> None:
    if value:
        draft.case.setdefault("findings", {})[finding] = value


def _measure(draft: Draft, test: str, value: float, unit: str, comparator: str = "") -> None:
    result: Json = {"test": test, "value": value, "unit": unit, "date": draft.day(draft.work_up())}
    if comparator:
        result["comparator"] = comparator
    draft.case.setdefault("laboratory", []).append(result)


def add_biopsies(rng: random.Random, drafts: Sequence[Draft]) -> None:
    """45 biopsies; antibiotics after 15 of them, 10 of which grew nothing; courses before some of the others."""
    biopsied = rng.sample(drafts, 45)
    for draft in biopsied[:10]:
        _find(draft, "infection_proven", "no")
        _treat_after(draft, add_biopsy(draft, "negative"))
    for draft in biopsied[10:15]:
        _treat_after(draft, add_biopsy(draft, "contaminant"))
    for draft in biopsied[15:]:
        day = add_biopsy(draft, rng.choice(("negative", "negative", "not_done")))
        _find(draft, "infection_proven", rng.choice(("no", "no", "")))
        if day - draft.onset > 40 and rng.random() < 0.3:
            _give(draft, "antibiotic", day - 35, day - 14, response="none")
    for draft in drafts:
        if draft not in biopsied:
            _find(draft, "infection_proven", rng.choice(("no", "")))


def _treat_after(draft: Draft, biopsy: int) -> None:
    start = biopsy + draft.rng.randint(0, 20)
    _give(draft, "antibiotic", start, start + draft.rng.randint(14, 90), response="none")


def _give(draft: Draft, drug_class: str, start: int, stop: int | None, **facts: str | int) -> None:
    ended: Json = {"stop": draft.day(stop), "status": "completed"} if stop else {"status": "active"}
    treatment = make_treatment(draft.rng, drug_class, start=draft.day(start), **ended, **facts)
    draft.case.setdefault("treatments", []).append(treatment)


def add_treatments(rng: random.Random, drafts: Sequence[Draft]) -> None:
    """NSAIDs in 68; second lines in 15, 4 of them bisphosphonate and 3 anti-TNF; lines recorded for every other one."""
    longest = sorted(drafts, key=lambda draft: draft.diagnosed - draft.last_visit)[:35]
    switched = rng.sample(longest, len(_SECOND_LINE))
    others = [draft for draft in drafts if draft not in switched]
    without = rng.sample(others, len(_WITHOUT_NSAID))
    for draft, drug_class in zip(without, _WITHOUT_NSAID, strict=True):
        _give(draft, drug_class, draft.diagnosed, None, response="partial")
    for draft in others:
        if draft not in without:
            _give_first(draft, recorded=rng.random() < 0.5, stopped=rng.random() < 0.5)
    for number, (draft, drug_class) in enumerate(zip(switched, _SECOND_LINE, strict=True)):
        lines = [drug_class, _THIRD_LINE[number - 7]] if 7 <= number < 7 + len(_THIRD_LINE) else [drug_class]
        _switch(draft, lines, recorded=number % 2 == 0)


def _give_first(draft: Draft, *, recorded: bool, stopped: bool) -> int:
    """An NSAID from the work-up on; the day of life it stops (or might have) comes back."""
    start = draft.work_up()
    stop = max(start, draft.diagnosed) + draft.rng.randint(60, 300)
    line = {"line": 1} if recorded else {}
    _give(draft, "nsaid", start, stop if stopped else None, response=draft.rng.choice(_RESPONSES), **line)
    return stop


_RESPONSES = ("durable", "partial", "transient", "none", "unknown")


def _switch(draft: Draft, classes: Sequence[str], *, recorded: bool) -> None:
    start = _give_first(draft, recorded=recorded, stopped=True)
    for line, drug_class in enumerate(classes, 2):
        stop = start + draft.rng.randint(90, 200)
        facts: dict[str, str | int] = {"line": line} if recorded else {}
        last = line == len(classes) + 1
        _give(draft, drug_class, start, None if last else stop, response=draft.rng.choice(_RESPONSES), **facts)
        start = stop


def add_outcomes(rng: random.Random, drafts: Sequence[Draft]) -> None:
    """Remission in 23, 5 of them by the clinical status alone; one sequela each in 16."""
    shuffled = rng.sample(drafts, len(drafts))
    for number, draft in enumerate(shuffled[:23]):
        draft.case["diagnosis"]["clinical_status"] = "remission"
        if number >= 5:
            draft.case["outcome"]["status"] = "remission_off_treatment"
    for draft, status in zip(shuffled[23:], _NOT_IN_REMISSION, strict=True):
        if status:
            draft.case["outcome"]["status"] = status
    _add_sequelae(rng, drafts)


def _add_sequelae(rng: random.Random, drafts: Sequence[Draft]) -> None:
    with_spine = [draft for draft in drafts if ("vertebra", "midline") in (*draft.sites, *draft.silent)]
    fractured = rng.sample(with_spine, 2)
    others = rng.sample([draft for draft in drafts if draft not in fractured], len(_SEQUELAE) - len(fractured))
    for draft, kind in zip([*others, *fractured], _SEQUELAE, strict=True):
        sequela = {"type": kind}
        if kind != "growth_delay":
            sequela["site"] = "vertebra" if kind == "vertebral_fracture" else draft.sites[0][0]
        draft.case["sequelae"] = [sequela]
