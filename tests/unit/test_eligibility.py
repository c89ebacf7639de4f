"""Decisions on patients worked out by hand, the laws a decision keeps, and what a criteria file may not say."""

from __future__ import annotations

import copy
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapter.case import check_case
from adapter.case.fields import allowed_values
from adapter.declaration import load_declaration
from adapter.eligibility import Criteria, decide, load_criteria
from adapter.eligibility.what_if import suppose
from adapter.errors import DeclarationError, Json, UsageError

ROOT = Path(__file__).parents[2]
MAPPINGS = ROOT / "mappings"
TODAY = date(2024, 6, 1)
CRITERIA = {name: load_criteria(MAPPINGS, name) for name in ("SA", "SB")}
FOLDER = ROOT / "tests" / "cases-eligibility"
BASE: Json = load_declaration(FOLDER / "base.yaml").data
PATIENTS = sorted(file.parent for file in FOLDER.glob("*/why.md"))
# Whatever a patient's folder does not mention is as for the girl of the base.
AS_BASE = {rules: f"{prefix}the-girl-of-the-base" for rules, prefix in (("SA", ""), ("SB", "sb-"))}


def read(patient: Path, name: str) -> Json:
    found: Json = load_declaration(patient / name).data
    return found


def make_patient(patient: Path) -> tuple[Json, Criteria]:
    given = read(patient, "given.yaml")
    case = {**BASE, **given.get("with", {})}
    case = {name: section for name, section in case.items() if name not in given.get("without", [])}
    return case, CRITERIA[given.get("rule_set", "SA")]


def expected(patient: Path, rule_set: str) -> Json:
    """Every criterion as worked out by hand: value, reason, evidence; settle and datum when it is open."""
    own = read(patient, "expect.yaml")
    return {**read(FOLDER / AS_BASE[rule_set], "expect.yaml")["criteria"], **own["criteria"]}


def values(decision: Json) -> dict[str, str]:
    return {criterion["id"]: criterion["value"] for criterion in decision["criteria"]}


def told(criterion: Json) -> Json:
    shown = {key: criterion[key] for key in ("value", "reason", "settle", "datum") if key in criterion}
    return {**shown, "evidence": [each["case"] for each in criterion["evidence"]]}


@pytest.mark.parametrize("patient", PATIENTS, ids=lambda patient: patient.name)
def test_decides_as_worked_out_by_hand_with_reason_and_evidence(patient: Path) -> None:
    case, criteria = make_patient(patient)
    decision = decide(case, criteria, today=TODAY)
    assert decision["status"] == read(patient, "expect.yaml")["status"]
    assert {each["id"]: told(each) for each in decision["criteria"]} == expected(patient, criteria.rule_set)


@pytest.mark.parametrize("patient", PATIENTS, ids=lambda patient: patient.name)
def test_the_datum_that_is_asked_for_would_settle_the_question(patient: Path) -> None:
    """Of the answers a hospital could give, at least one closes the criterion."""
    case, criteria = make_patient(patient)
    decision = decide(case, criteria, today=TODAY)
    for criterion in decision["criteria"] if decision["status"] == "undetermined" else ():
        if criterion["value"] == "unknown":
            after = [decide(answer, criteria, today=TODAY) for answer in answers(case, criterion["datum"])]
            values = {each["value"] for one in after for each in one["criteria"] if each["id"] == criterion["id"]}
            assert values - {"unknown"}, criterion["id"]


# What a hospital might answer: words come from the schema.
DATES = ("2012-01-15", "2015-01-15", "2004", "2030-01-01")
ICD_10 = "http://hl7.org/fhir/sid/icd-10"
ANSWERS: dict[str, list[str]] = {
    "clinical_lesions": ['[+]={"bone": "rib", "side": "left"}'],
    "imaging_studies": ['[+]={"modality": "MR", "result": "positive"}'],
    "patient.birth_date": [f"={day}" for day in DATES],
    "diagnosis.onset": ['={"age": {"value": 9, "unit": "a"}}', *(f'={{"date": "{day}"}}' for day in DATES)],
    "other_diagnoses[].code": [f'={{"system": "{ICD_10}", "code": "{code}"}}' for code in ("M08.1", "M08.4")],
}


def answers(case: Json, datum: str) -> list[Json]:
    words = ANSWERS.get(datum) or [f"={word}" for word in allowed_values(datum) or []]
    return [suppose(case, [f"{datum}{word}"]) for word in words]


def test_hand_worked_patients_are_many_explained_and_valid() -> None:
    shapes = [
        (patient.name, issue.expression)
        for patient in PATIENTS
        for issue in check_case(make_patient(patient)[0], CRITERIA["SA"].consistency, today=TODAY)
        if issue.type != "business-rule"
    ]
    assert len(PATIENTS) >= 60
    assert all(len((patient / "why.md").read_text(encoding="utf-8").splitlines()) >= 3 for patient in PATIENTS)
    assert shapes == []


def test_an_unknown_says_what_would_settle_it_and_a_certainty_does_not() -> None:
    decisions = [decide(make_patient(patient)[0], CRITERIA["SA"], today=TODAY) for patient in PATIENTS]
    criteria = [each for decision in decisions for each in decision["criteria"]]
    assert all(("settle" in each) is ("datum" in each) is (each["value"] == "unknown") for each in criteria)


def test_evidence_is_located_in_the_resources_when_somebody_knows_where_they_are() -> None:
    decision = decide(
        BASE,
        CRITERIA["SA"],
        today=TODAY,
        locate=lambda pointer: ("Condition/c1", f"Condition{pointer.replace('/', '.')}"),
    )
    evidence = decision["criteria"][2]["evidence"][0]
    assert evidence == {
        "resource": "Condition/c1",
        "expression": "Condition.diagnosis.onset.date",
        "case": "/diagnosis/onset/date",
    }


def test_reasons_come_in_french_too() -> None:
    decision = decide(BASE, CRITERIA["SA"], today=TODAY, language="fr")
    assert decision["criteria"][0]["reason"] == "Au moins une lésion osseuse est enregistrée."


@pytest.mark.parametrize("case", [{}, {"case_id": "c", "patient": {"sex": "unknown"}, "diagnosis": {"code": "crmo"}}])
@pytest.mark.parametrize("rule_set", ["SA", "SB"])
def test_a_case_that_says_nothing_is_never_eligible(case: Json, rule_set: str) -> None:
    assert decide(case, CRITERIA[rule_set], today=TODAY)["status"] != "eligible"


def test_an_unknown_rule_set_is_refused() -> None:
    with pytest.raises(UsageError, match="SA, SB"):
        load_criteria(MAPPINGS, "SC")


@pytest.mark.parametrize(
    ("written", "wrong", "message"),
    [
        (
            "field: diagnosis.certainty, is: refuted",
            "field: diagnosis.certanty, is: refuted",
            "E001 the case has no field",
        ),
        ("some: imaging_lesions}", "some: imaging_lesion}", "E001 the case has no list"),
        ("is: {result: negative}", "is: {result: negativ}", "E003 unknown word 'negativ'; did you mean 'negative'"),
        ("certainty: refuted}}", "certanty: refuted}}", "E003 the case has no field 'other_diagnoses"),
        ("{in: exact_era}", "{in: exact_ara}", "E003 unknown word 'exact_ara'; did you mean 'exact_era'"),
        ("code: M86.6,", "code: M8.66,", "E003 'M8.66' is no code of icd-10"),
        ("{system: hpo, code", "{system: hpa, code", "E002 unknown code system 'hpa'"),
        ("[I1, I2, I3, I4,", "[I1, I2, I9, I4,", "E004 no criterion 'I9'"),
        ("- onset-before-birth", "- onset-before-berth", "E006 consistency.yaml has no rule"),
        ("date: {after: diagnosis.date}", "date: {after: diagnosis.day}", "E003 unknown word 'diagnosis.day'"),
        ("otherwise: unknown", "otherwise: true", "S001"),
    ],
)
def test_a_wrong_criteria_file_is_refused_with_file_line_and_column(
    tmp_path: Path, written: str, wrong: str, message: str
) -> None:
    with pytest.raises(DeclarationError, match=rf"criteria\.yaml:\d+:\d+ {message}"):
        load_changed(tmp_path, written, wrong)


def test_a_criterion_that_would_take_the_empty_case_is_refused(tmp_path: Path) -> None:
    """Closed-world conditions alone would call a silent record eligible."""
    silent = """    rows:
      - when: {none: other_diagnoses}
        value: true
        reason: {en: nothing recorded, fr: rien d'enregistré}
"""
    text = (MAPPINGS / "criteria.yaml").read_text(encoding="utf-8")
    text = text.replace("criteria: [D1, D2]", "criteria: [D1]")
    head, tail = text.split("  - id: D1\n")
    write(tmp_path, head + "  - id: D1\n" + tail.replace("    rows:\n", silent, 1))
    with pytest.raises(DeclarationError, match=r"criteria\.yaml:\d+:\d+ E007"):
        load_criteria(tmp_path, "SB")


def test_pet_confirms_where_the_registry_lists_it(tmp_path: Path) -> None:
    criteria = load_changed(tmp_path, "values: [MR, NM]", "values: [MR, NM, PT]")
    case = {**BASE, "imaging_lesions": [{"bone": "tibia", "side": "left", "modality": "PT"}], "imaging_studies": []}
    assert decide(case, criteria, today=TODAY)["status"] == "eligible"


def load_changed(folder: Path, written: str, wrong: str) -> Criteria:
    text = (MAPPINGS / "criteria.yaml").read_text(encoding="utf-8")
    assert written in text
    write(folder, text.replace(written, wrong, 1))
    return load_criteria(folder)


def write(folder: Path, text: str) -> None:
    (folder / "criteria.yaml").write_text(text, encoding="utf-8")
    (folder / "consistency.yaml").write_bytes((MAPPINGS / "consistency.yaml").read_bytes())


certainties = st.sampled_from(["unconfirmed", "provisional", "differential", "confirmed", "refuted", None])
codes = st.sampled_from(["M86.1", "M86.9", "M08.8", "M08.1", "M08.4", "C40", None])


@st.composite
def cases(draw: st.DrawFn) -> Json:
    """Cases without contradictory dates, in every combination the criteria look at."""
    return prune(
        {
            "case_id": "h1",
            "patient": {"sex": "female", "birth_date": draw(st.sampled_from(["2000", "2000-02-29", "2003-04", None]))},
            "diagnosis": {
                "code": draw(st.sampled_from(["crmo", "crmo", "crmo", "sapho"])),
                "certainty": draw(certainties),
                "onset": draw(
                    st.sampled_from(
                        [
                            {"date": "2017"},
                            {"date": "2018"},
                            {"age": {"value": 9, "unit": "a"}},
                            {"text": "early"},
                            None,
                        ]
                    )
                ),
            },
            "findings": {"infection_proven": draw(st.sampled_from(["yes", "no", "unknown", None]))},
            "clinical_lesions": draw(
                lists_of(st.fixed_dictionaries({"bone": st.just("tibia"), "side": st.just("left")}))
            ),
            "imaging_studies": draw(
                lists_of(
                    st.fixed_dictionaries(
                        {
                            "modality": st.sampled_from(["MR", "NM", "PT", "DX"]),
                            "result": st.sampled_from(["positive", "negative", "unknown", None]),
                        }
                    )
                )
            ),
            "biopsies": draw(
                lists_of(
                    st.fixed_dictionaries({"microbiology": st.sampled_from(["negative", "positive", "contaminant"])})
                )
            ),
            "other_diagnoses": draw(
                lists_of(
                    st.fixed_dictionaries(
                        {
                            "category": st.sampled_from(["tumour", "infection", "era", "other"]),
                            "certainty": certainties,
                            "code": codes.map(lambda c: c and {"system": "http://hl7.org/fhir/sid/icd-10", "code": c}),
                        }
                    )
                )
            ),
        }
    )


def lists_of(items: st.SearchStrategy[Json]) -> st.SearchStrategy[list[Json] | None]:
    return st.one_of(st.none(), st.lists(items, min_size=1, max_size=3))


def prune(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: prune(each) for key, each in value.items() if each is not None}
    return [prune(each) for each in value] if isinstance(value, list) else value


def forgettings(case: Json) -> list[tuple[str, Json]]:
    """Every way to know less: an inclusion's evidence taken away, a certainty or an answer made unknown."""
    found = [(f"no {name}", {**case, name: None}) for name in ("clinical_lesions", "imaging_studies")]
    for section, key in (("patient", "birth_date"), ("diagnosis", "onset"), ("diagnosis", "certainty")):
        found.append((f"no {key}", changed(case, [section], {key: None})))
    if "findings" in case and "infection_proven" in case["findings"]:
        found.append(("infection unknown", changed(case, ["findings"], {"infection_proven": "unknown"})))
    for i, _ in enumerate(case.get("other_diagnoses", [])):
        found.append((f"certainty {i}", changed(case, ["other_diagnoses", i], {"certainty": None})))
    for i, _ in enumerate(case.get("imaging_studies", [])):
        found.append((f"result {i}", changed(case, ["imaging_studies", i], {"result": "unknown"})))
    return [(what, prune(less)) for what, less in found]


def changed(case: Json, path: list[Any], update: Json) -> Json:
    less = copy.deepcopy(case)
    place: Any = less
    for step in path:
        place = place[step]
    place.update(update)
    return less


@given(cases())
def test_knowing_less_never_makes_a_case_eligible(case: Json) -> None:
    criteria = CRITERIA["SA"]
    if decide(case, criteria, today=TODAY)["status"] == "eligible":
        return
    taken = [what for what, less in forgettings(case) if decide(less, criteria, today=TODAY)["status"] == "eligible"]
    assert taken == []


@given(cases(), st.sampled_from(["SA", "SB"]))
def test_a_decision_is_the_kleene_conjunction_of_its_criteria(case: Json, rule_set: str) -> None:
    criteria = CRITERIA[rule_set]
    decision = decide(case, criteria, today=TODAY)
    wanted = {each.id: "false" if each.exclude else "true" for each in criteria.criteria}
    met = [None if value == "unknown" else value == wanted[name] for name, value in values(decision).items()]
    expected = "ineligible" if False in met else "undetermined" if None in met else "eligible"
    assert decision["status"] == expected


@given(cases())
def test_a_certain_no_is_never_explained_without_evidence(case: Json) -> None:
    decision = decide(case, CRITERIA["SA"], today=TODAY)
    bare = [each["id"] for each in decision["criteria"] if each["value"] != "unknown" and not each["evidence"]]
    assert bare == []


def test_criteria_are_documented_in_both_languages() -> None:
    assert all(each.label["fr"] != each.label["en"] for rules in CRITERIA.values() for each in rules.criteria)
