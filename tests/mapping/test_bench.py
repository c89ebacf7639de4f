"""The benchmark compares like with like: by hand and by mapping files, the same resources and the same case."""

from __future__ import annotations

from typing import Any

from hypothesis import given

from adapter.config import shipped
from adapter.mapping import load_mappings
from tests.bench import hand, hand_back
from tests.strategies import cases

MAPPINGS = load_mappings(shipped("mappings"))


@given(cases())
def test_hand_written_code_writes_the_same_resources(case: dict[str, Any]) -> None:
    assert hand.to_resources({**case, "case_id": "C-1"}) == MAPPINGS.to_resources({**case, "case_id": "C-1"})


@given(cases())
def test_hand_written_code_reads_the_same_case(case: dict[str, Any]) -> None:
    assert hand_back.to_case(MAPPINGS.to_fhir(case)) == (case, [])
