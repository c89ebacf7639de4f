"""What becomes of what arrives: one case of each child, a version of each news, nothing of a repetition."""

from __future__ import annotations

import uuid
from dataclasses import replace
from functools import partial

import pytest

from adapter import inbound
from adapter.parts import Parts
from adapter.resource import dump_json
from adapter.store import cases, inbox, resources
from tests.at_once import at_once
from tests.journeys.handing_in import counts, receive, states
from tests.sample_bundles import as_bytes, make_bundle, make_condition, make_finding, make_patient
from tests.sample_cases import make_case


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


def test_many_senders_of_one_bundle_at_once_make_one_case(parts: Parts) -> None:
    parts = replace(parts, make_id=lambda: str(uuid.uuid4()))

    told = at_once([lambda: receive(parts, make_bundle())] * 8)

    assert len({receipt.entry.case_id for receipt in told}) == 1
    assert states(parts) == {"stored": 1, "duplicate": 7}
    with parts.store.reading() as connection:
        assert [each.version for each in cases.history(connection, told[0].entry.case_id)] == [1]


def test_many_changes_of_one_child_at_once_make_a_version_each(parts: Parts) -> None:
    parts = replace(parts, make_id=lambda: str(uuid.uuid4()))
    changed = [make_bundle(make_patient(birthDate=f"2008-06-{day:02}"), make_condition()) for day in range(1, 9)]

    told = at_once([partial(receive, parts, each) for each in changed])

    assert {receipt.entry.case_id for receipt in told} == {told[0].entry.case_id}
    assert sorted(receipt.entry.case_version or 0 for receipt in told) == list(range(1, 9))
    with parts.store.reading() as connection:
        standing = resources.saying_case(connection, told[0].entry.case_id or "")
    assert len({(each.type, each.id) for each in standing}) == len(standing)
    assert [each.version for each in standing if each.type == "Patient"] == [8]


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
