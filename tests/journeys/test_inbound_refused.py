"""What arrives and cannot be taken: refused with status, rule and place, and its bytes are kept."""

from __future__ import annotations

from typing import Any

import pytest

from adapter import inbound
from adapter.errors import Issue
from adapter.parts import Parts
from adapter.resource import dump_json
from adapter.store import inbox, listing
from tests.journeys.handing_in import counts, receive
from tests.sample_bundles import ICD10, as_bytes, coded, make_bundle, make_condition, make_finding, make_patient
from tests.sample_cases import make_case

# Input, status, rule and place of what must be told.
Wrong = tuple[bytes, int, str, str]

UNREADABLE: dict[str, Wrong] = {
    "not JSON": (b"<Bundle/>", 400, "json-syntax", ""),
    "nothing": (b"", 400, "json-syntax", ""),
    "duplicate keys": (b'{"resourceType":"Bundle","type":"batch","type":"batch"}', 400, "json-duplicate-key", ""),
    "too deep": (b"[" * 70 + b"]" * 70, 400, "json-depth", ""),
    "11 MB": (b'"' + b"x" * 11_000_000 + b'"', 413, "json-size", ""),
    "no Bundle": (as_bytes(make_patient()), 422, "bundle", ""),
    "a list": (b"[]", 422, "bundle", ""),
    "null": (b"null", 422, "bundle", ""),
}


def refused(rule: str, place: str, *resources: dict[str, Any], kind: str = "collection", status: int = 422) -> Wrong:
    return as_bytes(make_bundle(*resources, kind=kind)), status, rule, place


NAMELESS = {"resource": {"resourceType": "Patient"}}, {"resource": make_condition()}
UNUSABLE: dict[str, Wrong] = {
    "501 entries": refused(
        "bundle-size", "Bundle.entry", make_patient(), *[make_condition(n) for n in range(500)], status=413
    ),
    "a history": refused("bundle-type", "Bundle.type", kind="history"),
    "no Patient": refused("one-patient", "Bundle.entry", make_condition()),
    "two Patients": refused("one-patient", "Bundle.entry[1].resource", make_patient(), make_patient(2)),
    "STU3": refused(
        "fhir-version",
        "Bundle.entry[1].resource.clinicalStatus",
        *(make_patient(), make_condition(clinicalStatus="active")),
    ),
    "R5": refused(
        "fhir-version",
        "Bundle.entry[2].resource",
        *(make_patient(), make_condition(), {"resourceType": "MedicationUsage", "id": "m"}),
    ),
    "unknown codes": refused(
        "mapping:required:diagnosis.code",
        "Bundle",
        *(make_patient(), make_condition(code=coded(ICD10, "Q99.99"))),
    ),
    "onset before birth": refused(
        "case:",
        "Bundle.entry[1].resource.onsetDateTime",
        *(make_patient(), make_condition(onsetDateTime="2001-01-01")),
    ),
    "nobody": (as_bytes({**make_bundle(), "entry": NAMELESS}), 422, "pseudonym", "Bundle.entry[0].resource"),
}
WRONG = UNREADABLE | UNUSABLE


@pytest.mark.parametrize("name", WRONG)
def test_refuses_with_status_rule_and_place_and_keeps_the_bytes(parts: Parts, name: str) -> None:
    raw, status, rule, place = WRONG[name]

    receipt = receive(parts, raw)

    blocking = [issue for issue in receipt.issues if issue.blocks]
    assert (receipt.status, receipt.entry.state) == (status, "quarantined")
    assert any(issue.rule.startswith(rule) and issue.expression == place for issue in blocking), blocking
    with parts.store.reading() as connection:
        assert inbox.read_raw(connection, receipt.entry.id, parts.seals) == raw
        assert listing.summaries(connection) == []
    assert receive(parts, make_bundle()).entry.state == "stored", "the next good Bundle works"


def test_says_line_and_column_of_what_is_wrong(parts: Parts) -> None:
    raw = dump_json(make_bundle(make_patient(), make_condition(onsetDateTime="2001-01-01")), indent=True)

    issue = next(issue for issue in receive(parts, raw).issues if issue.blocks)

    assert raw.decode().splitlines()[issue.line - 1].strip().startswith('"onsetDateTime"')


def test_issues_come_back_from_the_store_as_they_went_in(parts: Parts) -> None:
    receipt = receive(parts, b"{")

    assert receipt.issues
    assert all(isinstance(issue, Issue) and issue.text_fr for issue in receipt.issues)


def test_a_case_that_breaks_the_schema_is_told_the_pointer(parts: Parts) -> None:
    case = make_case(1)
    case["patient"]["sex"] = "banana"

    receipt = inbound.receive_case(parts, dump_json(case), "registry")

    assert receipt.status == 422
    assert [(issue.expression, issue.rule) for issue in receipt.issues] == [("/patient/sex", "case:enum")]
    assert "banana" not in receipt.issues[0].text


def test_in_a_batch_one_bad_entry_is_left_out_and_the_rest_stands(parts: Parts) -> None:
    stranger = make_finding(subject={"identifier": {"system": "urn:x", "value": "nobody"}})
    receipt = receive(parts, make_bundle(make_patient(), make_condition(), stranger, kind="batch"))

    assert (receipt.entry.state, counts(receipt)) == ("stored", (3, 2, 1, 0))
    assert [issue.expression for issue in receipt.issues if issue.blocks] == ["Bundle.entry[2].resource.subject"]


def test_a_transaction_is_all_or_nothing(parts: Parts) -> None:
    stranger = make_finding(subject={"identifier": {"system": "urn:x", "value": "nobody"}})
    receipt = receive(parts, make_bundle(make_patient(), make_condition(), stranger, kind="transaction"))

    assert (receipt.entry.state, counts(receipt)) == ("quarantined", (3, 0, 3, 0))
