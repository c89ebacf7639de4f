"""Resources of another FHIR are told apart before a rule reads them as something they are not."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapter.release import check_release
from tests.sample_bundles import make_bundle, make_condition, make_finding, make_patient


def told(resource: Any) -> list[str]:
    return [issue.expression for issue in check_release({"entry": [{"resource": resource}]})]


@pytest.mark.parametrize(
    ("resource", "place"),
    [
        ({"resourceType": "ProcedureRequest"}, ""),
        ({"resourceType": "ImagingSelection"}, ""),
        ({"resourceType": "Condition", "clinicalStatus": "active"}, ".clinicalStatus"),
        ({"resourceType": "Condition", "assertedDate": "2010"}, ".assertedDate"),
        ({"resourceType": "MedicationStatement", "taken": "y"}, ".taken"),
        ({"resourceType": "MedicationStatement", "medication": {"concept": {}}}, ".medication"),
        ({"resourceType": "ImagingStudy", "modality": [{"coding": [{"code": "MR"}]}]}, ".modality"),
        ({"resourceType": "Procedure", "occurrenceDateTime": "2010"}, ".occurrenceDateTime"),
        (
            {"resourceType": "Patient", "meta": {"profile": ["http://hl7.org/fhir/5.0/StructureDefinition/Patient"]}},
            ".meta.profile",
        ),
    ],
)
def test_names_the_element_that_shows_it(resource: dict[str, Any], place: str) -> None:
    assert told(resource) == [f"Bundle.entry[0].resource{place}"]


@pytest.mark.parametrize(
    "resource",
    [
        make_patient(),
        make_condition(),
        make_finding(),
        {"resourceType": "ImagingStudy", "modality": [{"system": "http://dicom.nema.org/resources/ontology/DCM"}]},
        {"resourceType": "Patient", "meta": {"profile": ["http://hl7.org/fhir/4.0/StructureDefinition/Patient"]}},
        {"resourceType": "Patient", "meta": {"profile": ["http://hl7.org/fhir/StructureDefinition/Patient"]}},
    ],
)
def test_leaves_r4_alone(resource: dict[str, Any]) -> None:
    assert told(resource) == []


@given(
    st.recursive(
        st.none() | st.integers() | st.text(),
        lambda s: (
            st.lists(s)
            | st.dictionaries(st.sampled_from(["entry", "resource", "resourceType", "meta", "profile", "modality"]), s)
        ),
        max_leaves=12,
    )
)
def test_never_stumbles(junk: Any) -> None:
    assert list(check_release({"entry": junk})) == []


def test_places_are_counted_in_the_bundle() -> None:
    bundle = make_bundle(make_patient(), make_condition(clinicalStatus="active"), kind="collection")

    assert [issue.expression for issue in check_release(bundle)] == ["Bundle.entry[1].resource.clinicalStatus"]
