"""A case is held against its schema and against itself; no message shows a patient's value."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapter.case import check_case, load_consistency
from adapter.case.fields import date_fields, field_schema, read_field
from adapter.case.shape import case_shape
from adapter.case.timeline import onset_of
from adapter.dates import Interval
from adapter.declaration import find_violations
from adapter.errors import DeclarationError, Json
from tests.strategies import cases

MAPPINGS = Path(__file__).parents[2] / "mappings"
TODAY = date(2024, 6, 1)
RULES = load_consistency(MAPPINGS)


def make_case(**sections: Any) -> Json:
    case: Json = {
        "case_id": "c1",
        "patient": {"sex": "female", "birth_date": "2004-05-06"},
        "diagnosis": {"code": "crmo", "certainty": "confirmed", "onset": {"date": "2012-01"}, "date": "2013"},
    }
    for name, section in sections.items():
        case[name] = {**case[name], **section} if isinstance(case.get(name), dict) else section
    return case


def findings(case: Any) -> list[tuple[str, str]]:
    return [(issue.rule, issue.expression) for issue in check_case(case, RULES, today=TODAY)]


def test_a_coherent_case_has_no_issue() -> None:
    assert findings(make_case()) == []


@pytest.mark.parametrize(
    ("sections", "rule", "pointer"),
    [
        ({"diagnosis": {"onset": {"date": "2003"}}}, "onset-before-birth", "/diagnosis/onset/date"),
        (
            {"diagnosis": {"onset": {"period": {"start": "2001", "end": "2002"}}}},
            "onset-before-birth",
            "/diagnosis/onset/period",
        ),
        ({"diagnosis": {"date": "2011-12-31"}}, "diagnosis-before-onset", "/diagnosis/date"),
        ({"diagnosis": {"onset": {"age": {"value": 12, "unit": "a"}}}}, "diagnosis-before-onset", "/diagnosis/date"),
        (
            {"diagnosis": {"onset": {"period": {"start": "2012", "end": "2011"}}}},
            "onset-period-reversed",
            "/diagnosis/onset/period/end",
        ),
        (
            {
                "diagnosis": {
                    "onset": {"range": {"low": {"value": 8, "unit": "a"}, "high": {"value": 80, "unit": "mo"}}}
                }
            },
            "onset-range-reversed",
            "/diagnosis/onset/range/low",
        ),
        ({"patient": {"birth_date": "1900-01-01"}}, "birth-too-long-ago", "/patient/birth_date"),
        ({"biopsies": [{"date": "2003-01-01"}]}, "date-before-birth", "/biopsies/0/date"),
        (
            {"patient": {"vital_status": "dead", "death_date": "2015"}, "outcome": {"last_visit_date": "2016-01"}},
            "date-after-death",
            "/outcome/last_visit_date",
        ),
        ({"outcome": {"last_visit_date": "2024-06-02"}}, "date-in-the-future", "/outcome/last_visit_date"),
        ({"outcome": {"last_visit_date": "2012-12"}}, "last-visit-before-diagnosis", "/outcome/last_visit_date"),
        (
            {"treatments": [{"class": "nsaid"}, {"class": "nsaid", "start": "2014-02", "stop": "2014-01"}]},
            "stop-before-start",
            "/treatments/1/stop",
        ),
        (
            {"imaging_studies": [{"modality": "MR", "id": "s1"}, {"modality": "NM", "id": "s1"}]},
            "study-named-twice",
            "/imaging_studies/1/id",
        ),
        (
            {"imaging_lesions": [{"bone": "tibia", "side": "left", "modality": "MR", "study": "s9"}]},
            "study-not-there",
            "/imaging_lesions/0/study",
        ),
    ],
)
def test_names_the_rule_and_the_place(sections: dict[str, Any], rule: str, pointer: str) -> None:
    assert findings(make_case(**sections)) == [(f"case:{rule}", pointer)]


@pytest.mark.parametrize(
    "sections",
    [
        {"diagnosis": {"onset": {"date": "2004"}, "date": "2004"}},
        {"diagnosis": {"onset": {"date": "2013-06-30"}, "date": "2013"}},
        {"diagnosis": {"onset": {"age": {"value": 9, "unit": "a"}}}},
        {"treatments": [{"class": "nsaid", "start": "2014-02-03", "stop": "2014-02"}]},
        {"outcome": {"last_visit_date": "2024"}},
    ],
)
def test_dates_that_overlap_do_not_contradict(sections: dict[str, Any]) -> None:
    assert findings(make_case(**sections)) == []


@pytest.mark.parametrize(
    ("sections", "rule", "pointer"),
    [
        ({"diagnosis": {"onset": {"date": "2012-02-30"}}}, "case:format", "/diagnosis/onset/date"),
        ({"patient": {"sex": "banana"}}, "case:enum", "/patient/sex"),
        ({"a/b~c": 1}, "case:additionalProperties", ""),
    ],
)
def test_a_broken_shape_is_named_by_pointer(sections: dict[str, Any], rule: str, pointer: str) -> None:
    assert (rule, pointer) in findings(make_case(**sections))


@pytest.mark.parametrize("document", [None, [], 3, "case", {}])
def test_what_is_no_case_at_all_gives_issues(document: Any) -> None:
    assert findings(document)


def test_no_message_shows_a_value() -> None:
    case = make_case(diagnosis={"onset": {"date": "1987-06-05"}}, patient={"sex": "banana-1987"})
    shape = make_case(diagnosis={"onset": {"date": "1987-06-05"}})
    texts = " ".join(
        issue.text + issue.text_fr for each in (case, shape) for issue in check_case(each, RULES, today=TODAY)
    )
    assert texts
    assert "1987" not in texts


def test_every_issue_carries_french_and_the_line_of_its_rule() -> None:
    (issue,) = check_case(make_case(diagnosis={"date": "2010"}), RULES, today=TODAY)
    assert issue.text_fr.startswith("Le diagnostic")
    assert issue.origin.startswith("consistency.yaml:")


@pytest.mark.parametrize(
    ("written", "wrong", "code"),
    [
        ("not_before: patient.birth_date", "not_before: patient.birthdate", "K002"),
        ("field: imaging_studies[].id", "field: imaging_studies[].uid", "K002"),
        ("id: study-named-twice", "id: study-not-there", "K001"),
    ],
)
def test_a_wrong_rule_is_refused_with_its_place(tmp_path: Path, written: str, wrong: str, code: str) -> None:
    text = (MAPPINGS / "consistency.yaml").read_text(encoding="utf-8").replace(written, wrong, 1)
    (tmp_path / "consistency.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(DeclarationError, match=rf"consistency\.yaml:\d+:\d+ {code} "):
        load_consistency(tmp_path)


def test_fields_are_read_with_their_pointers() -> None:
    case = {"imaging_studies": [{"modality": "MR"}, {"modality": "NM", "id": "s2"}]}
    assert list(read_field(case, "imaging_studies[].id")) == [("/imaging_studies/1/id", "s2")]


def test_every_date_of_the_schema_is_known() -> None:
    assert {"diagnosis.onset.period.end", "biopsies[].date", "patient.birth_date"} <= set(date_fields())
    assert all(field_schema(field) for field in date_fields())


@pytest.mark.parametrize("field", ["diagnosis.ondset", "biopsies.date", "patient[].sex", "diagnosis.onset.age.value.x"])
def test_an_unknown_field_has_no_schema(field: str) -> None:
    assert field_schema(field) is None


@pytest.mark.parametrize(
    ("onset", "low", "high"),
    [
        ({"age": {"value": 9, "unit": "a"}}, date(2013, 5, 6), date(2014, 5, 5)),
        (
            {"range": {"low": {"value": 9, "unit": "a"}, "high": {"value": 10, "unit": "a"}}},
            date(2013, 5, 6),
            date(2015, 5, 5),
        ),
        ({"range": {"high": {"value": 10, "unit": "a"}}}, date(2004, 5, 6), date(2015, 5, 5)),
        ({"period": {"start": "2012", "end": "2013-03"}}, date(2012, 1, 1), date(2013, 3, 31)),
        ({"period": {"start": "2012-04"}}, date(2012, 4, 1), date(2012, 4, 30)),
    ],
)
def test_onset_is_an_interval_in_every_form(onset: Json, low: date, high: date) -> None:
    dated = onset_of(make_case(diagnosis={"onset": onset}))
    assert dated is not None
    assert dated.interval == Interval(low, high)


def test_onset_in_words_is_never_computed() -> None:
    assert onset_of({"diagnosis": {"code": "crmo", "onset": {"text": "about twelve"}}}) is None


# --- The quick answer to "has it the shape of the schema?" is the validator's answer ---

ODD = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-2, 99_999),
    st.floats(allow_nan=False),
    st.decimals(allow_nan=False, allow_infinity=False, places=1),
    st.sampled_from(
        ["", "yes", "2012", "2012-02-30", "2012-02-29", "2012-01-01\n", "crp", "mg/L", "tibia", "T7", "urn:x"]
    ),
    st.lists(st.just("x"), max_size=2),
    st.dictionaries(st.sampled_from(["date", "bone", "value"]), st.just("2012"), max_size=2),
)


def places_in(value: Any, place: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [place, *(each for key, held in inner for each in places_in(held, (*place, key)))]


def altered(case: Any, place: tuple[Any, ...], value: Any, key: str | None) -> Any:
    """The case with something else at one place, or with one member more or less there."""
    if not place:
        if key is None or not isinstance(case, dict):
            return value
        return {name: held for name, held in case.items() if name != key} if key in case else {**case, key: value}
    first, *rest = place
    changed = dict(case) if isinstance(case, dict) else list(case)
    changed[first] = altered(case[first], tuple(rest), value, key)
    return changed


@given(cases(), st.data())
def test_the_quick_answer_is_the_validators(case: Json, data: st.DataObject) -> None:
    assert case_shape()(case)
    place = data.draw(st.sampled_from(places_in(case)))
    key = data.draw(st.sampled_from([None, "unit", "date", "side", "death_date", "date_is_recorded", "nothing"]))
    other = altered(case, place, data.draw(ODD), key)
    assert case_shape()(other) is not any(find_violations("case", other))
