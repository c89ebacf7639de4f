"""The frame of every page: its language, its theme, the way to the other pages, and a page for what went wrong.

Takes from: access, answers, guard, wording, writing.  Gives to: the other files of pages, logins, failures.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import Any
from urllib.parse import urlencode

from flask import Flask, Response, current_app, make_response, render_template, request, url_for
from jinja2 import StrictUndefined

from adapter import __version__
from adapter.access import load_permissions
from adapter.errors import Issue
from adapter.web.addresses import write_path
from adapter.web.guard import principal
from adapter.web.pages.wording import TONGUES, Tongue, load_words, pages
from adapter.web.pages.writing import FILTERS

PREFIX = "/ui"
THEMES = ("light", "dark", "auto")
# Each page that stands in the bar, by the key of its name; one that the reader may not see is left out.
_BAR = {
    "nav_home": "home.overview",
    "nav_inbox": "inbox_pages.entries",
    "nav_cases": "case_pages.listing",
    "nav_cohort": "cohort_pages.description",
    "nav_sources": "source_pages.listing",
    "nav_mapping": "mapping_pages.explorer",
    "nav_validator": "validator_pages.ask",
    "nav_people": "people_pages.listing",
    "nav_audit": "audit_pages.trail",
    "nav_api": "api_pages.description",
}
_CHOICES = {"lang": ("crmo_lang", TONGUES), "theme": ("crmo_theme", THEMES)}
_YEAR = 365 * 24 * 3600


def dress(app: Flask) -> None:
    """Filters for templates, and a reader's choice of language and theme kept in his browser.

    Errors:  DeclarationError for words that are wrong, at the start and not on a page
    """
    for page, said_in in product(pages(), TONGUES):
        load_words(page, said_in)
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.filters.update(FILTERS)
    app.after_request(_keep_choices)


def tongue() -> Tongue:
    """By ?lang=, else by the choice kept, else by what the browser prefers; French before English."""
    asked = _choice("lang") or request.accept_languages.best_match(TONGUES) or TONGUES[0]
    return "en" if asked == "en" else "fr"


def words_of(page: str) -> dict[str, str]:
    """What this page says, in the reader's language."""
    return dict(load_words(page, tongue()))


def show(page: str, status: int = 200, /, **values: Any) -> Response:
    """templates/pages/PAGE.html with words/PAGE.yaml; a PAGE like "case/versions" says what "case" says.

    Shapes:  values  what the template fills in, beside `t` (words), `here`, `may`, `tongue`
    """
    frame = {
        "t": words_of(page.partition("/")[0]),
        "tongue": tongue(),
        "theme": _choice("theme") or "auto",
        "bar": list(_bar()),
        "here": here,
        "may": may,
        "who": principal().actor,
        "version": __version__,
    }
    return make_response(render_template(f"pages/{page}.html", **{**frame, **values}), status)


def here(**changed: Any) -> str:
    """This page's address with some of its query changed; None takes one away."""
    kept = [(name, value) for name, value in request.args.items(multi=True) if name not in changed]
    told = [(name, value) for name, value in changed.items() if value is not None and value != ""]
    query = urlencode([*kept, *told])
    path = write_path(request.path)
    return f"{path}?{query}" if query else path


def may(endpoint: str, method: str = "GET") -> bool:
    """Whether whoever asks may go there; False for a page that there is not."""
    rules = current_app.url_map.iter_rules(endpoint) if endpoint in current_app.view_functions else ()
    permissions = principal().permissions
    return any(load_permissions().needed(method, rule.rule) in permissions for rule in rules)


def is_page() -> bool:
    """Whether the address is one of the pages', and not a program's."""
    return request.path == "/" or request.path.startswith(f"{PREFIX}/")


def show_problem(issues: list[Issue], status: int) -> Response:
    """What went wrong, in words, where a program would get an OperationOutcome."""
    return show("problem", status, issues=issues)


def _bar() -> Iterator[tuple[str, str, bool]]:
    """Key of the name, address, whether the reader is there."""
    for name, endpoint in _BAR.items():
        if may(endpoint):
            mine = (request.endpoint or "").partition(".")[0] == endpoint.partition(".")[0]
            yield name, url_for(endpoint), mine


def _choice(name: str) -> str:
    cookie, allowed = _CHOICES[name]
    told = request.args.get(name) or request.cookies.get(cookie, "")
    return told if told in allowed else ""


def _keep_choices(response: Response) -> Response:
    for name, (cookie, allowed) in _CHOICES.items():
        if request.args.get(name) in allowed and (is_page() or request.path == "/login"):
            secure = current_app.config["PUBLIC_URL"].startswith("https:")
            response.set_cookie(
                cookie, request.args[name], max_age=_YEAR, httponly=True, samesite="Lax", secure=secure, path="/"
            )
    return response
