"""What a case holds and no map writes is told by place; a case that the schema allows is written whole."""

from __future__ import annotations

from typing import Any

from hypothesis import given

from adapter.config import shipped
from adapter.mapping import load_mappings
from tests.strategies import cases

MAPPINGS = load_mappings(shipped("mappings"))


@given(cases())
def test_every_name_of_a_case_is_written(case: dict[str, Any]) -> None:
    assert MAPPINGS.unwritten(case) == []


def test_a_name_that_no_map_writes_is_told_with_how_often_and_without_its_value() -> None:
    case = {
        "case_id": "C-1",
        "patient": {"sex": "female", "nickname": "secret"},
        "diagnosis": {"code": "crmo", "onset": {"age": {"value": 7, "unit": "a", "around": True}}},
        "laboratory": [{"test": "crp", "value": 5, "unit": "mg/L", "tube": 1}, {"test": "crp", "tube": 2}],
        "hobbies": ["secret"],
    }

    told = MAPPINGS.unwritten(case)

    assert {(issue.expression, issue.rule) for issue in told} == {
        (place, "mapping:unwritten")
        for place in (
            "Case.hobbies",
            "Case.patient.nickname",
            "Case.diagnosis.onset.age.around",
            "Case.laboratory.tube",
        )
    }
    assert not any("secret" in issue.text + issue.text_fr for issue in told)
    assert ["2 times" in issue.text for issue in told].count(True) == 1
