"""The page where a person says who he is, and the way out.

Takes from: access, guard, limits, answers, pages.  Gives to: factory.
Source: https://owasp.org/www-community/HttpOnly, RFC 6265bis (SameSite)
"""

from __future__ import annotations

from flask import Blueprint, Response, current_app, redirect, request

from adapter.access import SESSION_SECONDS, close_session, log_in
from adapter.errors import NotAuthenticatedError
from adapter.web.answers import parts
from adapter.web.guard import SESSION_COOKIE
from adapter.web.limits import Failures
from adapter.web.pages.frame import show

routes = Blueprint("logins", __name__)
_failures = Failures(10, window_seconds=60)


@routes.get("/login")
def ask() -> Response:
    return _page("")


@routes.post("/login")
def enter() -> Response:
    caller = f"{request.remote_addr} {request.form.get('login', '')[:100]}"
    if _failures.wait_seconds(caller):
        return _page("wait", 429)
    told = (request.form.get(name, "")[:500] for name in ("login", "password", "code"))
    try:
        secret = log_in(parts(), *told)
    except NotAuthenticatedError:
        _failures.count(caller)
        return _page("wrong", 401)
    answer: Response = redirect("/", 303)  # type: ignore[assignment]
    secure = current_app.config["PUBLIC_URL"].startswith("https:")
    answer.set_cookie(
        SESSION_COOKIE, secret, max_age=SESSION_SECONDS, httponly=True, samesite="Strict", secure=secure, path="/"
    )
    return answer


@routes.post("/logout")
def leave() -> Response:
    if secret := request.cookies.get(SESSION_COOKIE):
        close_session(parts(), secret)
    answer: Response = redirect("/login", 303)  # type: ignore[assignment]
    answer.delete_cookie(SESSION_COOKIE, path="/")
    return answer


def _page(problem: str, status: int = 200) -> Response:
    return show("login", status, problem=problem)
