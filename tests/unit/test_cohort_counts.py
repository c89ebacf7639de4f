"""Each count of the cohort on patients worked out by hand: who has it, of how many, and of how many it is known."""

from __future__ import annotations

import pytest

from adapter.errors import Json
from tests.unit.cohort_rows import make_case, row


def counted(identity: str, *cases: Json) -> tuple[int, int, int]:
    found = row(identity, *cases)
    return found["n"], found["N"], found["assessed"]


def lesions(*places: tuple[str, str] | tuple[str, str, str]) -> list[Json]:
    return [dict(zip(("bone", "side", "segment"), place, strict=False)) for place in places]


# Each: the statistic, one case, (n, N, assessed) as worked out by hand, and why.
HAND_WORKED: list[tuple[str, Json, tuple[int, int, int], str]] = [
    ("A02", make_case(), (1, 1, 1), "a girl"),
    ("A03", make_case(patient={"sex": "unknown"}), (0, 1, 0), "a sex asked and unknown is not a boy, nor assessed"),
    ("A07", make_case(), (0, 1, 0), "no lesion list: not known to be unifocal"),
    ("A07", make_case(clinical_lesions=lesions(("tibia", "left"))), (1, 1, 1), "one site"),
    (
        "A07",
        make_case(clinical_lesions=lesions(("tibia", "left", "shaft"), ("tibia", "left", "distal"))),
        (1, 1, 1),
        "two segments of one bone and side are one localisation",
    ),
    ("A07", make_case(clinical_lesions=lesions(("clavicle", "bilateral"))), (0, 1, 1), "both sides are two"),
    (
        "A07",
        make_case(
            clinical_lesions=[{"bone": "tibia", "side": "left"}, {"bone": "femur", "side": "left", "present": False}]
        ),
        (1, 1, 1),
        "a site found free does not count",
    ),
    (
        "A07",
        make_case(clinical_lesions=lesions(("rib", "unknown"), ("rib", "unknown"))),
        (1, 1, 1),
        "unknown side is one",
    ),
    ("A11", make_case(clinical_lesions=lesions(("tibia", "left", "distal"))), (1, 1, 1), "lower tibia is at the ankle"),
    ("A09", make_case(clinical_lesions=lesions(("tibia", "left", "distal"))), (1, 1, 1), "and in the leg"),
    ("A11", make_case(clinical_lesions=lesions(("tibia", "left", "shaft"))), (0, 1, 1), "the shaft is not"),
    ("A08", make_case(clinical_lesions=lesions(("pelvis", "left"))), (0, 1, 1), "the pelvis is not the lower limb"),
    (
        "A08",
        make_case(clinical_lesions=lesions(("tibia", "left"), ("femur", "left"))),
        (0, 0, 0),
        "multifocal: not of N",
    ),
    ("A15", make_case(findings={"fever": "no"}), (0, 1, 1), "a no is assessed"),
    ("A15", make_case(), (0, 1, 0), "silence is not a no"),
    (
        "A15",
        make_case(laboratory=[{"test": "temperature", "value": 38.0, "unit": "Cel"}]),
        (1, 1, 1),
        "38.0 stands in for the finding",
    ),
    (
        "A15",
        make_case(findings={"fever": "no"}, laboratory=[{"test": "temperature", "value": 39, "unit": "Cel"}]),
        (0, 1, 1),
        "the clinician's word goes first",
    ),
    ("A16", make_case(laboratory=[{"test": "crp", "value": 10, "unit": "mg/L"}]), (0, 1, 1), "10 is not above 10"),
    ("A16", make_case(laboratory=[{"test": "crp", "value": 10.1, "unit": "mg/L"}]), (1, 1, 1), "10.1 is"),
    (
        "A16",
        make_case(laboratory=[{"test": "crp", "value": 5, "unit": "mg/L", "comparator": "<"}]),
        (0, 1, 1),
        "<5 is certainly not above 10",
    ),
    (
        "A16",
        make_case(laboratory=[{"test": "crp", "value": 20, "unit": "mg/L", "comparator": "<"}]),
        (0, 1, 0),
        "<20 may be above 10 or not",
    ),
    (
        "A16",
        make_case(laboratory=[{"test": "crp", "value": 10, "unit": "mg/L", "comparator": ">"}]),
        (1, 1, 1),
        ">10 is above 10",
    ),
    (
        "A16",
        make_case(laboratory=[{"test": "crp", "value": 8, "unit": "mg/L", "comparator": ">"}]),
        (0, 1, 0),
        ">8 may be 9 or 90",
    ),
    ("A16", make_case(laboratory=[{"test": "esr", "value": 80, "unit": "mm/h"}]), (0, 1, 0), "no range for the ESR"),
    (
        "A16",
        make_case(
            findings={"inflammatory_syndrome": "unknown"}, laboratory=[{"test": "crp", "value": 40, "unit": "mg/L"}]
        ),
        (1, 1, 1),
        "the finding unknown, the CRP decides",
    ),
    (
        "A18",
        make_case(
            clinical_lesions=lesions(("tibia", "left")),
            imaging_lesions=[{"bone": b, "side": "left", "modality": "MR"} for b in ("tibia", "femur")],
        ),
        (1, 1, 1),
        "imaging shows a second site",
    ),
    ("A19", make_case(biopsies=[{}]), (1, 1, 1), "a biopsy without any detail is a biopsy"),
    ("A20", make_case(biopsies=[{"date": "2010"}]), (0, 1, 0), "no treatment list: not known"),
    (
        "A20",
        make_case(biopsies=[{"date": "2010-05-01"}], treatments=[{"class": "antibiotic", "start": "2010-05-01"}]),
        (1, 1, 1),
        "on the day of the biopsy is after it",
    ),
    (
        "A20",
        make_case(biopsies=[{"date": "2010-05-02"}], treatments=[{"class": "antibiotic", "start": "2010-05-01"}]),
        (0, 1, 1),
        "before",
    ),
    (
        "A20",
        make_case(biopsies=[{"date": "2010"}], treatments=[{"class": "antibiotic", "start": "2010-05-01"}]),
        (0, 1, 0),
        "somewhere in 2010: not certain",
    ),
    (
        "A20",
        make_case(biopsies=[{}], treatments=[{"class": "antibiotic", "start": "2010"}]),
        (0, 1, 0),
        "no biopsy date",
    ),
    ("A20", make_case(biopsies=[{}], treatments=[{"class": "nsaid"}]), (0, 1, 1), "no antibiotics at all"),
    (
        "A20",
        make_case(
            biopsies=[{"date": "2010-05-01"}],
            treatments=[{"class": "antibiotic", "start": "2010-05-01", "stop": "2010-05-01"}],
        ),
        (0, 1, 1),
        "one day around the operation is prophylaxis",
    ),
    ("A22", make_case(treatments=[{"class": "other"}]), (0, 1, 1), "treated, not with an NSAID"),
    (
        "A23",
        make_case(treatments=[{"class": "bisphosphonate", "line": 2}]),
        (1, 1, 1),
        "the recorded line decides",
    ),
    (
        "A23",
        make_case(treatments=[{"class": "nsaid", "start": "2010"}, {"class": "bisphosphonate", "start": "2011"}]),
        (1, 1, 1),
        "second of the first starts",
    ),
    (
        "A23",
        make_case(
            treatments=[
                {"class": "nsaid", "start": "2010"},
                {"class": "methotrexate", "start": "2011"},
                {"class": "bisphosphonate", "start": "2012"},
            ]
        ),
        (0, 1, 1),
        "third",
    ),
    (
        "A23",
        make_case(
            treatments=[
                {"class": "nsaid", "start": "2010"},
                {"class": "antibiotic", "start": "2011"},
                {"class": "bisphosphonate", "start": "2012"},
            ]
        ),
        (1, 1, 1),
        "antibiotics are no line",
    ),
    (
        "A23",
        make_case(treatments=[{"class": "nsaid", "start": "2010"}, {"class": "bisphosphonate", "start": "2010-06"}]),
        (0, 1, 0),
        "the order is not certain",
    ),
    ("A23", make_case(treatments=[{"class": "nsaid"}, {"class": "bisphosphonate"}]), (0, 1, 0), "no dates, no lines"),
    ("A25", make_case(outcome={"status": "remission_off_treatment"}), (1, 1, 1), "remission"),
    (
        "A25",
        make_case(diagnosis={"code": "crmo", "clinical_status": "remission"}),
        (1, 1, 1),
        "no outcome: the clinical status stands in",
    ),
    (
        "A25",
        make_case(diagnosis={"code": "crmo", "clinical_status": "remission"}, outcome={"status": "active"}),
        (0, 1, 1),
        "the outcome goes first",
    ),
    ("A25", make_case(outcome={"status": "lost_to_follow_up"}), (0, 1, 0), "nobody knows how he is"),
    ("A27", make_case(sequelae=[{"type": "other"}]), (1, 1, 1), "any sequela"),
    ("B12", make_case(biopsies=[{"microbiology": "not_done"}]), (0, 0, 0), "no culture, not of N"),
    ("B12", make_case(biopsies=[{"microbiology": "negative"}]), (0, 1, 1), "a negative culture"),
    (
        "B09",
        make_case(
            imaging_studies=[
                {"modality": "DX", "date": "2011", "result": "positive"},
                {"modality": "CR", "date": "2010", "result": "negative"},
                {"modality": "MR", "date": "2009", "result": "positive"},
            ]
        ),
        (1, 1, 1),
        "the first radiograph was normal",
    ),
    (
        "B10",
        make_case(
            clinical_lesions=lesions(("tibia", "left")),
            imaging_lesions=[{"bone": "femur", "side": "left", "modality": "NM"}],
        ),
        (1, 1, 1),
        "scintigraphy shows a femur nobody complained of",
    ),
]


@pytest.mark.parametrize(
    ("identity", "case", "expected", "why"), HAND_WORKED, ids=[f"{e[0]} {e[3]}" for e in HAND_WORKED]
)
def test_counts_as_worked_out_by_hand(identity: str, case: Json, expected: tuple[int, int, int], why: str) -> None:
    assert counted(identity, case) == expected, why


def test_a_culture_that_grew_a_contaminant_is_some_evidence_of_infection() -> None:
    treated = {"treatments": [{"class": "antibiotic", "start": "2011"}]}
    clean = make_case(
        biopsies=[{"date": "2010", "microbiology": "negative"}], findings={"infection_proven": "no"}, **treated
    )
    grew = make_case(biopsies=[{"date": "2010", "microbiology": "contaminant"}], **treated)
    silent = make_case(biopsies=[{"date": "2010"}], **treated)
    assert counted("A21", clean, grew, silent) == (1, 3, 2)
