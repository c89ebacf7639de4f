"""People who may look and act, and the sessions they opened.

Takes from: errors, schema.  Gives to: access, cli.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from adapter.errors import NotFoundError, VersionConflictError
from adapter.store.schema import METADATA, Moment, insert_if_new

PEOPLE = sa.Table(
    "people",
    METADATA,
    sa.Column("login", sa.String(100), primary_key=True),
    sa.Column("role", sa.String(20), nullable=False),
    sa.Column("password_hash", sa.String(200), nullable=False),
    sa.Column("one_time_secret", sa.LargeBinary),
    sa.Column("one_time_seal", sa.String(32)),
    sa.Column("last_step", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("created_at", Moment, nullable=False),
    sa.Column("disabled_at", Moment),
)
SESSIONS = sa.Table(
    "sessions",
    METADATA,
    sa.Column("digest", sa.String(64), primary_key=True),
    sa.Column("login", sa.String(100), sa.ForeignKey("people.login"), nullable=False),
    sa.Column("opened_at", Moment, nullable=False),
    sa.Column("seen_at", Moment, nullable=False),
    sa.Index("ix_sessions_seen_at", "seen_at"),
)


@dataclass(frozen=True, slots=True)
class Person:
    """Shapes:  one_time_secret  sealed, with the id of the key; None when a password is enough
    last_step  the time step of the last one-time code that was taken
    """

    login: str
    role: str
    password_hash: str
    one_time_secret: bytes | None
    one_time_seal: str | None
    last_step: int
    created_at: datetime
    disabled_at: datetime | None


def add(connection: sa.Connection, person: Person) -> None:
    """Errors:  VersionConflictError when the login is taken"""
    row = {name: getattr(person, name) for name in Person.__slots__}
    if not insert_if_new(connection, PEOPLE, row, ["login"]):
        raise VersionConflictError("There is somebody with this login.")


def find(connection: sa.Connection, login: str) -> Person | None:
    """Only who may still come in."""
    living = (PEOPLE.c.login == login) & PEOPLE.c.disabled_at.is_(None)
    row = connection.execute(sa.select(PEOPLE).where(living)).one_or_none()
    return Person(*row) if row else None


def everybody(connection: sa.Connection) -> list[Person]:
    return [Person(*row) for row in connection.execute(sa.select(PEOPLE).order_by(PEOPLE.c.login))]


def disable(connection: sa.Connection, login: str, at: datetime) -> None:
    """Nobody comes in by this login any more; sessions end.  Errors:  NotFoundError"""
    living = (PEOPLE.c.login == login) & PEOPLE.c.disabled_at.is_(None)
    if not connection.execute(sa.update(PEOPLE).where(living).values(disabled_at=at)).rowcount:
        raise NotFoundError("There is nobody with this login.")
    connection.execute(sa.delete(SESSIONS).where(SESSIONS.c.login == login))


def use_step(connection: sa.Connection, login: str, step: int) -> bool:
    """Take a one-time code's time step; False when it, or a later one, was taken before."""
    unused = (PEOPLE.c.login == login) & (PEOPLE.c.last_step < step)
    return bool(connection.execute(sa.update(PEOPLE).where(unused).values(last_step=step)).rowcount)


def open_session(connection: sa.Connection, digest: str, login: str, at: datetime) -> None:
    row = {"digest": digest, "login": login, "opened_at": at, "seen_at": at}
    connection.execute(sa.insert(SESSIONS).values(row))


def session_of(connection: sa.Connection, digest: str) -> tuple[Person, datetime, datetime] | None:
    """(person, opened, last seen)"""
    query = sa.select(*PEOPLE.c, SESSIONS.c.opened_at, SESSIONS.c.seen_at).join(SESSIONS)
    row = connection.execute(query.where(SESSIONS.c.digest == digest, PEOPLE.c.disabled_at.is_(None))).one_or_none()
    return (Person(*row[:-2]), row[-2], row[-1]) if row else None


def see(connection: sa.Connection, digest: str, at: datetime) -> None:
    connection.execute(sa.update(SESSIONS).where(SESSIONS.c.digest == digest).values(seen_at=at))


def close_session(connection: sa.Connection, digest: str) -> None:
    connection.execute(sa.delete(SESSIONS).where(SESSIONS.c.digest == digest))


def forget_sessions(connection: sa.Connection, seen_before: datetime) -> None:
    connection.execute(sa.delete(SESSIONS).where(SESSIONS.c.seen_at < seen_before))
