"""Make the application from ready parts: routes, failures, headers, one log line for each request.

Takes from: parts, the other rooms of web.  Gives to: serving, tests.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from flask import Flask

from adapter.access.key_sets import KeySets, open_key_sets
from adapter.parts import Parts
from adapter.pull import run_pull
from adapter.web.addresses import keep_slashes
from adapter.web.adjudications import routes as adjudications
from adapter.web.audit_events import routes as audit_events
from adapter.web.auditing import routes as auditing
from adapter.web.cases import routes as cases
from adapter.web.cohort import routes as cohort
from adapter.web.exporting import routes as exporting
from adapter.web.failures import Service, answer_failures
from adapter.web.fhir import routes as fhir
from adapter.web.formats import write_as_asked
from adapter.web.groups import routes as groups
from adapter.web.guard import guard
from adapter.web.keyset import routes as keyset
from adapter.web.logbook import log_end, log_requests
from adapter.web.logins import routes as logins
from adapter.web.openapi import routes as openapi
from adapter.web.operations import routes as operations
from adapter.web.pages import add_pages
from adapter.web.prepared import Prepared
from adapter.web.protection import protect
from adapter.web.pulling import routes as pulling
from adapter.web.reading import routes as reading
from adapter.web.receiving import MAX_KEPT_BYTES
from adapter.web.sources import routes as sources
from adapter.web.tokens import routes as tokens
from adapter.web.unread import routes as unread
from adapter.web.validating import routes as validating

_AT_THE_DOOR = (tokens, logins, auditing)
_FHIR = (validating, reading, groups, exporting, audit_events, fhir, keyset)
_OURS = (openapi, cases, adjudications, pulling, sources, cohort, unread, operations)
_ROUTES = (*_AT_THE_DOOR, *_FHIR, *_OURS)


def create_app(
    parts: Parts,
    *,
    may_pull_any_address: bool = False,
    wake: Callable[[str], None] | None = None,
    ask_who: bool = False,
    public_url: str = "http://127.0.0.1:8000",
    key_sets: KeySets | None = None,
) -> Flask:
    """The WSGI application around these parts.

    Shapes:  may_pull_any_address  POST /pulls takes a FHIR base address too, not only a declared source
             wake                  told the id of each pull that was asked for; without it a thread here runs them
             ask_who               callers say who they are, and may do what they were permitted
             public_url            how callers address this service: tokens are asked for there
             key_sets              where the keys of clients are found that are registered by address
    """
    app = Service("adapter.web")
    app.config.update(
        MAX_CONTENT_LENGTH=MAX_KEPT_BYTES, MAY_PULL_ANY_ADDRESS=may_pull_any_address, PUBLIC_URL=public_url
    )
    app.extensions["parts"] = parts
    app.extensions["background"] = ThreadPoolExecutor(max_workers=1, thread_name_prefix="background")
    app.extensions["prepared"] = Prepared()
    app.extensions["key_sets"] = key_sets or open_key_sets()
    app.extensions["wake"] = wake or _runner(app, parts)
    keep_slashes(app)
    log_requests(app)
    answer_failures(app)
    write_as_asked(app)
    guard(app, ask_who=ask_who)
    protect(app)
    for routes in _ROUTES:
        app.register_blueprint(routes)
    add_pages(app)
    return app


def _runner(app: Flask, parts: Parts) -> Callable[[str], None]:
    """Pulls in turn, in the thread that does this process's other long work."""
    background: ThreadPoolExecutor = app.extensions["background"]
    return lambda pull_id: background.submit(run_pull, parts, pull_id).add_done_callback(log_end)
