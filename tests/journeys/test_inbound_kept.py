"""What is kept of what arrived: sealed, judged in the end whatever was cut short, gone when its time or its case is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
import sqlalchemy as sa

from adapter import inbound
from adapter.config import Settings
from adapter.errors import GoneError, NotFoundError, UsageError
from adapter.keyfile import Keys, add_key
from adapter.parts import Parts
from adapter.resource import dump_json
from adapter.sealing import Seals
from adapter.store import cases, inbox, keeping
from tests.journeys.handing_in import receive, states
from tests.sample_bundles import as_bytes, make_bundle, make_condition, make_patient
from tests.sample_cases import make_case


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


def test_an_erased_case_is_not_taken_again(parts: Parts) -> None:
    receipt = receive(parts, make_bundle())
    with parts.store.writing() as connection:
        keeping.erase(connection, receipt.entry.case_id, parts.clock())

    again = receive(parts, b" " + as_bytes(make_bundle()))

    assert (again.status, again.entry.state) == (410, "erased")
    with parts.store.reading() as connection:
        assert inbox.read_raw(connection, again.entry.id, parts.seals) is None


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
