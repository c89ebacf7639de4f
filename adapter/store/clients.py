"""Programs that may talk to us: what they may do, how they prove who they are, the tokens they hold.

Takes from: errors, schema.  Gives to: access, cli.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from adapter.errors import NotFoundError, VersionConflictError
from adapter.store.schema import METADATA, JsonText, Moment, insert_if_new

CLIENTS = sa.Table(
    "clients",
    METADATA,
    sa.Column("id", sa.String(100), primary_key=True),
    sa.Column("source", sa.String(200), nullable=False),
    sa.Column("scopes", sa.Text, nullable=False),
    sa.Column("key_set", JsonText),
    sa.Column("key_set_url", sa.String(500)),
    sa.Column("key_digest", sa.String(64)),
    sa.Column("created_at", Moment, nullable=False),
    sa.Column("revoked_at", Moment),
)
TOKENS = sa.Table(
    "access_tokens",
    METADATA,
    sa.Column("digest", sa.String(64), primary_key=True),
    sa.Column("client_id", sa.String(100), sa.ForeignKey("clients.id"), nullable=False),
    sa.Column("scopes", sa.Text, nullable=False),
    sa.Column("expires_at", Moment, nullable=False),
    sa.Index("ix_access_tokens_expires_at", "expires_at"),
)
# Assertions that were used: the primary key is what makes each good for one token.
ASSERTIONS = sa.Table(
    "used_assertions",
    METADATA,
    sa.Column("client_id", sa.String(100), primary_key=True),
    sa.Column("token_id", sa.String(64), primary_key=True),
    sa.Column("expires_at", Moment, nullable=False),
    sa.Index("ix_used_assertions_expires_at", "expires_at"),
)


@dataclass(frozen=True, slots=True)
class Client:
    """Shapes:  source      under which name its data is kept; it sees no other
    scopes      the most it may ask for
    key_set     its public keys (JWKS), or key_set_url where they are to be read
    key_digest  of its API key
    """

    id: str
    source: str
    scopes: str
    key_set: Any
    key_set_url: str | None
    key_digest: str | None
    created_at: datetime
    revoked_at: datetime | None


def add(connection: sa.Connection, **columns: Any) -> None:
    """Columns: those of `Client`.  Errors:  VersionConflictError when the name is taken, be it by a revoked one"""
    if not insert_if_new(connection, CLIENTS, columns, ["id"]):
        raise VersionConflictError("There is a client of this name: revoke it, and give the new one another name.")


def find(connection: sa.Connection, client_id: str) -> Client | None:
    row = connection.execute(sa.select(CLIENTS).where(CLIENTS.c.id == client_id)).one_or_none()
    return Client(*row) if row else None


def all_clients(connection: sa.Connection) -> list[Client]:
    return [Client(*row) for row in connection.execute(sa.select(CLIENTS).order_by(CLIENTS.c.id))]


def revoke(connection: sa.Connection, client_id: str, at: datetime) -> None:
    """The client is nobody from now on, and neither is any token it holds.  Errors:  NotFoundError"""
    living = (CLIENTS.c.id == client_id) & CLIENTS.c.revoked_at.is_(None)
    if not connection.execute(sa.update(CLIENTS).where(living).values(revoked_at=at)).rowcount:
        raise NotFoundError("There is no living client of this name.")
    connection.execute(sa.delete(TOKENS).where(TOKENS.c.client_id == client_id))


def use_assertion(connection: sa.Connection, client_id: str, token_id: str, expires_at: datetime) -> bool:
    """False when it was used before: the index decides, however many ask at once."""
    row = {"client_id": client_id, "token_id": token_id, "expires_at": expires_at}
    return insert_if_new(connection, ASSERTIONS, row, ["client_id", "token_id"])


def add_token(connection: sa.Connection, digest: str, client_id: str, scopes: str, expires_at: datetime) -> None:
    row = {"digest": digest, "client_id": client_id, "scopes": scopes, "expires_at": expires_at}
    connection.execute(sa.insert(TOKENS).values(row))


def holder_of(connection: sa.Connection, digest: str, at: datetime) -> tuple[Client, str] | None:
    """(client, scopes) of a token that is still good."""
    living = (TOKENS.c.digest == digest) & (TOKENS.c.expires_at > at) & CLIENTS.c.revoked_at.is_(None)
    query = sa.select(*CLIENTS.c, TOKENS.c.scopes).join(TOKENS, TOKENS.c.client_id == CLIENTS.c.id).where(living)
    row = connection.execute(query).one_or_none()
    return (Client(*row[:-1]), row[-1]) if row else None


def forget_expired(connection: sa.Connection, before: datetime) -> None:
    """Tokens and used assertions that no clock takes for good any more."""
    for table in (TOKENS, ASSERTIONS):
        connection.execute(sa.delete(table).where(table.c.expires_at < before))
