"""A new key on every pseudonym: every child is met again, and who has an earlier key alone finds nobody."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from click.testing import CliRunner

from adapter import inbound
from adapter.bootstrap import open_parts
from adapter.cli import main
from adapter.config import Settings, load_settings
from adapter.errors import ConfigError, GoneError, Json, RemoteTransientError
from adapter.fsck import check_integrity
from adapter.incremental import Memory
from adapter.keyfile import load_keys
from adapter.parts import Knowledge, Parts
from adapter.pseudonym import CASE_IDENTIFIER, Pseudonyms, load_pseudonyms
from adapter.rotating import rotate_pseudonyms
from adapter.store import audit, cases, copying, keeping, known, ledger, pseudonym_keys, resources, rotation
from adapter.store.ledger import Request
from adapter.store.schema import METADATA
from adapter.web import create_app
from tests.sample_bundles import as_bytes, make_bundle, make_condition, make_finding, make_patient

SOURCE = "north"
CHILDREN = range(1, 5)
ERASED = 4
PULLED = "pat-77"
# Tables that hold no pseudonym and no mark, and none of whose columns is called like one.
_NAMES = ("case_id", "mark")


def bundle(number: int, *more: Json) -> bytes:
    told = make_bundle(make_patient(number), make_condition(number), *more)
    return as_bytes({**told, "identifier": {"system": "urn:messages", "value": f"m{number}-{len(more)}"}})


def fill(parts: Parts) -> None:
    """Children who were pushed, one of them erased, and one who was pulled."""
    for number in CHILDREN:
        inbound.receive(parts, bundle(number), SOURCE)
    with parts.store.writing() as connection:
        keeping.erase(connection, name(parts, ERASED), parts.clock())
        address, mark = "Patient/~" + "0" * 15, "~" + "1" * 31
        for _ in range(3):
            ledger.add(connection, "pull-1", None, [Request(parts.clock(), "GET", address, mark, "ok")])
    Memory(parts, SOURCE).keep("pull-1", PULLED, {"Patient/x": {"resourceType": "Patient"}}, name(parts, 1))


def name(parts: Parts, number: int) -> str:
    told = parts.pseudonyms.case_id(make_patient(number), source=SOURCE)
    assert told
    return told


def rotated(parts: Parts, settings: Settings) -> Parts:
    rotate_pseudonyms(parts, settings.pseudonym_key, at_once=2)
    return replace(parts, pseudonyms=load_pseudonyms(settings.pseudonym_key))


def everything(parts: Parts) -> str:
    """Every row of every table, as text."""
    with copying.snapshot(parts.store) as connection:
        return "\n".join(str(row) for table in copying.tables(parts.store) for row in copying.rows(connection, table))


def test_every_child_is_met_again_after_three_rotations(parts: Parts, settings: Settings) -> None:
    fill(parts)
    before = {number: name(parts, number) for number in CHILDREN}
    for _ in range(3):
        parts = rotated(parts, settings)

    again = [inbound.receive(parts, bundle(number, make_finding(number)), SOURCE).entry for number in (1, 2, 3)]

    assert [(each.case_id, each.case_version) for each in again] == [(name(parts, n), 2) for n in (1, 2, 3)]
    assert not set(before.values()) & {each.case_id for each in again}
    assert list(check_integrity(parts)) == []


def test_who_was_erased_stays_refused(parts: Parts, settings: Settings) -> None:
    fill(parts)
    parts = rotated(parts, settings)

    receipt = inbound.receive(parts, bundle(ERASED, make_finding(ERASED)), SOURCE)

    assert (receipt.status, receipt.entry.state) == (410, "erased")
    with parts.store.reading() as connection, pytest.raises(GoneError):
        cases.read(connection, name(parts, ERASED))


def test_a_message_said_before_the_rotation_still_stands(parts: Parts, settings: Settings) -> None:
    fill(parts)
    parts = rotated(parts, settings)
    other = {**make_bundle(make_patient(1), make_condition(1, onsetDateTime="2015")), "identifier": {
        "system": "urn:messages", "value": "m1-0"}}  # fmt: skip

    assert inbound.receive(parts, as_bytes(other), SOURCE).status == 409


def test_a_pulled_patient_is_known_by_a_new_mark_under_a_new_seal(parts: Parts, settings: Settings) -> None:
    fill(parts)
    parts = rotated(parts, settings)
    memory = Memory(parts, SOURCE)

    found = memory.find(PULLED)

    assert found is not None
    assert found.case_id == name(parts, 1)
    assert memory.everybody() == [PULLED]
    with parts.store.reading() as connection:
        assert known.owners(connection, SOURCE, [memory.mark("Patient/x")]) == {
            memory.mark("Patient/x"): {(found.mark, "")}
        }


def test_who_has_the_earlier_keys_and_the_database_finds_nobody(parts: Parts, settings: Settings) -> None:
    """All that an earlier key makes of the true identifiers, searched for in every row."""
    fill(parts)
    earlier, after = parts.pseudonyms, rotated(parts, settings)
    guesses = [earlier.case_id(make_patient(number), source=SOURCE) for number in CHILDREN]
    guesses += [earlier.message_mark(["urn:messages", f"m{number}-0"]) for number in CHILDREN]
    guesses += [earlier.message_mark(["known", SOURCE, key]) for key in (f"Patient/{PULLED}", "Patient/x")]
    guesses += ["~" + "0" * 15, "~" + "1" * 31]

    text = everything(after)

    assert [guess for guess in guesses if guess and guess in text] == []
    assert text.count(name(after, 1)) > 10


def test_without_a_key_no_identifier_is_found_by_trying_all(parts: Parts) -> None:
    """Anything that can be computed from a list of true identifiers alone."""
    fill(parts)
    keyless = Pseudonyms("", b"")
    guesses = [keyless.case_id(make_patient(number), source=SOURCE) or "" for number in range(1, 500)]
    guesses += [f"IPP-{number}" for number in range(1, 500)]

    text = everything(parts)

    assert [guess for guess in guesses if guess in text] == []


def test_resources_and_search_go_with_the_case(parts: Parts, settings: Settings) -> None:
    fill(parts)
    old = name(parts, 1)
    with parts.store.reading() as connection:
        before = resources.of_case(connection, old)
    parts = rotated(parts, settings)
    new = name(parts, 1)
    with parts.store.reading() as connection:
        after = resources.of_case(connection, new)
        assert resources.behind(connection, parts.knowledge.mappings.version, limit=9) == []
    app = create_app(parts)
    found = app.test_client().get("/fhir/Condition", query_string={"subject": f"Patient/{new}"}).get_json()
    app.extensions["background"].shutdown()

    told = {(each.type, each.id): each.body for each in after}
    assert told == {(each.type, renamed(each.id, old, new)): renamed(each.body, old, new) for each in before}
    assert min(each.updated_at for each in after) > max(each.updated_at for each in before), "told as new"
    assert found["total"] == 1


def renamed(body: Any, old: str, new: str) -> Any:
    if isinstance(body, dict):
        return {key: renamed(value, old, new) for key, value in body.items()}
    if isinstance(body, list):
        return [renamed(each, old, new) for each in body]
    return body.replace(old, new) if isinstance(body, str) else body


def test_a_case_that_comes_home_under_an_earlier_pseudonym_is_the_case_it_was(parts: Parts, settings: Settings) -> None:
    fill(parts)
    identifier = [{"system": CASE_IDENTIFIER, "value": name(parts, 2)}]
    parts = rotated(rotated(parts, settings), settings)

    home = make_bundle(make_patient(2, identifier=identifier), make_condition(2), make_finding(2))

    assert inbound.receive(parts, as_bytes(home), "elsewhere").entry.case_id == name(parts, 2)


def test_a_name_that_no_key_of_ours_made_stays(parts: Parts, settings: Settings) -> None:
    case = {"case_id": "REG-7", "patient": {"sex": "female"}, "diagnosis": {"code": "crmo"}}
    inbound.receive_case(parts, as_bytes(case), SOURCE)

    parts = rotated(rotated(parts, settings), settings)

    with parts.store.reading() as connection:
        assert cases.read(connection, "REG-7").version == 1


def test_the_audit_is_whole_and_tells_where_it_ended_before(parts: Parts, settings: Settings) -> None:
    fill(parts)
    parts = rotated(parts, settings)
    with parts.store.reading() as connection:
        told = audit.events(connection)
        assert list(audit.broken_links(connection)) == []
    assert re.fullmatch(r"keys rotate-pseudonyms; the chain ended in [0-9a-f]{64}", told[0][1].route)
    assert name(parts, 1) in {event.case_id for _, event in told}


def test_while_another_key_counts_nobody_writes_under_this_one(parts: Parts, settings: Settings) -> None:
    fill(parts)
    rotated(parts, settings)

    with pytest.raises(RemoteTransientError, match="stand under the key"):
        inbound.receive(parts, bundle(9), SOURCE)
    with parts.store.reading() as connection, pytest.raises(ConfigError, match="bring back the right file"):
        pseudonym_keys.ensure_usable(connection, parts.pseudonyms.key_id)


def test_what_arrived_meanwhile_is_judged_by_the_next_start(parts: Parts, settings: Settings) -> None:
    fill(parts)
    after = rotated(parts, settings)
    with pytest.raises(RemoteTransientError):
        inbound.receive(parts, bundle(9), SOURCE)

    assert inbound.finish(after) == 1
    with after.store.reading() as connection:
        assert cases.read(connection, name(after, 9)).version == 1


class Crash(BaseException):
    """The process dies."""


@contextmanager
def dying_at_commit(parts: Parts, number: int) -> Iterator[None]:
    """The commit with this number does not happen, and nothing after it."""
    left = number

    def die(_: sa.Connection) -> None:
        nonlocal left
        left -= 1
        if left <= 0:
            raise Crash

    sa.event.listen(parts.store.engine, "commit", die)
    try:
        yield
    finally:
        sa.event.remove(parts.store.engine, "commit", die)


def test_a_rotation_that_dies_at_any_commit_goes_on_where_it_stopped(parts: Parts, settings: Settings) -> None:
    """One row in each transaction; each run dies one commit later than the run before it did."""
    fill(parts)
    deaths = 0
    while True:
        try:
            with dying_at_commit(parts, 2 + deaths):
                told = rotate_pseudonyms(parts, settings.pseudonym_key, at_once=1)
            break
        except Crash:
            deaths += 1
    after = replace(parts, pseudonyms=load_pseudonyms(settings.pseudonym_key))

    assert deaths > 5
    assert len(load_keys(settings.pseudonym_key).secrets) == 2, "one rotation, one key"
    assert told.key_id == after.pseudonyms.key_id
    assert list(check_integrity(after)) == []
    with after.store.reading() as connection:
        standing = {row.case_id for row in connection.execute(sa.select(cases.CASES.c.case_id))}
        assert connection.scalar(sa.select(sa.func.count()).select_from(rotation.DONE)) == 0
    assert standing == {name(after, number) for number in CHILDREN}
    assert Memory(after, SOURCE).everybody() == [PULLED]


KILLED = """
import sys, os, signal
import sqlalchemy as sa
from adapter.bootstrap import load_knowledge, open_parts
from adapter.config import load_settings
from adapter.rotating import rotate_pseudonyms
settings = load_settings({"CRMO_DATA": sys.argv[1]})
commits = 0
def count(_):
    global commits
    commits += 1
    if commits == int(sys.argv[2]):
        os.kill(os.getpid(), signal.SIGKILL)
with open_parts(settings) as parts:
    sa.event.listen(parts.store.engine, "commit", count)
    rotate_pseudonyms(parts, settings.pseudonym_key, at_once=500)
"""


def test_three_rotations_over_thousands_of_cases_keep_every_link(tmp_path: Path, knowledge: Knowledge) -> None:
    """The first of them is killed by the system in the middle."""
    settings, count = load_settings({"CRMO_DATA": str(tmp_path)}), 2000
    with open_parts(settings, knowledge) as parts:
        entry = inbound.receive(parts, bundle(0), SOURCE).entry
        with parts.store.writing() as connection:
            for number in range(1, count):
                case = {"case_id": name(parts, number), "patient": {"sex": "female"}, "diagnosis": {"code": "crmo"}}
                more: Any = {"trace": [], "mapping_version": "m", "inbox_id": entry.id, "at": parts.clock()}
                keeping.keep(connection, {**case, "centre": f"c{number}"}, **more)
        killed = subprocess.run([sys.executable, "-c", KILLED, str(tmp_path), "5"], check=False, timeout=120)
        assert killed.returncode == -9
        for _ in range(3):
            rotate_pseudonyms(parts, settings.pseudonym_key, at_once=500)
        after = replace(parts, pseudonyms=load_pseudonyms(settings.pseudonym_key))
        with parts.store.reading() as connection:
            centres = {
                row.body["case_id"]: row.body.get("centre")
                for row in connection.execute(sa.select(cases.CASE_VERSIONS))
            }

    assert len(load_keys(settings.pseudonym_key).secrets) == 4
    assert len(centres) == count
    assert [n for n in range(1, count) if centres[name(after, n)] != f"c{n}"] == []


def test_a_key_file_without_the_key_of_the_database_is_refused(parts: Parts, settings: Settings) -> None:
    fill(parts)
    settings.pseudonym_key.unlink()

    with pytest.raises(ConfigError, match="bring back the key file"):
        rotate_pseudonyms(parts, settings.pseudonym_key)


def test_the_command_rotates_and_tells_what_a_pseudonym_is_called_now(tmp_path: Path, knowledge: Knowledge) -> None:
    settings = load_settings({"CRMO_DATA": str(tmp_path)})
    with open_parts(settings, knowledge) as parts:
        fill(parts)
        before = name(parts, 1)
    command = ["--data", str(tmp_path), "keys"]

    told = CliRunner().invoke(main, [*command, "rotate-pseudonyms", "--yes", "--json"], catch_exceptions=False)
    resolved = CliRunner().invoke(main, [*command, "resolve", before, "C-NOBODY", "--json"], catch_exceptions=False)

    assert (told.exit_code, resolved.exit_code) == (0, 1)
    now = load_pseudonyms(settings.pseudonym_key).case_id(make_patient(1), source=SOURCE)
    assert f'"{before}":"{now}"' in resolved.stdout
    assert '"C-NOBODY":null' in resolved.stdout
    assert '"cases":4' in told.stdout


def test_every_column_that_may_hold_a_pseudonym_is_rotated() -> None:
    """A new table with a case_id or a mark has to be named in store/rotation.py."""
    import importlib
    import pkgutil

    import adapter.store

    for module in pkgutil.iter_modules(adapter.store.__path__):
        importlib.import_module(f"adapter.store.{module.name}")
    holding = {table.name for table in METADATA.tables.values() if any(each in table.c for each in _NAMES)}
    known_of = {table.name for table in (*rotation.OF_A_CASE, *rotation.OTHERS, *rotation.FORGOTTEN)}

    assert holding - known_of == set()
