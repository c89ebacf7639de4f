"""Whoever asks, as one value: what he may do, and whose data he may see.

Takes from: errors, credentials, scopes, parts, permissions, store.  Gives to: web.
Source: RFC 6750 (Bearer)
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta

from adapter.access.permissions import load_permissions
from adapter.credentials import digest, same
from adapter.errors import NotAuthenticatedError
from adapter.parts import Parts
from adapter.scopes import Scope, parse_scopes
from adapter.store import clients, people

IDLE_SECONDS = 15 * 60
SESSION_SECONDS = 12 * 3600
# Writing down that a session was used, at most this often.
_SEEN_SECONDS = 60
_BEARER = re.compile(r"[Bb]earer ([A-Za-z0-9._~+/-]{20,200}=*)\Z")


@dataclass(frozen=True)
class Principal:
    """Shapes:  actor   as the audit names him: "client:NAME", "person:LOGIN", "open", "nobody"
    scopes  what a client may do with which type; None when every interaction is allowed
    source  the only source whose data he sends and sees; None when that is not limited
    """

    actor: str
    permissions: frozenset[str]
    scopes: tuple[Scope, ...] | None = None
    source: str | None = None


NOBODY = Principal("nobody", frozenset({"public"}), ())
OPEN = Principal("open", frozenset(load_permissions().names))


def who_is(parts: Parts, authorization: str | None, session: str | None) -> Principal:
    """Who asks, by his Authorization header, else by his session.

    Errors:  NotAuthenticatedError for a header that proves nothing; a session that ended is nobody
    """
    if authorization is not None:
        return _client(parts, authorization)
    return _person(parts, session) if session else NOBODY


def _client(parts: Parts, authorization: str) -> Principal:
    matched = _BEARER.match(authorization)
    found = _holder(parts, matched[1]) if matched else None
    if found is None:
        raise NotAuthenticatedError("This token is none of ours, or its time is over.")
    client, scopes = found[0], tuple(parse_scopes(found[1])[0])
    permissions = load_permissions().of_scopes(scopes) | {"public"}
    return Principal(f"client:{client.id}", permissions, scopes, client.source)


def _holder(parts: Parts, secret: str) -> tuple[clients.Client, str] | None:
    """A token of ours, or an API key: `<client>.<secret>`."""
    with parts.store.reading() as connection:
        if found := clients.holder_of(connection, digest(secret), parts.clock()):
            return found
        client = clients.find(connection, secret.rpartition(".")[0])
    known = client.key_digest if client and not client.revoked_at else None
    fits = same(known or digest(""), digest(secret))
    return (client, client.scopes) if client and known and fits else None


def _person(parts: Parts, session: str) -> Principal:
    key, now = digest(session), parts.clock()
    with parts.store.reading() as connection:
        found = people.session_of(connection, key)
    if found is None:
        return NOBODY
    person, opened, seen = found
    if now - seen > timedelta(seconds=IDLE_SECONDS) or now - opened > timedelta(seconds=SESSION_SECONDS):
        return NOBODY
    if now - seen > timedelta(seconds=_SEEN_SECONDS):
        with parts.store.writing() as connection:
            people.see(connection, key, now)
    return Principal(f"person:{person.login}", load_permissions().of_role(person.role) | {"public"})
