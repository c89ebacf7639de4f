"""Pseudonyms carried on to the next key, row by row: some at a time, each time in a transaction of its own.

What is done stands in a table, so that a rotation that was cut short goes on where it stopped. In the end that table is
empty: a list of old and new pseudonyms would undo what the new key is for.

Takes from: schema, audit, and every table that holds a pseudonym.  Gives to: rotating.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from adapter.store import audit, known, messages, registry_exports
from adapter.store.adjudications import ADJUDICATIONS
from adapter.store.cases import CASE_VERSIONS, CASES, DECISIONS
from adapter.store.inbox import INBOX
from adapter.store.keeping import hash_case
from adapter.store.ledger import REQUESTS
from adapter.store.resources import CURRENT, INDEX, PUBLISHED, RESOURCES
from adapter.store.schema import METADATA, JsonText, Moment

Step = Callable[[str], str]

DONE = sa.Table("rotated_pseudonyms", METADATA, sa.Column("name", sa.String(128), primary_key=True))
# Tables whose rows belong to one case, those that others point at first.
OF_A_CASE = (CASES, CASE_VERSIONS, DECISIONS, ADJUDICATIONS, INBOX, RESOURCES, PUBLISHED, known.PATIENTS)
# Lists of resources by id: after a rotation they lead nowhere, and whoever wished them asks again.
FORGOTTEN = (registry_exports.FILES, registry_exports.MEMBERS, registry_exports.EXPORTS)
# Others that hold pseudonyms or marks made with the key.
OTHERS = (INDEX, audit.AUDIT, messages.MESSAGES, known.RESOURCES, REQUESTS)
_TOKEN = re.compile(r"~([0-9a-f]{31}|[0-9a-f]{15})\b")


def _undone(connection: sa.Connection, column: sa.Column[str], after: str, limit: int) -> list[str]:
    """Names that still stand under the key before; what is done has moved elsewhere in the order, and is known."""
    done = sa.select(DONE.c.name).where(DONE.c.name == column)
    query = sa.select(column).where(column > after, ~done.exists()).distinct().order_by(column).limit(limit)
    return list(connection.scalars(query))


def _note(connection: sa.Connection, names: Sequence[str]) -> None:
    if names:
        connection.execute(sa.insert(DONE), [{"name": each} for each in names])


def rotate_cases(
    connection: sa.Connection, step: Step, key_id: str, at: datetime, *, after: str, limit: int
) -> list[str]:
    """Carry on the pseudonyms of some cases, wherever they stand. Returns the names they had; none: all are done.

    Shapes:  at  from when their resources, which have new ids, are told as new
    """
    old = _undone(connection, CASES.c.case_id, after, limit)
    moves = {each: step(each) for each in old if step(each) != each}
    pairs = [{"old": before, "new": now} for before, now in moves.items()]
    if pairs:
        _copy_heads(connection, moves, key_id)
        _copy_versions(connection, moves)
        for table in (DECISIONS, ADJUDICATIONS, INBOX, PUBLISHED, known.PATIENTS):
            connection.execute(_renamed(table), pairs)
        _rename_resources(connection, moves, at)
        for table in (CASE_VERSIONS, CASES):
            connection.execute(sa.delete(table).where(table.c.case_id == sa.bindparam("old")), pairs)
    _note(connection, [moves.get(each, each) for each in old])
    return old


def _renamed(table: sa.Table) -> sa.Update:
    """In every column of text: a pseudonym also stands in documents, within ids of resources."""
    texts = [column for column in table.c if isinstance(column.type, sa.String | JsonText)]
    values = {column: _replaced(column) for column in texts}
    return sa.update(table).where(table.c.case_id == sa.bindparam("old")).values(values)


def _replaced(column: sa.Column[Any]) -> Any:
    return sa.func.replace(sa.type_coerce(column, sa.Text), sa.bindparam("old"), sa.bindparam("new"))


def _copy_heads(connection: sa.Connection, moves: dict[str, str], key_id: str) -> None:
    found = connection.execute(sa.select(CASES).where(CASES.c.case_id.in_(moves))).mappings().all()
    rows = [{**row, "case_id": moves[row["case_id"]], "key_id": key_id} for row in found]
    connection.execute(sa.insert(CASES), rows)


def _copy_versions(connection: sa.Connection, moves: dict[str, str]) -> None:
    found = connection.execute(sa.select(CASE_VERSIONS).where(CASE_VERSIONS.c.case_id.in_(moves))).mappings().all()
    rows: list[dict[str, Any]] = []
    for row in found:
        name = moves[row["case_id"]]
        case = {**row["body"], "case_id": name}
        rows.append({**row, "case_id": name, "body": case, "content_hash": hash_case(case)})
    if rows:
        connection.execute(sa.insert(CASE_VERSIONS), rows)


def _rename_resources(connection: sa.Connection, moves: dict[str, str], at: datetime) -> None:
    body = sa.type_coerce(RESOURCES.c.body, sa.Text).label("text")
    key = [RESOURCES.c.type, RESOURCES.c.id, RESOURCES.c.version, RESOURCES.c.case_id]
    found = connection.execute(sa.select(*key, body).where(RESOURCES.c.case_id.in_(moves))).all()
    if not found:
        return
    this = RESOURCES.c.type == sa.bindparam("_type"), RESOURCES.c.id == sa.bindparam("_id")
    changed: dict[str, Any] = {
        name: sa.bindparam(name, type_=sa.Text) for name in ("id", "case_id", "content_hash", "body")
    }
    changed["updated_at"] = sa.case((CURRENT, sa.literal(at, Moment)), else_=RESOURCES.c.updated_at)
    query = sa.update(RESOURCES).where(*this, RESOURCES.c.version == sa.bindparam("_version")).values(changed)
    connection.execute(query, [_resource(row, moves[row.case_id]) for row in found])
    pairs = [{"_type": row.type, "_id": row.id, "old": row.case_id, "new": moves[row.case_id]} for row in found]
    texts = {column: _replaced(column) for column in (INDEX.c.id, INDEX.c.system, INDEX.c.code)}
    which = (INDEX.c.type == sa.bindparam("_type")) & (INDEX.c.id == sa.bindparam("_id"))
    connection.execute(sa.update(INDEX).where(which).values(texts), pairs)


def _resource(row: Any, name: str) -> dict[str, Any]:
    text = None if row.text is None else row.text.replace(row.case_id, name)
    digest = "" if text is None else hashlib.sha256(text.encode()).hexdigest()
    made = {"id": row.id.replace(row.case_id, name), "case_id": name, "body": text, "content_hash": digest}
    return {"_type": row.type, "_id": row.id, "_version": row.version, **made}


def rotate_messages(connection: sa.Connection, step: Step, after: str, limit: int) -> list[str]:
    """The same for the marks of messages."""
    column = messages.MESSAGES.c.mark
    old = _undone(connection, column, after, limit)
    if pairs := [{"old": each, "new": step(each)} for each in old]:
        query = sa.update(messages.MESSAGES).where(column == sa.bindparam("old"))
        connection.execute(query.values(mark=sa.bindparam("new")), pairs)
    _note(connection, [each["new"] for each in pairs])
    return old


def rotate_known(
    connection: sa.Connection, step: Step, reseal: Callable[[known.Patient, str], known.Patient], after: str, limit: int
) -> list[str]:
    """The same for what is known of sources: patients, whose seals are bound to their marks, and their resources."""
    table, of_them = known.PATIENTS, known.RESOURCES
    old = _undone(connection, table.c.mark, after, limit)
    query = sa.select(table).where(table.c.mark.in_(old))
    for row in connection.execute(query).mappings().all():
        now = reseal(known.Patient(**{name: row[name] for name in known.Patient.__slots__}), step(row["mark"]))
        this = (table.c.source == row["source"]) & (table.c.mark == row["mark"])
        values = {"mark": now.mark, "seal": now.seal, "sealed_id": now.sealed_id}
        connection.execute(sa.update(table).where(this).values(values))
        mine = (of_them.c.source == row["source"]) & (of_them.c.patient == row["mark"])
        for mark in connection.scalars(sa.select(of_them.c.mark).where(mine)).all():
            one = sa.update(of_them).where(mine, of_them.c.mark == mark)
            connection.execute(one.values(mark=step(mark), patient=now.mark))
    _note(connection, [step(each) for each in old])
    return old


def rotate_requests(connection: sa.Connection, step: Step, after: int, limit: int) -> list[int]:
    """The same for the requests of pulls, by number."""
    columns = REQUESTS.c.id, REQUESTS.c.address, REQUESTS.c.mark
    query = sa.select(*columns).where(REQUESTS.c.id > after).order_by(REQUESTS.c.id).limit(limit)
    found = connection.execute(query).all()
    rows = [{"_id": row.id, "address": _carried(row.address, step), "mark": _carried(row.mark, step)} for row in found]
    if rows:
        connection.execute(sa.update(REQUESTS).where(REQUESTS.c.id == sa.bindparam("_id")), rows)
    return [row.id for row in found]


def _carried(text: str, step: Step) -> str:
    return _TOKEN.sub(lambda found: f"~{step(found[1])}", text)


def forget_lists(connection: sa.Connection) -> None:
    for table in FORGOTTEN:
        connection.execute(sa.delete(table))


def forget_done(connection: sa.Connection) -> None:
    connection.execute(sa.delete(DONE))
