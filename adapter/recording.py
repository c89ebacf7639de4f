"""Write down a judgement: case, decision, findings and the entry's end belong to one transaction.

Takes from: errors, parts, conditions, judgement, store.  Gives to: inbound.
"""

from __future__ import annotations

from contextlib import nullcontext, suppress
from dataclasses import replace
from typing import Any

from adapter.bundle import SCOPE_RULE
from adapter.conditions.held import ensure_condition
from adapter.errors import GoneError, InvalidContentError, Issue, Json, NotFoundError, VersionConflictError
from adapter.judgement import Judgement
from adapter.parts import Parts
from adapter.registry import publish
from adapter.store import Connection, audit, cases, edits, findings, inbox, keeping, messages, pseudonym_keys


def record(
    connection: Connection, parts: Parts, entry: inbox.Entry, judgement: Judgement, expected: int | None
) -> None:
    """End an entry that waits for it, by what its judgement says.

    Shapes:  expected  version of the case that the sender has seen; None when it does not matter
    Errors:  store errors only, also when the pseudonyms stand under another key by now; an erased case and a version
             conflict end the entry, they are not raised
    """
    pseudonym_keys.ensure_same(connection, parts.pseudonyms.key_id, parts.clock())
    try:
        _record(connection, parts, entry, judgement, expected)
    except GoneError as error:
        _refuse(connection, parts, entry, "erased", error.issues()[0], error.http_status)


def _record(
    connection: Connection, parts: Parts, entry: inbox.Entry, judgement: Judgement, expected: int | None
) -> None:
    """Errors:  GoneError for an erased case: not even what is wrong with it is kept"""
    case = judgement.case
    if case is None or case.get("opposition") != "opposed":
        cases.ensure_not_erased(connection, judgement.case_id or "")
    if case is None:
        findings.replace(connection, entry.id, judgement.issues, judgement.unread)
        _settle(connection, parts, entry, judgement, state="quarantined", status=judgement.status)
        return
    if not _stands(connection, parts, entry, judgement):
        findings.replace(connection, entry.id, [*judgement.issues, _other_content()], judgement.unread)
        _settle(connection, parts, entry, judgement, state="quarantined", status=409)
        return
    if _is_of_others(connection, entry, case):
        findings.replace(connection, entry.id, [_not_yours()])
        _settle(connection, parts, entry, replace(judgement, case_id=None), state="quarantined", status=403)
        return
    if case.get("opposition") == "opposed":
        with suppress(NotFoundError):  # also when it was erased before
            keeping.erase(connection, case["case_id"], parts.clock())
        _refuse(connection, parts, entry, "erased", _opposed(), 422)
        return
    try:
        # What is kept against its condition is taken back, and this alone.
        with connection.begin_nested() if judgement.condition else nullcontext():
            kept = _keep_case(connection, parts, entry, judgement, case, expected)
    except InvalidContentError as error:
        findings.replace(connection, entry.id, [*judgement.issues, *error.issues()], judgement.unread)
        _settle(connection, parts, entry, judgement, state="quarantined", status=error.status or 412)
    except VersionConflictError as error:
        _refuse(connection, parts, entry, "superseded", error.issues()[0], error.http_status)
    else:
        _settle_kept(connection, parts, entry, judgement, kept)


def _stands(connection: Connection, parts: Parts, entry: inbox.Entry, judgement: Judgement) -> bool:
    """Whether this content is what its Bundle.identifier stands for, from now on."""
    told = judgement.message
    if told is None:
        return True
    mark = parts.pseudonyms.message_mark(told.identifier)
    return messages.claim(connection, entry.source, mark, entry.id, told.told_at)


def _is_of_others(connection: Connection, entry: inbox.Entry, case: Json) -> bool:
    """A client whose rights are limited names a case that it has sent nothing of: it may not change it."""
    if entry.scopes is None or not cases.exists(connection, case["case_id"]):
        return False
    return not inbox.fed_by(connection, case["case_id"], entry.source)


def _keep_case(
    connection: Connection,
    parts: Parts,
    entry: inbox.Entry,
    judgement: Judgement,
    case: Json,
    expected: int | None,
) -> keeping.Kept:
    at, knowledge = parts.clock(), parts.knowledge
    kept = keeping.keep(
        connection,
        case,
        trace=judgement.trace,
        mapping_version=parts.knowledge_of(entry.source).mappings.version,
        inbox_id=entry.id,
        at=at,
        key_id=parts.pseudonyms.key_id,
        expected=expected,
    )
    if judgement.condition and kept.changed:
        ensure_condition(connection, judgement.condition, case, kept.version)
    if kept.changed:
        publish(connection, knowledge.mappings, case, case_version=kept.version, inbox_id=entry.id, at=at)
    if judgement.decision:
        version, criteria = kept.version, knowledge.criteria.version
        keeping.keep_decision(
            connection, case["case_id"], version, judgement.decision, criteria_version=criteria, at=at
        )
    return kept


def _settle_kept(
    connection: Connection, parts: Parts, entry: inbox.Entry, judgement: Judgement, kept: keeping.Kept
) -> None:
    findings.replace(connection, entry.id, judgement.issues, judgement.unread)
    again = {} if kept.changed or kept.made_by == entry.id else {"duplicate_of": kept.made_by}
    state: inbox.State = "duplicate" if again else "stored"
    status = 201 if kept.changed and kept.version == 1 else 200
    _settle(connection, parts, entry, judgement, state=state, status=status, case_version=kept.version, **again)
    if kept.changed and judgement.case_id:
        inbox.supersede(connection, judgement.case_id, by=entry.id)


def _refuse(
    connection: Connection, parts: Parts, entry: inbox.Entry, state: inbox.State, issue: Issue, status: int
) -> None:
    """Nothing of this is kept, neither bytes nor findings: only why."""
    findings.replace(connection, entry.id, [issue])
    edits.forget(connection, [entry.id])
    _write_down(connection, parts, entry, status, "")
    inbox.settle(connection, entry.id, state=state, at=parts.clock(), status=status, raw=None, seal=None)


def _settle(
    connection: Connection,
    parts: Parts,
    entry: inbox.Entry,
    judgement: Judgement,
    *,
    state: inbox.State,
    status: int,
    **more: Any,
) -> None:
    _write_down(connection, parts, entry, status, judgement.case_id or "")
    inbox.settle(
        connection,
        entry.id,
        state=state,
        at=parts.clock(),
        status=status,
        case_id=judgement.case_id,
        bundle_type=judgement.bundle_type,
        mapping_version=parts.knowledge_of(entry.source).mappings.version,
        **_counts(judgement, state),
        **more,
    )


def _write_down(connection: Connection, parts: Parts, entry: inbox.Entry, status: int, case_id: str) -> None:
    """In the transaction that ends the entry: there is no end without its line in the audit."""
    actor = f"source:{entry.source}"
    audit.append(
        connection, audit.Event(parts.clock(), actor, "judge", f"inbox {entry.kind}", status, case_id, entry.id)
    )


def _counts(judgement: Judgement, state: inbox.State) -> dict[str, int]:
    """received = stored + rejected + unchanged: the database refuses a row where that does not hold."""
    rejected = judgement.received if state == "quarantined" else len(judgement.rejected)
    taken = judgement.received - rejected
    unchanged = taken if state == "duplicate" else 0
    return {
        "received": judgement.received,
        "stored": taken - unchanged,
        "rejected": rejected,
        "unchanged": unchanged,
    }


def _opposed() -> Issue:
    english = "The family is opposed to the use of this record: nothing of it was kept."
    french = "La famille s'oppose à l'utilisation de ce dossier : rien n'en a été conservé."
    return Issue("error", "suppressed", "", "opposition", english, "receive", text_fr=french)


def _not_yours() -> Issue:
    english = "This client has sent nothing of the case that the Patient names, and may not change it."
    french = "Ce client n'a rien envoyé du cas que désigne le Patient et ne peut pas le modifier."
    return Issue("error", "forbidden", "Bundle", SCOPE_RULE, english, "receive", text_fr=french)


def _other_content() -> Issue:
    english = (
        "Another content was taken under this Bundle.identifier: "
        "expected a later Bundle.timestamp, or a new identifier."
    )
    french = (
        "Un autre contenu a été reçu sous ce Bundle.identifier : "
        "un Bundle.timestamp plus récent ou un nouvel identifiant est attendu."
    )
    return Issue("error", "conflict", "Bundle.identifier", "message-identity", english, "receive", text_fr=french)
