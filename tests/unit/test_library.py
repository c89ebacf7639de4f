"""The adapter as a library: three functions, no database."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import adapter
from adapter import to_case, to_fhir, validate

CASE = json.loads((Path(__file__).parents[1] / "bench" / "case.json").read_text(encoding="utf-8"))


def test_a_case_goes_out_and_comes_home() -> None:
    result = to_case(to_fhir(CASE))

    assert (result.case, result.issues, result.unread) == (CASE, [], [])


def test_what_is_handed_out_is_the_callers_own() -> None:
    first: dict[str, Any] = to_fhir(CASE)
    first["entry"][1]["resource"]["category"].clear()

    assert to_fhir(CASE)["entry"][1]["resource"]["category"]


def test_typed_models_say_the_same() -> None:
    typed = to_fhir(CASE, typed=True)

    assert [entry.resource.get_resource_type() for entry in typed.entry] == [
        entry["resource"]["resourceType"] for entry in to_fhir(CASE)["entry"]
    ]


def test_what_we_write_is_valid_against_the_profiles_it_claims() -> None:
    from adapter.config import shipped

    issues = validate(to_fhir(CASE), packages=[shipped("profiles")])

    assert [issue for issue in issues if issue.blocks] == []


def test_the_face_has_no_other_names() -> None:
    with pytest.raises(AttributeError):
        _ = adapter.to_nothing  # type: ignore[attr-defined]
