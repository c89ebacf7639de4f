"""Validation through its public face: verdicts, places, languages, limits, and inputs made to hurt."""

import json
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapter.conformance import r4_definitions
from adapter.resource import dump_json, parse_json
from adapter.validation import Policy, Validator, validate
from adapter.validation.files import Request, validate_files
from adapter.validation.report import RENDERERS

PATIENT = {"resourceType": "Patient", "gender": "female"}
BAD = {"resourceType": "Patient", "gender": "F", "birthDate": "2009-02-30"}


def rules(resource: Any, **options: Any) -> list[str]:
    return [issue.rule for issue in validate(resource, **options)]


def test_a_right_resource_has_no_issue() -> None:
    assert validate(PATIENT) == []


def test_text_gives_each_issue_its_line_and_column() -> None:
    issues = validate(b'{\n "resourceType": "Patient",\n "gender": "F"\n}')

    assert [(issue.rule, issue.expression, issue.line, issue.column) for issue in issues] == [
        ("binding", "Patient.gender", 3, 2)
    ]


def test_an_issue_says_what_was_expected_and_how_to_mend_it_in_both_languages() -> None:
    issue = validate(BAD)[0]

    assert "administrative-gender" in issue.text
    assert "administrative-gender" in issue.text_fr
    assert "female" in issue.mend
    assert "Employer" in issue.mend_fr


def test_every_wording_exists_in_both_languages() -> None:
    wordings, _ = parse_json((Path(validate.__code__.co_filename).parent / "wording.json").read_bytes())

    assert not [name for name, entry in wordings.items() if not entry["text"] or not entry["text_fr"]]
    assert not [name for name, entry in wordings.items() if bool(entry.get("mend")) != bool(entry.get("mend_fr"))]


@pytest.mark.parametrize("value", [[], "Patient", 7, None, {}])
def test_what_is_no_resource_is_an_issue(value: Any) -> None:
    assert len(validate(value)) == 1


def test_text_that_is_not_json_is_an_issue() -> None:
    assert rules(b"{") == ["json-syntax"]


def test_an_unknown_given_profile_is_an_error_and_a_claimed_one_a_warning() -> None:
    claimed = validate({**PATIENT, "meta": {"profile": ["http://x.invalid/p"]}})
    given_ = validate(PATIENT, profiles=["http://x.invalid/p"])

    assert [(i.rule, i.severity) for i in claimed] == [("profile-unknown", "warning")]
    assert [(i.rule, i.severity) for i in given_] == [("profile-unknown", "error")]


def test_a_profile_without_snapshot_is_refused_with_the_reason() -> None:
    profile = {
        "resourceType": "StructureDefinition",
        "url": "http://x.invalid/p",
        "type": "Patient",
        "kind": "resource",
    }
    validator = Validator(r4_definitions().extended([profile]))

    assert [i.rule for i in validator.validate(PATIENT, profiles=["http://x.invalid/p"])] == ["profile-unusable"]


def test_a_profile_of_another_type_is_refused() -> None:
    url = "http://hl7.org/fhir/StructureDefinition/bp"

    assert rules(PATIENT, profiles=[url]) == ["profile-of-other-type"]


def test_an_unknown_extension_is_an_error_or_a_warning_as_the_policy_says() -> None:
    resource = {**PATIENT, "extension": [{"url": "http://hospital.invalid/e", "valueString": "x"}]}
    lenient = Policy(unknown_extensions="warning")

    assert [i.severity for i in validate(resource)] == ["error"]
    assert [i.severity for i in validate(resource, policy=lenient)] == ["warning"]


def test_best_practice_is_told_only_when_asked_for() -> None:
    assert rules(PATIENT, policy=Policy(best_practice=True)) == ["invariant:dom-6"]


def test_vital_signs_are_held_to_their_profile() -> None:
    code = {"coding": [{"system": "http://loinc.org", "code": "8310-5"}]}
    found = validate({"resourceType": "Observation", "status": "final", "code": code})

    assert {i.profile for i in found if i.blocks} == {"http://hl7.org/fhir/StructureDefinition/bodytemp"}


def test_a_rule_that_cannot_be_evaluated_is_said_to_be_unchecked() -> None:
    profile = json.loads(json.dumps(r4_definitions().type_structure("Patient"), default=str))
    rule = {"key": "x-1", "severity": "error", "human": "x", "expression": "nobodyKnows(name)"}
    profile["snapshot"]["element"][0]["constraint"].append(rule)
    validator = Validator(r4_definitions().extended([{**profile, "url": "http://x.invalid/p"}]))

    found = validator.validate(PATIENT, profiles=["http://x.invalid/p"])

    assert [(i.rule, i.severity) for i in found] == [("invariant-not-checked:x-1", "warning")]


def test_a_profile_that_leads_back_to_itself_ends() -> None:
    profile = json.loads(json.dumps(r4_definitions().type_structure("Patient"), default=str)) | {
        "url": "http://x.invalid/p"
    }
    for element in profile["snapshot"]["element"]:
        if element["path"] == "Patient.link.other":
            element["type"] = [{"code": "Reference", "targetProfile": ["http://x.invalid/p"]}]
    ring = [
        {
            "fullUrl": f"http://x.invalid/Patient/{n}",
            "resource": {
                "resourceType": "Patient",
                "id": str(n),
                "meta": {"profile": ["http://x.invalid/p"]},
                "link": [{"other": {"reference": f"Patient/{(n + 1) % 50}"}, "type": "seealso"}],
            },
        }
        for n in range(50)
    ]
    validator = Validator(r4_definitions().extended([profile]))

    assert validator.validate({"resourceType": "Bundle", "type": "collection", "entry": ring}) == []


def hurting() -> dict[str, Any]:
    nested: dict[str, Any] = {"url": "http://example.org/x", "valueString": "x"}
    for _ in range(20_000):
        nested = {"url": "http://example.org/x", "extension": [nested]}
    link = '<a href="' + "a" * 100
    return {
        "deep": {**PATIENT, "extension": [nested]},
        "wide": {**PATIENT, "name": [{"familly": "x"}] * 100_000},
        "wide-right": {**PATIENT, "name": [{"family": "x"}] * 100_000},
        "keys": {**PATIENT, **{f"k{n}": 1 for n in range(20_000)}},
        "narrative": {**PATIENT, "text": {"status": "generated", "div": "<div" + " a='" * 200_000}},
        "narrative-links": {**PATIENT, "text": {"status": "generated", "div": link * 20_000}},
        "tags": {**PATIENT, "text": {"status": "generated", "div": "<p>" * 300_000}},
        "date": {**PATIENT, "birthDate": "2" * 500_000},
        "code": {**PATIENT, "gender": "a " * 300_000},
        "base64": {**PATIENT, "photo": [{"contentType": "image/png", "data": "A" * 999_999 + "%"}]},
        "reference": {**PATIENT, "managingOrganization": {"reference": "A/" * 300_000}},
        "uri": {**PATIENT, "implicitRules": "http://" + "a/" * 300_000 + " "},
        "bundle": {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": BAD}] * 20_000},
    }


@contextmanager
def no_hang() -> Iterator[None]:
    """A minute and no more: a verdict that never comes fails here instead of stopping the run."""

    def give_up(*_: object) -> None:
        raise TimeoutError("no verdict within a minute")

    before = signal.signal(signal.SIGALRM, give_up)
    signal.alarm(60)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(hurting()))
def test_inputs_made_to_hurt_are_answered(name: str) -> None:
    resource = hurting()[name]

    with no_hang():
        issues = validate(resource)

    assert issues or name == "wide-right"
    assert len(issues) <= 1001


def test_a_text_of_many_defects_is_answered() -> None:
    text = dump_json({**PATIENT, "name": [{"familly": "x"}] * 50_000})

    with no_hang():
        issues = validate(text)

    assert issues[-1].rule == "more-issues"
    assert issues[500].column > issues[499].column


def big_bundle(size: int) -> dict[str, Any]:
    entries = [
        {
            "fullUrl": f"http://h.invalid/Patient/p{n}",
            "resource": {
                "resourceType": "Patient",
                "id": f"p{n}",
                "gender": "male",
                "link": [{"other": {"reference": f"Patient/p{(n * 7) % size}"}, "type": "seealso"}],
            },
        }
        for n in range(size)
    ]
    return {"resourceType": "Bundle", "type": "collection", "entry": entries}


def calls_for(resource: dict[str, Any]) -> int:
    """How many functions, Python's and C's, one verdict calls: what a slow machine cannot change."""
    calls = 0

    def count(_frame: object, event: str, _argument: object) -> None:
        nonlocal calls
        calls += event in ("call", "c_call")

    sys.setprofile(count)
    try:
        assert validate(resource) == []
    finally:
        sys.setprofile(None)
    return calls


def test_ten_times_the_entries_cost_ten_times_the_calls() -> None:
    """In seconds: `make bench-validate`."""
    validate(big_bundle(10))
    assert calls_for(big_bundle(5_000)) / calls_for(big_bundle(500)) < 10.5


def test_threads_may_share_a_validator() -> None:
    resources = [BAD, PATIENT, {"resourceType": "Condition"}, {"resourceType": "ImagingStudy", "status": "x"}]
    alone = [[issue.rule for issue in Validator().validate(resource)] for resource in resources]
    validator = Validator()
    found: list[list[str]] = []

    def work() -> None:
        for resource in resources * 5:
            found.append([issue.rule for issue in validator.validate(resource)])

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert {str(rules) for rules in found} == {str(rules) for rules in alone}


def test_validating_does_not_change_the_resource() -> None:
    resource = json.loads(json.dumps(BAD))

    validate(resource)

    assert resource == BAD


JSONISH = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["id", "extension", "url", "name", "code", "coding", "system", "value", "_birthDate", "birthDate"]
            )
            | st.text(max_size=4),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@settings(max_examples=1500, deadline=None)
@given(
    kind=st.sampled_from(
        ["Patient", "Condition", "Observation", "Bundle", "ImagingStudy", "Composition", "Parameters"]
    ),
    body=st.dictionaries(
        st.sampled_from(
            [
                "id",
                "text",
                "contained",
                "extension",
                "meta",
                "code",
                "entry",
                "subject",
                "section",
                "type",
                "parameter",
                "name",
                "identifier",
            ]
        ),
        JSONISH,
        max_size=6,
    ),
)
def test_any_json_is_answered_with_issues_and_never_with_an_exception(kind: str, body: dict[str, Any]) -> None:
    for issue in validate({"resourceType": kind, **body}):
        assert issue.text
        assert issue.expression.startswith(kind)


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    (tmp_path / "one.json").write_bytes(dump_json(BAD, indent=True))
    rows = [dump_json(PATIENT), b"", dump_json(BAD), b"{"] * 600
    (tmp_path / "many.ndjson").write_bytes(b"\n".join(rows))
    return [tmp_path / "one.json", tmp_path / "many.ndjson"]


@pytest.mark.parametrize("workers", [1, 2])
def test_files_are_judged_in_order_with_their_rows(files: list[Path], workers: int) -> None:
    verdicts = list(validate_files(files, Request(), workers=workers))

    assert len(verdicts) == 1 + 3 * 600
    assert [(v.row, v.valid) for v in verdicts[:4]] == [(0, False), (1, True), (3, False), (4, False)]
    assert verdicts[-1].row == 2400
    assert {issue.line for issue in verdicts[-1].issues} == {2400}


@pytest.mark.parametrize("form", sorted(RENDERERS))
@pytest.mark.parametrize("language", ["en", "fr"])
def test_verdicts_are_told_in_every_form(files: list[Path], form: str, language: str) -> None:
    told = "\n".join(RENDERERS[form](validate_files(files[:1], Request()), language))

    assert "Patient.gender" in told
    assert ("Employer" if language == "fr" else "Use one") in told or form == "json"


def test_sarif_points_at_line_and_column(files: list[Path]) -> None:
    log = json.loads("".join(RENDERERS["sarif"](validate_files(files[:1], Request()), "en")))
    regions = [r["locations"][0]["physicalLocation"]["region"] for r in log["runs"][0]["results"]]

    assert regions == [{"startLine": 3, "startColumn": 3}, {"startLine": 4, "startColumn": 3}]


@pytest.mark.parametrize(
    "element",
    [
        {},
        {"path": 7},
        {"path": "Patient.name", "max": "many"},
        {"path": "Patient.name", "min": "x", "max": "1"},
        {"path": "Patient.name", "type": "HumanName"},
        {"path": "Patient.name.family"},
        "Patient.name",
    ],
)
def test_a_broken_profile_of_a_package_is_refused_and_breaks_nothing(element: Any) -> None:
    profile = {
        "resourceType": "StructureDefinition",
        "url": "http://x.invalid/p",
        "type": "Patient",
        "kind": "resource",
        "snapshot": {"element": [{"path": "Patient"}, element]},
    }
    validator = Validator(r4_definitions().extended([profile]))

    assert {i.rule for i in validator.validate(PATIENT, profiles=["http://x.invalid/p"])} == {"profile-unusable"}
    assert validator.validate(PATIENT) == []
