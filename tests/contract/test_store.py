"""The store keeps the same promises on SQLite and on PostgreSQL (a real server, started by the tests)."""

from __future__ import annotations

import importlib
import pkgutil
import threading
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from decimal import Decimal
from functools import partial
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

import adapter.store
from adapter.errors import ConfigError, GoneError, IntegrityError, Issue, NotFoundError, RemoteTransientError
from adapter.keyfile import Keys
from adapter.resource import dump_json
from adapter.sealing import Seals
from adapter.store import Store, cases, database, findings, inbox, keeping, listing, open_store
from adapter.store.schema import METADATA
from tests.at_once import at_once

NOON = datetime(2026, 3, 17, 12, 0, 0, 250000, tzinfo=UTC)
LATER = datetime(2026, 3, 18, 12, 0, tzinfo=UTC)
SEALS = Seals(Keys("k1", {"k1": b"1" * 32}))
ELIGIBLE = {"status": "eligible", "criteria": [{"id": "I1", "value": "true", "reason": "", "evidence": []}]}


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    opened = open_store(database_url)
    yield opened
    opened.close()


def arrive(store: Store, entry_id: str, raw: bytes = b"{}", source: str = "north") -> inbox.Entry:
    with store.writing() as connection:
        return inbox.keep(connection, entry_id=entry_id, at=NOON, source=source, kind="bundle", raw=raw, seals=SEALS)


def keep(store: Store, case: dict, entry_id: str, at: datetime = NOON) -> keeping.Kept:
    with store.writing() as connection:
        kept = keeping.keep(connection, case, trace=[], mapping_version="m1", inbox_id=entry_id, at=at, key_id="k1")
        if kept.changed:
            keeping.keep_decision(connection, case["case_id"], kept.version, ELIGIBLE, criteria_version="c1", at=at)
            inbox.settle(
                connection, entry_id, state="stored", at=at, case_id=case["case_id"], case_version=kept.version
            )
            inbox.supersede(connection, case["case_id"], by=entry_id)
        return kept


def make_case(**more: object) -> dict:
    return {"case_id": "C-1", "patient": {"sex": "female"}, "diagnosis": {"code": "crmo"}, **more}


def test_the_tables_the_code_names_are_the_tables_the_migrations_make(store: Store) -> None:
    for module in pkgutil.iter_modules(adapter.store.__path__):
        importlib.import_module(f"adapter.store.{module.name}")

    with store.reading() as connection:
        differences = compare_metadata(MigrationContext.configure(connection), METADATA)

    assert [each for each in differences if each[0] != "modify_default"] == []


def test_every_migration_goes_up_and_down_and_up_again(store: Store) -> None:
    with store.writing() as connection:
        database.downgrade(connection, "base")
        left = set(sa.inspect(connection).get_table_names()) - {"alembic_version"}
        database.upgrade(connection, "head")
        back = set(sa.inspect(connection).get_table_names())

    assert left == set()
    assert {"inbox", "cases", "case_versions", "decisions", "issues", "unread"} <= back


def test_opening_again_keeps_what_was_there(database_url: str) -> None:
    first = open_store(database_url)
    arrive(first, "a")
    first.close()

    again = open_store(database_url)
    with again.reading() as connection:
        found = [entry.id for entry in inbox.entries(connection)]
    again.close()

    assert found == ["a"]


def test_two_that_open_an_empty_database_at_once_both_succeed(database_url: str) -> None:
    opened = at_once([lambda: open_store(database_url)] * 4)
    for each in opened:
        each.close()

    assert len(opened) == 4


def test_refuses_a_database_newer_than_the_adapter(database_url: str) -> None:
    opened = open_store(database_url)
    with opened.writing() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    opened.close()

    with pytest.raises(ConfigError, match="newer than this adapter"):
        open_store(database_url)


@pytest.mark.parametrize("url", ["mysql://x/y", "not a url", "sqlite://", "sqlite:///:memory:", "redis://x"])
def test_refuses_a_url_it_cannot_serve(url: str) -> None:
    with pytest.raises(ConfigError):
        open_store(url)


def test_says_that_the_database_does_not_answer_without_naming_what_was_asked(tmp_path: Path) -> None:
    with pytest.raises(RemoteTransientError, match="does not answer") as caught:
        open_store(f"postgresql://secret-user@/nowhere?host={tmp_path}")

    assert "secret-user" not in str(caught.value)


def test_keeps_the_bytes_exactly_as_they_came(store: Store) -> None:
    raw = b'\xef\xbb\xbf{ "a": 1.10,\x00 not json \xff'

    entry = arrive(store, "a", raw)

    with store.reading() as connection:
        assert (entry.state, inbox.read_raw(connection, "a", SEALS)) == ("received", raw)


def test_the_same_bytes_from_the_same_source_are_a_duplicate_that_points_at_the_first(store: Store) -> None:
    arrive(store, "a", b"same")

    again, elsewhere = arrive(store, "b", b"same"), arrive(store, "c", b"same", source="south")

    assert (again.state, again.duplicate_of) == ("duplicate", "a")
    assert (elsewhere.state, elsewhere.duplicate_of) == ("received", None)


def test_of_many_identical_arrivals_at_once_exactly_one_is_first(store: Store) -> None:
    told = at_once([partial(arrive, store, f"e{number}", b"same") for number in range(8)])

    assert sorted(each.state for each in told) == ["duplicate"] * 7 + ["received"]


def test_times_come_back_aware_and_in_utc(store: Store) -> None:
    arrive(store, "a")

    with store.reading() as connection:
        at = inbox.find(connection, "a").received_at

    assert (at, at.utcoffset().total_seconds()) == (NOON, 0)  # type: ignore[union-attr]


def test_an_entry_that_is_not_there_is_not_found(store: Store) -> None:
    with store.reading() as connection, pytest.raises(NotFoundError):
        inbox.find(connection, "nothing")


def test_the_database_itself_refuses_counts_that_do_not_add_up(store: Store) -> None:
    arrive(store, "a")

    with pytest.raises(IntegrityError), store.writing() as connection:
        inbox.settle(connection, "a", state="stored", at=NOON, received=3, stored=1, rejected=1, unchanged=0)


def test_a_transaction_that_fails_leaves_nothing(store: Store) -> None:
    arrive(store, "a")
    with suppress(RuntimeError), store.writing() as connection:
        keeping.keep(connection, make_case(), trace=[], mapping_version="m", inbox_id="a", at=NOON)
        raise RuntimeError

    with store.reading() as connection, pytest.raises(NotFoundError):
        cases.read(connection, "C-1")


def test_a_case_keeps_the_digits_of_its_numbers(store: Store) -> None:
    arrive(store, "a")
    case = make_case(laboratory=[{"test": "crp", "value": Decimal("1.10"), "unit": "mg/L"}])

    keep(store, case, "a")

    with store.reading() as connection:
        found = cases.read(connection, "C-1")
    assert dump_json(found.case) == dump_json(case)
    assert found.decision == ELIGIBLE


def test_saying_the_same_again_makes_no_new_version_whatever_the_order_of_keys(store: Store) -> None:
    arrive(store, "a", b"1")
    arrive(store, "b", b"2")
    keep(store, make_case(), "a")

    again = keep(store, dict(reversed(make_case().items())), "b", LATER)

    assert again == keeping.Kept(1, changed=False, made_by="a")


def test_saying_something_else_makes_a_version_and_keeps_the_former(store: Store) -> None:
    arrive(store, "a", b"1")
    arrive(store, "b", b"2")
    keep(store, make_case(), "a")
    keep(store, make_case(centre="Lyon"), "b", LATER)

    with store.reading() as connection:
        told = [(each.version, each.case.get("centre"), each.inbox_id) for each in cases.history(connection, "C-1")]
        former = cases.read(connection, "C-1", version=1).case
        states = [inbox.find(connection, entry).state for entry in ("a", "b")]

    assert told == [(1, None, "a"), (2, "Lyon", "b")]
    assert former == make_case()
    assert states == ["superseded", "stored"]


def test_a_later_decision_on_the_same_version_counts(store: Store) -> None:
    arrive(store, "a")
    keep(store, make_case(), "a")
    undetermined = {"status": "undetermined", "criteria": []}
    with store.writing() as connection:
        keeping.keep_decision(connection, "C-1", 1, undetermined, criteria_version="c2", at=LATER)

    with store.reading() as connection:
        assert cases.count_statuses(connection) == {"eligible": 0, "undetermined": 1, "ineligible": 0}
        assert cases.read(connection, "C-1").decision == undetermined
        assert list(cases.current(connection, "eligible")) == []
        assert [each["status"] for each in listing.summaries(connection)] == ["undetermined"]


def test_erasing_leaves_a_tombstone_that_refuses_the_case_and_nothing_else(store: Store) -> None:
    arrive(store, "a", b"secret bytes")
    keep(store, make_case(centre="Erasable"), "a")
    with store.writing() as connection:
        findings.replace(connection, "a", [Issue("warning", "value", "Patient", "r", "t")], [])
        keeping.erase(connection, "C-1", LATER)

    with store.reading() as connection:
        assert inbox.find(connection, "a").state == "erased"
        assert inbox.read_raw(connection, "a", SEALS) is None
        assert findings.issues_of(connection, "a") == []
        assert listing.summaries(connection) == []
        with pytest.raises(GoneError):
            cases.read(connection, "C-1")
    arrive(store, "b", b"again")
    with pytest.raises(GoneError):
        keep(store, make_case(), "b")


def test_findings_of_a_later_judgement_replace_the_earlier(store: Store) -> None:
    arrive(store, "a")
    issue = Issue("error", "code-invalid", "Bundle.entry[1]", "binding", "expected a code", line=3, column=7)
    with store.writing() as connection:
        findings.replace(connection, "a", [issue, issue], [{"expression": "Patient.name", "count": 1}])
        findings.replace(connection, "a", [issue], [{"expression": "Patient.name", "count": 2}])

    with store.reading() as connection:
        assert findings.issues_of(connection, "a") == [issue]
        assert findings.count_unread(connection) == [{"source": "north", "expression": "Patient.name", "count": 2}]
        assert findings.count_rules(connection) == [{"severity": "error", "rule": "binding", "count": 1}]


def test_lists_are_filtered_and_bounded(store: Store) -> None:
    for number in range(3):
        arrive(store, f"e{number}", str(number).encode())
        keep(store, make_case() | {"case_id": f"C-{number}"}, f"e{number}")
    arrive(store, "south", b"x", source="south")

    with store.reading() as connection:
        assert [each.id for each in inbox.entries(connection, source="south")] == ["south"]
        assert len(inbox.entries(connection, state="stored", limit=2)) == 2
        assert [each["case_id"] for each in listing.summaries(connection, after="C-0", limit=1)] == ["C-1"]
        assert inbox.count_states(connection)["stored"] == 3
        assert inbox.unfinished(connection) == ["south"]


def test_writers_in_many_threads_all_get_their_turn(store: Store) -> None:
    def write(number: int) -> None:
        for step in range(5):
            entry_id = f"w{number}-{step}"
            arrive(store, entry_id, entry_id.encode())
            keep(store, make_case(centre=entry_id), entry_id)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    with store.reading() as connection:
        versions = [each.version for each in cases.history(connection, "C-1")]
        states = inbox.count_states(connection)
    assert versions == list(range(1, 31))
    assert (states["stored"], states["superseded"]) == (1, 29)
