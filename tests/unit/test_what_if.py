"""What if a datum were otherwise: how a change is written, and that the case itself stays as it is."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from adapter.eligibility.what_if import suppose
from adapter.errors import Json, UsageError

CASE: Json = {
    "case_id": "c1",
    "patient": {"sex": "female", "birth_date": "2004-05-06"},
    "diagnosis": {"code": "crmo", "onset": {"text": "early"}},
    "imaging_studies": [{"modality": "MR"}, {"modality": "NM", "result": "negative"}],
}


@pytest.mark.parametrize(
    ("change", "place", "value"),
    [
        ("diagnosis.certainty=confirmed", ["diagnosis", "certainty"], "confirmed"),
        ("patient.birth_date=2004", ["patient", "birth_date"], "2004"),
        ("findings.infection_proven=no", ["findings", "infection_proven"], "no"),
        ('diagnosis.onset={"age": {"value": 9, "unit": "a"}}', ["diagnosis", "onset", "age", "value"], 9),
        ("imaging_studies[0].result=positive", ["imaging_studies", 0, "result"], "positive"),
        ("/imaging_studies/1/result=positive", ["imaging_studies", 1, "result"], "positive"),
        ("imaging_studies[].result=positive", ["imaging_studies", 1, "result"], "positive"),
        ("imaging_studies[0].whole_body=true", ["imaging_studies", 0, "whole_body"], True),
        ('imaging_studies[+]={"modality": "PT"}', ["imaging_studies", 2, "modality"], "PT"),
        ('/imaging_studies/-={"modality": "PT"}', ["imaging_studies", 2, "modality"], "PT"),
        ('biopsies[+]={"microbiology": "positive"}', ["biopsies", 0, "microbiology"], "positive"),
    ],
)
def test_one_datum_is_changed(change: str, place: list[Any], value: Any) -> None:
    found: Any = suppose(CASE, [change])
    for step in place:
        found = found[step]
    assert found == value


def test_the_case_itself_stays_as_it_is() -> None:
    before = copy.deepcopy(CASE)
    suppose(CASE, ["imaging_studies[].result=positive", "diagnosis.onset="])
    assert before == CASE


def test_no_value_takes_the_datum_away() -> None:
    assert "onset" not in suppose(CASE, ["diagnosis.onset="])["diagnosis"]
    assert [each["modality"] for each in suppose(CASE, ["imaging_studies[0]="])["imaging_studies"]] == ["NM"]
    assert suppose(CASE, ["imaging_studies[]="])["imaging_studies"] == []


def test_changes_come_one_after_the_other() -> None:
    found = suppose(CASE, ['imaging_studies[+]={"modality": "PT"}', "imaging_studies[2].result=positive"])
    assert found["imaging_studies"][2] == {"modality": "PT", "result": "positive"}


@pytest.mark.parametrize(
    "change",
    [
        "diagnosis.certainty",
        "diagnosis.certanty=confirmed",
        "diagnosis/certainty=confirmed",
        "imaging_studies[2].result=positive",
        "imaging_lesions[].bone=rib",
        "imaging_studies[0].whole_body=perhaps",
        "imaging_studies[+].result=positive",
        "__class__=x",
    ],
)
def test_what_cannot_be_supposed_is_refused(change: str) -> None:
    with pytest.raises(UsageError):
        suppose(CASE, [change])
