"""Any number of plausible cases that use every field of the schema: full and scanty, precise and vague.

Takes from: the lower rooms of synthetic.  Gives to: synthetic.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import date, timedelta

from adapter.case.fields import allowed_values
from adapter.errors import Json
from adapter.synthetic.anatomy import draw_places, make_lesion
from adapter.synthetic.chance import make_chance
from adapter.synthetic.draft import Draft, add_biopsy, add_lesions, start_draft
from adapter.synthetic.incidentals import ICD10
from adapter.synthetic.medicines import SUBSTANCES, make_treatment

CLOSED_ON = date(2024, 12, 31)

_UNITS = {"crp": "mg/L", "esr": "mm/h", "temperature": "Cel"}
_RANGES = {"crp": (0, 1500), "esr": (10, 1100), "temperature": (362, 401)}
_CODES = {
    "tumour": ("C40.2", "D16.2", "C91"),
    "infection": ("M86.1", "M86.9", "M46.2"),
    "era": ("M08.1", "M08.8"),
    "other": ("E54", "M08.4"),
}


def synthesize(n: int, seed: int) -> Iterator[Json]:
    """n cases; case i depends on the seed and on i alone.

    Shapes:  yields  cases valid against the schema and free of contradictions, eligible or not
    """
    return (_make(make_chance(str(seed), number), f"S{seed}-{number:06}") for number in range(1, n + 1))


def _make(rng: random.Random, case_id: str) -> Json:
    onset = int(rng.betavariate(2.5, 2) * 20 * 365)
    diagnosed = onset + int(rng.expovariate(1 / 500))
    last_visit = diagnosed + int(rng.expovariate(1 / 1500))
    born = CLOSED_ON - timedelta(days=last_visit + rng.randint(1000, 4000))
    draft = start_draft(rng, case_id, born, (onset, diagnosed, last_visit))
    draft.case["opposition"] = _word(draft, "opposition")
    draft.case["centre"] = f"centre-{rng.randint(1, 40):02}"
    draft.case["inclusion_date"] = draft.day(diagnosed + rng.randint(0, 900))
    draft.case["patient"]["sex"] = rng.choices(("female", "male", "other", "unknown"), (64, 34, 1, 1))[0]
    draft.sites = draw_places(rng, 1 + min(int(rng.expovariate(0.7)), 7), set(), lower_limb=0.6)
    draft.silent = draw_places(rng, min(int(rng.expovariate(1)), 4), set(draft.sites), lower_limb=0.5)
    add_lesions(draft, rng.choices(("MR", "NM", "PT"), (8, 3, 1))[0])
    for part in (_vary_diagnosis, _vary_lesions, _add_studies, _add_findings, _add_care, _add_others, _add_course):
        part(draft)
    return _forget(draft)


def _word(draft: Draft, field: str) -> str:
    return str(draft.rng.choice(allowed_values(field) or [""]))


def _vague(draft: Draft, age_days: int) -> str:
    """A date as somebody may have written it: to the day, the month or the year."""
    return draft.day(age_days)[: draft.rng.choices((10, 7, 4), (7, 2, 1))[0]]


def _vary_diagnosis(draft: Draft) -> None:
    rng, diagnosis = draft.rng, draft.case["diagnosis"]
    diagnosis["code"] = rng.choices(("crmo", "sapho", "majeed", "dira", "other"), (92, 4, 1, 1, 2))[0]
    diagnosis["clinical_status"] = _word(draft, "diagnosis.clinical_status")
    if rng.random() < 0.15:
        diagnosis["certainty"] = _word(draft, "diagnosis.certainty")
    diagnosis["onset"] = _vague_onset(draft)
    diagnosis["date"] = _vague(draft, draft.diagnosed)
    if rng.random() < 0.05:
        diagnosis["date_is_recorded"] = True
    if rng.random() < 0.02:
        draft.case["patient"] |= {"vital_status": "dead", "death_date": draft.day(draft.last_visit + 990)}


def _vague_onset(draft: Draft) -> Json:
    form = draft.rng.choices(("date", "age", "period", "range", "text"), (70, 15, 5, 5, 5))[0]
    years = draft.onset // 366
    if form == "age":
        unit, days = draft.rng.choice((("a", 366), ("mo", 31), ("wk", 7), ("d", 1)))
        return {"age": {"value": draft.onset // days, "unit": unit}}
    if form == "period":
        return {"period": {"start": _vague(draft, draft.onset), "end": _vague(draft, draft.diagnosed)}}
    if form == "range":
        return {"range": {"low": {"value": years, "unit": "a"}, "high": {"value": years + 2, "unit": "a"}}}
    return {"text": "dans l'enfance"} if form == "text" else {"date": _vague(draft, draft.onset)}


def _vary_lesions(draft: Draft) -> None:
    rng = draft.rng
    for lesion in draft.lesions_of("clinical_lesions"):
        if rng.random() < 0.3:
            lesion["date"] = _vague(draft, draft.onset)
        if rng.random() < 0.1:
            lesion["side"] = rng.choice(("bilateral", "unknown"))
        if rng.random() < 0.1:
            lesion["present"] = True
    if rng.random() < 0.2:
        (free,) = draw_places(rng, 1, {*draft.sites, *draft.silent}, lower_limb=0.5)
        draft.lesions_of("clinical_lesions").append({**make_lesion(rng, free), "present": False})
    for lesion in draft.lesions_of("imaging_lesions"):
        if rng.random() < 0.4:
            lesion["active"] = rng.random() < 0.8
        if rng.random() < 0.2:
            lesion["date"] = _vague(draft, draft.work_up())


def _add_studies(draft: Draft) -> None:
    rng = draft.rng
    for number in range(3, 3 + min(int(rng.expovariate(1)), 4)):
        study: Json = {"modality": _word(draft, "imaging_studies[].modality"), "id": f"s{number}"}
        study["date"] = _vague(draft, draft.diagnosed + rng.randint(0, 900))
        if rng.random() < 0.6:
            study["result"] = _word(draft, "imaging_studies[].result")
        if rng.random() < 0.3:
            study["region"] = draft.sites[0][0]
        draft.case["imaging_studies"].append(study)


def _add_findings(draft: Draft) -> None:
    rng = draft.rng
    weights = {"infection_proven": (1, 12, 1), "family_history_cno": (1, 12, 1)}
    for name in ("fever", "skin_inflammation_over_lesion", "inflammatory_syndrome", *weights):
        if rng.random() < 0.7:
            value = rng.choices(("yes", "no", "unknown"), weights.get(name, (4, 6, 1)))[0]
            draft.case.setdefault("findings", {})[name] = value
    for test in rng.choices(list(_UNITS), k=rng.randint(0, 4)):
        result: Json = {"test": test, "value": rng.randint(*_RANGES[test]) / 10, "unit": _UNITS[test]}
        if rng.random() < 0.1:
            result["comparator"] = _word(draft, "laboratory[].comparator")
        if rng.random() < 0.8:
            result["date"] = _vague(draft, draft.work_up())
        draft.case.setdefault("laboratory", []).append(result)


def _add_care(draft: Draft) -> None:
    rng = draft.rng
    if rng.random() < 0.5:
        add_biopsy(
            draft, rng.choices(("negative", "not_done", "contaminant", "positive", "unknown"), (20, 4, 2, 1, 1))[0]
        )
    start = draft.diagnosed
    for line in range(1, rng.randint(1, 4)):
        drug_class = "nsaid" if line == 1 else rng.choice([name for name in SUBSTANCES if name != "nsaid"])
        stop = start + rng.randint(20, 300)
        treatment = make_treatment(rng, drug_class, start=_vague(draft, start))
        treatment |= {"stop": draft.day(stop)} if rng.random() < 0.5 else {}
        treatment |= {"status": _word(draft, "treatments[].status")} if rng.random() < 0.8 else {}
        treatment |= {"line": line} if rng.random() < 0.4 and drug_class != "antibiotic" else {}
        treatment |= {"response": _word(draft, "treatments[].response")} if rng.random() < 0.6 else {}
        draft.case.setdefault("treatments", []).append(treatment)
        start = stop
    if rng.random() < 0.03:
        draft.case.setdefault("treatments", []).append({"class": "other"})


def _add_others(draft: Draft) -> None:
    rng = draft.rng
    if rng.random() < 0.12:
        category = rng.choice(list(_CODES))
        code = {"system": ICD10, "code": rng.choice(_CODES[category])}
        other = {"category": category, "certainty": _word(draft, "other_diagnoses[].certainty"), "code": code}
        draft.case["other_diagnoses"] = [{**other, "date": _vague(draft, draft.work_up())}]
    for _ in range(min(int(rng.expovariate(1.5)), 3)):
        comorbidity: Json = {"type": _word(draft, "comorbidities[].type")}
        comorbidity |= {"timing": _word(draft, "comorbidities[].timing")} if rng.random() < 0.6 else {}
        comorbidity |= {"date": _vague(draft, draft.diagnosed)} if rng.random() < 0.4 else {}
        draft.case.setdefault("comorbidities", []).append(comorbidity)


def _add_course(draft: Draft) -> None:
    rng = draft.rng
    draft.case["outcome"] = {
        "last_visit_date": _vague(draft, draft.last_visit),
        "status": _word(draft, "outcome.status"),
    }
    if rng.random() < 0.22:
        draft.case["sequelae"] = [{"type": _word(draft, "sequelae[].type"), "site": draft.sites[0][0]}]
    for measure in rng.sample(allowed_values("assessments[].measure") or [], rng.randint(0, 3)):
        if measure == "hla_b27":
            score = {"measure": measure, "value": rng.choice(("positive", "negative", "unknown"))}
        else:
            score = {"measure": measure, "value": rng.randint(0, 40) / 4, "unit": "1"}
        draft.case.setdefault("assessments", []).append({**score, "date": _vague(draft, draft.last_visit)})


def _forget(draft: Draft) -> Json:
    """Records are scanty: whole sections that nobody filled in."""
    case, rng = draft.case, draft.rng
    optional = ("centre", "inclusion_date", "opposition", "findings", "laboratory", "outcome", "imaging_lesions")
    for section in optional:
        if rng.random() < 0.06:
            case.pop(section, None)
    if rng.random() < 0.04:
        case["patient"].pop("birth_date")
    elif rng.random() < 0.08:
        case["patient"]["birth_date"] = case["patient"]["birth_date"][:7]
    return case
