"""In front of every route: who asks, whether he may, and a line in the audit whatever the answer is.

Takes from: errors, access, scopes, store, answers.  Gives to: factory, and the principal to every other room of web.
Source: RFC 6750 3 (WWW-Authenticate)
"""

from __future__ import annotations

from typing import Any

from flask import Flask, Response, current_app, g, redirect, request

from adapter.access import NOBODY, OPEN, Principal, load_permissions, who_is
from adapter.errors import AdapterError, NotAuthenticatedError, NotFoundError, NotPermittedError
from adapter.scopes import may
from adapter.store import Connection, audit, cases, inbox
from adapter.web.answers import parts

SESSION_COOKIE = "crmo_session"
# Asked every few seconds by machines that look after machines, and telling nothing about anybody.
_UNWRITTEN = ("/livez", "/readyz", "/static/<path:filename>")


def guard(app: Flask, *, ask_who: bool) -> None:
    """Shapes:  ask_who  False: whoever reaches the service may do everything, and is written down as "open\""""
    app.config["ASK_WHO"] = ask_who
    app.before_request(_admit)
    app.after_request(_write_down)


def principal() -> Principal:
    """Who asks, in this request."""
    found: Principal = g.get("principal", NOBODY)
    return found


def ensure_visible(case_id: str) -> None:
    """Errors:  NotFoundError for a case that the asker has sent nothing of, as for one that there is not"""
    source = principal().source
    if source is None:
        return
    with parts().store.reading() as connection:
        if not inbox.fed_by(connection, case_id, source):
            raise NotFoundError("There is no case with this pseudonym.")


def reaches(type_: str, letters: str) -> bool:
    """Whether whoever asks may do all of these with resources of a type.

    Shapes:  letters  of `scopes.LETTERS`
    """
    held = principal().scopes
    return held is None or all(may(held, type_, letter) for letter in letters)


def ensure_scope(type_: str, letters: str) -> None:
    """Errors:  NotPermittedError when a client's scopes do not go that far"""
    if not reaches(type_, letters):
        raise NotPermittedError("This client's scopes do not reach resources of this type.")


def note_case(case_id: str) -> None:
    """Which case a request turned out to be about: its address does not say so to the audit."""
    g.case_id = case_id


def _admit() -> Any:
    if not current_app.config["ASK_WHO"]:
        g.principal = OPEN
        return None
    if request.url_rule is None or request.method == "OPTIONS":
        return None
    g.principal = who_is(parts(), request.headers.get("Authorization"), request.cookies.get(SESSION_COOKIE))
    needed = load_permissions().needed(request.method, request.url_rule.rule)
    if needed in g.principal.permissions:
        return None
    if g.principal is not NOBODY:
        raise NotPermittedError("This needs a permission that you were not given.")
    if request.method == "GET" and _is_browser():
        return redirect("/login", 303)
    raise NotAuthenticatedError("Say who you are: a token in the Authorization header, or a session.")


def _is_browser() -> bool:
    """Whether a page is liked better than JSON; `*/*`, which programs send, likes both."""
    return request.accept_mimetypes["text/html"] > request.accept_mimetypes["application/json"]


def _write_down(response: Response) -> Response:
    """An access that cannot be written down is not given."""
    rule = request.url_rule.rule if request.url_rule else "-"
    if rule not in _UNWRITTEN:
        what = principal().actor, request.method[:8], rule[:200], response.status_code
        try:
            with parts().store.writing() as connection:
                about = _case_in_question(connection)
                audit.append(connection, audit.Event(parts().clock(), *what, about, g.request_id))
        except AdapterError as error:
            response = current_app.make_response(current_app.handle_user_exception(error))
    if response.status_code == 401:
        response.headers["WWW-Authenticate"] = 'Bearer realm="crmo"'
    return response


def _case_in_question(connection: Connection) -> str:
    """Pseudonym of a case that is here. What else stands in its place in an address may be a patient's own number."""
    told = str(g.get("case_id") or (request.view_args or {}).get("case_id") or "")
    return told if told.isprintable() and told and cases.exists(connection, told) else ""
