"""What becomes of what arrives: kept first, judged second, ended in exactly one state."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa

from adapter import inbound
from adapter.config import Settings
from adapter.errors import GoneError, Issue, NotFoundError, UsageError
from adapter.keyfile import Keys, add_key
from adapter.parts import Parts
from adapter.resource import dump_json
from adapter.sealing import Seals
from adapter.store import cases, inbox, keeping, listing
from tests.sample_bundles import (
    ICD10,
    as_bytes,
    coded,
    make_bundle,
    make_condition,
    make_finding,
    make_patient,
)
from tests.sample_cases import make_case


def receive(parts: Parts, document: Any, source: str = "north") -> Any:
    return inbound.receive(parts, document if isinstance(document, bytes) else as_bytes(document), source)


def counts(receipt: Any) -> tuple[int, int, int, int]:
    entry = receipt.entry
    return entry.received, entry.stored, entry.rejected, entry.unchanged


def states(parts: Parts) -> dict[str, int]:
    with parts.store.reading() as connection:
        return {state: count for state, count in inbox.count_states(connection).items() if count}


def test_takes_a_bundle_and_tells_what_it_became(parts: Parts) -> None:
    receipt = receive(parts, make_bundle())

    assert (receipt.status, receipt.entry.state, counts(receipt)) == (201, "stored", (2, 2, 0, 0))
    with parts.store.reading() as connection:
        found = cases.read(connection, receipt.entry.case_id)
    assert (found.case["patient"]["sex"], found.case["diagnosis"]["onset"]) == ("female", {"date": "2017-05"})
    assert found.decision == receipt.decision
    assert (found.mapping_version, found.inbox_id) == (parts.knowledge.mappings.version, receipt.entry.id)


def test_the_same_bundle_again_changes_nothing(parts: Parts) -> None:
    first, again = receive(parts, make_bundle()), receive(parts, make_bundle())

    assert (again.status, again.duplicate, again.entry.id) == (200, True, first.entry.id)
    assert states(parts) == {"stored": 1, "duplicate": 1}
    with parts.store.reading() as connection:
        assert [each.version for each in cases.history(connection, first.entry.case_id)] == [1]


def test_the_same_content_in_other_bytes_makes_no_new_version(parts: Parts) -> None:
    first = receive(parts, make_bundle())
    again = receive(parts, b" " + as_bytes(make_bundle()))

    assert (again.entry.state, again.entry.duplicate_of, counts(again)) == ("duplicate", first.entry.id, (2, 0, 0, 2))


def test_newer_content_of_the_same_patient_is_the_next_version(parts: Parts) -> None:
    first = receive(parts, make_bundle())
    second = receive(parts, make_bundle(make_patient(), make_condition(onsetDateTime="2016-11")))

    assert (second.entry.case_id, second.entry.case_version, second.status) == (first.entry.case_id, 2, 200)
    assert states(parts) == {"stored": 1, "superseded": 1}


def test_a_late_repetition_of_an_older_message_does_not_undo_the_newer(parts: Parts) -> None:
    old, new = make_bundle(), make_bundle(make_patient(), make_condition(onsetDateTime="2016-11"))
    receive(parts, old)
    case_id = receive(parts, new).entry.case_id

    receive(parts, old)

    with parts.store.reading() as connection:
        assert cases.read(connection, case_id).case["diagnosis"]["onset"] == {"date": "2016-11"}


def test_the_same_number_at_two_hospitals_is_two_patients(parts: Parts) -> None:
    north, south = receive(parts, make_bundle(), "north"), receive(parts, make_bundle(), "south")

    assert north.entry.case_id != south.entry.case_id


def test_the_pseudonym_shows_nothing_of_the_hospital(parts: Parts) -> None:
    case_id = receive(parts, make_bundle()).entry.case_id

    assert len(case_id) == 22
    assert case_id.startswith("C-")
    assert not any(told in case_id for told in ("IPP", "p1", "north"))


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


def test_in_a_batch_one_bad_entry_is_left_out_and_the_rest_stands(parts: Parts) -> None:
    stranger = make_finding(subject={"identifier": {"system": "urn:x", "value": "nobody"}})
    receipt = receive(parts, make_bundle(make_patient(), make_condition(), stranger, kind="batch"))

    assert (receipt.entry.state, counts(receipt)) == ("stored", (3, 2, 1, 0))
    assert [issue.expression for issue in receipt.issues if issue.blocks] == ["Bundle.entry[2].resource.subject"]


def test_a_transaction_is_all_or_nothing(parts: Parts) -> None:
    stranger = make_finding(subject={"identifier": {"system": "urn:x", "value": "nobody"}})
    receipt = receive(parts, make_bundle(make_patient(), make_condition(), stranger, kind="transaction"))

    assert (receipt.entry.state, counts(receipt)) == ("quarantined", (3, 0, 3, 0))


def test_a_family_that_is_opposed_leaves_nothing_behind(parts: Parts) -> None:
    case = make_case(1)
    inbound.receive_case(parts, dump_json(case), "registry")
    receipt = inbound.receive_case(parts, dump_json({**case, "opposition": "opposed"}), "registry")

    assert (receipt.entry.state, receipt.status) == ("erased", 422)
    with parts.store.reading() as connection:
        assert inbox.read_raw(connection, receipt.entry.id, parts.seals) is None
        with pytest.raises(GoneError):
            cases.read(connection, case["case_id"])


def test_erasing_finds_what_was_never_taken_too(parts: Parts) -> None:
    """Bytes in quarantine are the child's as well."""
    taken = receive(parts, make_bundle())
    refused = receive(parts, make_bundle(make_patient(), make_condition(onsetDateTime="2001-01-01")))
    with parts.store.writing() as connection:
        keeping.erase(connection, taken.entry.case_id, parts.clock())

    with parts.store.reading() as connection:
        assert [inbox.read_raw(connection, each.entry.id, parts.seals) for each in (taken, refused)] == [None, None]
        assert inbox.find(connection, refused.entry.id).state == "erased"


def test_a_name_of_an_element_that_a_database_cannot_write_is_kept_all_the_same(parts: Parts) -> None:
    assert receive(parts, make_bundle(make_patient(**{"a\u0000b": 1}), make_condition())).entry.state == "stored"


def at(timestamp: str | None, *resources: dict) -> dict:
    """A Bundle that says which message it is."""
    said = {"identifier": {"system": "urn:oid:1.2.3", "value": "message-7"}}
    return {**make_bundle(*resources), **said, **({"timestamp": timestamp} if timestamp else {})}


def test_a_bundle_identifier_stands_for_one_content(parts: Parts) -> None:
    first = receive(parts, at(None))
    other = receive(parts, at(None, make_patient(), make_condition(), make_finding()))

    assert (first.entry.state, other.entry.state, other.status) == ("stored", "quarantined", 409)
    assert other.issues[-1].rule == "message-identity"
    assert receive(parts, at(None)).duplicate, "the same again is answered as the first was"


@pytest.mark.parametrize(
    ("timestamp", "state"),
    [
        ("2026-03-02T00:00:00+01:00", "stored"),
        ("2026-03-01T00:00:00+01:00", "quarantined"),
        ("2026-02-28T23:00:00Z", "quarantined"),
        ("2026-03-02T00:00:00", "quarantined"),
        (None, "quarantined"),
    ],
)
def test_a_later_timestamp_makes_a_new_revision_of_a_message(parts: Parts, timestamp: str | None, state: str) -> None:
    first = receive(parts, at("2026-03-01T00:00:00+01:00"))
    later = receive(parts, at(timestamp, make_patient(), make_condition(), make_finding()))

    assert later.entry.state == state
    with parts.store.reading() as connection:
        assert inbox.find(connection, first.entry.id).state == ("superseded" if state == "stored" else "stored")


def test_a_message_that_was_refused_may_be_mended_under_its_identifier(parts: Parts) -> None:
    receive(parts, at(None, make_patient(), make_condition(onsetDateTime="2001-01-01")))

    assert receive(parts, at(None)).entry.state == "stored"


def test_what_lies_in_the_database_cannot_be_read_without_the_key(parts: Parts) -> None:
    receipt = receive(parts, make_bundle())
    with parts.store.reading() as connection:
        raw = connection.scalar(sa.select(inbox.INBOX.c.raw).where(inbox.INBOX.c.id == receipt.entry.id))

    assert raw
    assert b"resourceType" not in raw


def test_bytes_are_sealed_again_under_a_new_key(parts: Parts, settings: Settings) -> None:
    receipt = receive(parts, make_bundle())
    renewed = Seals(add_key(settings.sealing_key))
    with parts.store.writing() as connection:
        assert inbox.seal_again(connection, renewed, limit=10) == 1
        assert inbox.seal_again(connection, renewed, limit=10) == 0

    only_new = Seals(Keys(renewed.key_id, {renewed.key_id: renewed.keys.secrets[renewed.key_id]}))
    with parts.store.reading() as connection:
        assert inbox.read_raw(connection, receipt.entry.id, only_new) == as_bytes(make_bundle())


def test_bytes_go_when_their_time_is_over_but_not_what_waits(parts: Parts) -> None:
    taken = receive(parts, make_bundle())
    refused = receive(parts, make_bundle(make_patient(), make_condition(onsetDateTime="2001-01-01")))
    with parts.store.writing() as connection:
        assert inbox.forget_raw(connection, parts.clock()) == 1
        assert inbox.read_raw(connection, taken.entry.id, parts.seals) is None
        assert inbox.read_raw(connection, refused.entry.id, parts.seals)


def test_an_erased_case_is_not_taken_again(parts: Parts) -> None:
    receipt = receive(parts, make_bundle())
    with parts.store.writing() as connection:
        keeping.erase(connection, receipt.entry.case_id, parts.clock())

    again = receive(parts, b" " + as_bytes(make_bundle()))

    assert (again.status, again.entry.state) == (410, "erased")
    with parts.store.reading() as connection:
        assert inbox.read_raw(connection, again.entry.id, parts.seals) is None


def test_retry_takes_what_the_declarations_have_learnt_to_read(parts: Parts) -> None:
    """The mapping that lacked the word is stood in for by a rule that nobody may be ill before birth."""
    strict = receive(parts, make_bundle(make_patient(), make_condition(onsetDateTime="2001-01-01"), kind="collection"))
    lenient = replace(parts.knowledge, consistency=replace(parts.knowledge.consistency, rules=()))

    assert strict.entry.state == "quarantined"
    assert inbound.retry(replace(parts, knowledge=lenient), strict.entry.id).entry.state == "stored"


def test_retry_refuses_what_has_ended_and_what_never_was(parts: Parts) -> None:
    done = receive(parts, make_bundle())

    with pytest.raises(UsageError):
        inbound.retry(parts, done.entry.id)
    with pytest.raises(NotFoundError):
        inbound.retry(parts, "nothing")


def test_what_was_kept_and_not_judged_is_finished_at_the_next_start(parts: Parts) -> None:
    """As after a power cut between the two transactions."""
    with parts.store.writing() as connection:
        raw = as_bytes(make_bundle())
        inbox.keep(
            connection, entry_id="cut", at=parts.clock(), source="north", kind="bundle", raw=raw, seals=parts.seals
        )

    assert inbound.finish(parts) == 1
    assert states(parts) == {"stored": 1}


def test_each_that_was_cut_short_is_judged_by_itself(parts: Parts) -> None:
    """What cannot be judged does not keep those behind it from their turn."""
    with parts.store.writing() as connection:
        for number in (1, 2):
            raw = as_bytes(make_bundle(make_patient(number), make_condition(number)))
            told = {"at": parts.clock(), "source": "north", "kind": "bundle", "raw": raw, "seals": parts.seals}
            inbox.keep(connection, entry_id=f"cut-{number}", **told)
    turns: list[Callable[[], None]] = []

    assert inbound.finish(parts, by=turns.append) == 2
    turns[1]()
    assert states(parts) == {"received": 1, "stored": 1}


def test_a_repetition_finishes_what_was_cut_short(parts: Parts) -> None:
    with parts.store.writing() as connection:
        raw = as_bytes(make_bundle())
        inbox.keep(
            connection, entry_id="cut", at=parts.clock(), source="north", kind="bundle", raw=raw, seals=parts.seals
        )

    assert receive(parts, raw).entry.state == "stored"
    assert states(parts) == {"stored": 1, "duplicate": 1}


def test_resources_of_a_pull_take_the_same_way_whatever_their_order(parts: Parts) -> None:
    resources = [make_patient(), make_condition(), make_finding()]
    first = inbound.receive_resources(parts, resources, "north")
    again = inbound.receive_resources(parts, reversed(resources), "north")

    assert (first.entry.state, first.entry.kind) == ("stored", "resources")
    assert (again.duplicate, again.entry.case_id) == (True, first.entry.case_id)


def test_a_case_that_contradicts_a_newer_version_is_not_taken(parts: Parts) -> None:
    case = make_case(1)
    inbound.receive_case(parts, dump_json(case), "registry")
    inbound.receive_case(parts, dump_json({**case, "centre": "Lyon"}), "registry", expected=1)

    late = inbound.receive_case(parts, dump_json({**case, "centre": "Nice"}), "registry", expected=1)

    assert (late.status, late.entry.state) == (412, "superseded")
    with parts.store.reading() as connection:
        assert cases.read(connection, case["case_id"]).case["centre"] == "Lyon"


def test_saying_again_what_was_said_before_an_edit_undoes_the_edit(parts: Parts) -> None:
    case = make_case(1)
    for centre in ("Paris", "Lyon", "Paris"):
        inbound.receive_case(parts, dump_json({**case, "centre": centre}), "registry")

    with parts.store.reading() as connection:
        assert [each.case["centre"] for each in cases.history(connection, case["case_id"])] == [
            "Paris",
            "Lyon",
            "Paris",
        ]


def test_a_case_that_breaks_the_schema_is_told_the_pointer(parts: Parts) -> None:
    case = make_case(1)
    case["patient"]["sex"] = "banana"

    receipt = inbound.receive_case(parts, dump_json(case), "registry")

    assert receipt.status == 422
    assert [(issue.expression, issue.rule) for issue in receipt.issues] == [("/patient/sex", "case:enum")]
    assert "banana" not in receipt.issues[0].text


def test_many_senders_of_one_bundle_at_once_make_one_case(parts: Parts) -> None:
    parts = replace(parts, make_id=lambda: str(uuid.uuid4()))
    start, told = threading.Barrier(8), []

    def send() -> None:
        start.wait()
        told.append(receive(parts, make_bundle()))

    threads = [threading.Thread(target=send) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len({receipt.entry.case_id for receipt in told}) == 1
    assert states(parts) == {"stored": 1, "duplicate": 7}
    with parts.store.reading() as connection:
        assert [each.version for each in cases.history(connection, told[0].entry.case_id)] == [1]


def test_issues_come_back_from_the_store_as_they_went_in(parts: Parts) -> None:
    receipt = receive(parts, b"{")

    assert receipt.issues
    assert all(isinstance(issue, Issue) and issue.text_fr for issue in receipt.issues)
