"""The inbound journey: keep what came, judge it, store case, decision and findings together, answer from what stands.

    receive ──► keep (own transaction) ──► judge ──► store (one transaction) ──► receipt (read back)

Takes from: errors, resource, parts, judgement, recording, receipt, store.  Gives to: pull, demo, web, cli.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from adapter.bundle import in_order
from adapter.errors import IntegrityError, Issue, Json, UsageError
from adapter.judgement import COLLECTED, RECEIVED, Judgement, judge_bundle, judge_case
from adapter.parts import Parts
from adapter.pseudonym import find_case_identifier
from adapter.receipt import Receipt, read_receipt
from adapter.recording import record
from adapter.resource import dump_json
from adapter.scopes import parse_scopes
from adapter.store import cases, edits, inbox
from adapter.store.edits import Edit


def receive(parts: Parts, raw: bytes, source: str, *, scopes: str | None = None) -> Receipt:
    """Take in the bytes of a Bundle from a named source.

    Shapes:  scopes  SMART scopes that limit what its sender may send; kept beside it, for whenever it is judged

    Errors:  none for bad input, which is kept as quarantined and told in the receipt; store errors are raised
    """
    return _receive(parts, raw, source, "bundle", scopes)


def receive_case(
    parts: Parts, raw: bytes, source: str, *, expected: int | None = None, edit: Edit | None = None
) -> Receipt:
    """Take in the bytes of a registry case. Saying again what was said before an edit undoes the edit.

    Shapes:  expected  the version the sender has seen; another one standing ends as superseded (412)
             edit      who changed it by hand, and why
    Errors:  as `receive`
    """
    arrived = _keep(parts, raw, source, "case", edit, message_key=parts.make_id())
    _judge_and_store(parts, arrived, raw, expected)
    return read_receipt(parts, arrived.id, arrived.id)


def receive_resources(parts: Parts, resources: Iterable[Json], source: str) -> Receipt:
    """Take in one patient's resources as a pull collected them, as a collection Bundle of our making.

    Shapes:  resources  parsed; their order does not matter
    Errors:  as `receive`
    """
    ordered = in_order(resources)
    bundle = {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": each} for each in ordered]}
    return _receive(parts, dump_json(bundle), source, "resources")


def retry(parts: Parts, entry_id: str) -> Receipt:
    """Judge an entry again that was quarantined or cut short: the declarations may have learnt what they lacked.

    Errors:  NotFoundError; UsageError when the entry has ended otherwise
    """
    _judge_and_store(parts, *_waiting(parts, entry_id))
    return read_receipt(parts, entry_id, entry_id)


def _waiting(parts: Parts, entry_id: str) -> tuple[inbox.Entry, bytes]:
    with parts.store.reading() as connection:
        entry = inbox.find(connection, entry_id)
        if entry.state not in inbox.OPEN_STATES:
            raise UsageError(f"Only received and quarantined entries can be judged again; this one is {entry.state}.")
        raw = inbox.read_raw(connection, entry_id, parts.seals)
    if raw is None:
        raise IntegrityError("An inbox entry that waits for judgement has lost its bytes.")
    return entry, raw


@dataclass(frozen=True)
class Trial:
    """How an entry would end if it were judged now: nothing of this is kept."""

    entry_id: str
    accepted: bool
    issues: list[Issue]


def try_again(parts: Parts, entry_id: str) -> Trial:
    """What `retry` would do.  Errors:  NotFoundError; UsageError when the entry has ended otherwise"""
    judgement = _judge(parts, *_waiting(parts, entry_id))
    return Trial(entry_id, judgement.case is not None, judgement.issues)


def judge_as_of(parts: Parts, entry: inbox.Entry, raw: bytes, at: datetime) -> Judgement:
    """What becomes of an entry that is judged on the day of a time: nothing of this is kept."""
    return _judge(replace(parts, clock=lambda: at), entry, raw)


def forget_old_bytes(parts: Parts, keep_days: int) -> int:
    """Delete what hospitals sent once it ended well and its time is over. Returns how many entries that were."""
    with parts.store.writing() as connection:
        return inbox.forget_raw(connection, parts.clock() - timedelta(days=keep_days))


def finish(parts: Parts, by: Callable[[Callable[[], None]], object] = lambda judge: judge()) -> int:
    """Judge what was kept when an earlier process died before judging it. Returns how many entries that were.

    Shapes:  by  runs the judging of one entry; a pool that outlives a failure lets those behind it have their turn
    """
    with parts.store.reading() as connection:
        cut_short = inbox.unfinished(connection)
    for entry_id in cut_short:
        by(partial(_finish_one, parts, entry_id))
    return len(cut_short)


def _finish_one(parts: Parts, entry_id: str) -> None:
    with suppress(UsageError):  # its sender said it again, and was faster
        retry(parts, entry_id)


def _receive(parts: Parts, raw: bytes, source: str, kind: inbox.Kind, scopes: str | None = None) -> Receipt:
    arrived = _keep(parts, raw, source, kind, scopes=scopes)
    first = _first(parts, arrived.duplicate_of) if arrived.duplicate_of else arrived
    if first.state == "superseded" and kind == "resources":
        return _receive_again(parts, raw, source)
    if first.state in inbox.OPEN_STATES:
        _judge_and_store(parts, first, raw)
    return read_receipt(parts, first.id, arrived.id)


def _first(parts: Parts, entry_id: str) -> inbox.Entry:
    with parts.store.reading() as connection:
        return inbox.find(connection, entry_id)


def _receive_again(parts: Parts, raw: bytes, source: str) -> Receipt:
    """A record that says again what it said before something else: that is what it says now."""
    arrived = _keep(parts, raw, source, "resources", message_key=parts.make_id())
    _judge_and_store(parts, arrived, raw)
    return read_receipt(parts, arrived.id, arrived.id)


def _keep(
    parts: Parts, raw: bytes, source: str, kind: inbox.Kind, edit: Edit | None = None, **more: str | None
) -> inbox.Entry:
    told: dict[str, Any] = {"source": source, "kind": kind, "entry_id": parts.make_id(), **more}
    with parts.store.writing() as connection:
        kept = inbox.keep(connection, at=parts.clock(), raw=raw, seals=parts.seals, **told)
        if edit:
            edits.add(connection, kept.id, edit)
        return kept


def _judge_and_store(parts: Parts, entry: inbox.Entry, raw: bytes, expected: int | None = None) -> None:
    judgement = _judge(parts, entry, raw)
    with parts.store.writing() as connection:
        if inbox.find(connection, entry.id, lock=True).state in inbox.OPEN_STATES:
            record(connection, parts, entry, judgement, expected)


def _judge(parts: Parts, entry: inbox.Entry, raw: bytes) -> Judgement:
    if entry.kind == "case":
        return judge_case(parts.knowledge, raw, parts.today())

    def case_id(patient: Json, full_url: str) -> str | None:
        if told := find_case_identifier(patient):
            return _called_now(parts, told)
        return parts.pseudonyms.case_id(patient, source=entry.source, full_url=full_url)

    limits = COLLECTED if entry.kind == "resources" else RECEIVED
    scopes = None if entry.scopes is None else parse_scopes(entry.scopes)[0]
    return judge_bundle(parts.knowledge_of(entry.source), raw, case_id, parts.today(), limits, scopes)


def _called_now(parts: Parts, case_id: str) -> str:
    """A case coming home may bear a pseudonym that we gave out under an earlier key."""
    names = parts.pseudonyms.may_be(case_id)
    if len(names) == 1:
        return case_id
    with parts.store.reading() as connection:
        return next((each for each in names if cases.exists(connection, each)), case_id)
