"""How a person comes in: a password, a one-time code where one is asked for, a session that ends by itself.

Takes from: errors, credentials, sealing, parts, store.  Gives to: web, cli.
"""

from __future__ import annotations

from datetime import timedelta

from adapter.access.principals import IDLE_SECONDS, SESSION_SECONDS
from adapter.credentials import NOBODY, digest, make_secret, matching_step, verify_password
from adapter.errors import NotAuthenticatedError
from adapter.parts import Parts
from adapter.store import people

__all__ = ["SESSION_SECONDS", "close_session", "log_in", "seal_place"]


def log_in(parts: Parts, login: str, password: str, code: str) -> str:
    """A session's secret for whoever proves who he is.

    Shapes:  code  of the authenticator app; "" when the person has none
    Errors:  NotAuthenticatedError, which does not say what was wrong
    """
    with parts.store.reading() as connection:
        person = people.find(connection, login)
    right = verify_password(person.password_hash if person else NOBODY, password)
    step = _step(parts, person, code) if person else None
    if person is None or not right or step is None:
        raise NotAuthenticatedError("Login, password or code are not right.")
    secret, now = make_secret(), parts.clock()
    with parts.store.writing() as connection:
        if person.one_time_secret and not people.use_step(connection, login, step):
            raise NotAuthenticatedError("Login, password or code are not right.")
        people.forget_sessions(connection, now - timedelta(seconds=IDLE_SECONDS))
        people.open_session(connection, digest(secret), login, now)
    return secret


def _step(parts: Parts, person: people.Person, code: str) -> int | None:
    """The time step of the code; 0 for a person without an authenticator, None for a wrong code."""
    if person.one_time_secret is None or person.one_time_seal is None:
        return 0
    secret = parts.seals.unseal(person.one_time_secret, seal_place(person.login), person.one_time_seal)
    return matching_step(secret.decode(), code, parts.clock())


def seal_place(login: str) -> str:
    """What a person's one-time secret is bound to."""
    return f"person {login}"


def close_session(parts: Parts, secret: str) -> None:
    with parts.store.writing() as connection:
        people.close_session(connection, digest(secret))
