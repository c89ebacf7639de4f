"""Every failure as an OperationOutcome: ours, HTTP's, and the unforeseen (told by its class, never by its words).

Takes from: errors, answers, pages.  Gives to: factory.
Source: https://hl7.org/fhir/R4/http.html#Status-Codes,
https://hl7.org/fhir/R4/operationoutcome-definitions.html#OperationOutcome.issue.location
"""

from __future__ import annotations

import logging
import traceback
from types import TracebackType
from typing import Any

from flask import Flask, Response
from werkzeug.exceptions import HTTPException

from adapter.errors import AdapterError, InvalidContentError, Issue, RemoteTransientError
from adapter.web.answers import outcome
from adapter.web.pages.frame import is_page, show_problem

_LOG = logging.getLogger("adapter.web")

_TEXTS = {
    400: ("invalid", "The request cannot be read.", "La requête est illisible."),
    404: ("not-found", "There is nothing at this address.", "Il n'y a rien à cette adresse."),
    405: ("not-supported", "This address does not know this method.", "Cette adresse ne connaît pas cette méthode."),
    406: ("not-supported", "Answers are JSON only.", "Les réponses sont en JSON uniquement."),
    413: ("too-long", "The request is too large to be kept.", "La requête est trop volumineuse pour être conservée."),
    415: (
        "not-supported",
        "Send application/fhir+json in UTF-8, FHIR 4.0, not compressed.",
        "Envoyez application/fhir+json en UTF-8, FHIR 4.0, sans compression.",
    ),
    500: ("exception", "The adapter failed here; nothing was lost.", "L'adaptateur a échoué ici ; rien n'est perdu."),
}
# What of the request is to blame, in the manner R4 names it for HTTP.
_PLACES = {404: "http.url", 405: "http.method", 406: "http.accept", 413: "http.body", 415: "http.contentType"}


class Service(Flask):
    """Flask, except that an unforeseen exception is logged by class and place: its words may hold a patient."""

    def log_exception(
        self, exc_info: tuple[type, BaseException, TracebackType] | tuple[None, None, None], *_: Any
    ) -> None:
        kind, _error, trace = exc_info
        frame = traceback.extract_tb(trace)[-1] if trace else None
        _LOG.error("unforeseen %s at %s:%s", kind and kind.__name__, frame and frame.filename, frame and frame.lineno)


def answer_failures(app: Flask) -> None:
    app.register_error_handler(AdapterError, _ours)
    app.register_error_handler(HTTPException, _of_http)


def _ours(error: AdapterError) -> Response:
    status = error.http_status
    if isinstance(error, InvalidContentError) and error.status:
        status = error.status
    headers = {}
    if isinstance(error, RemoteTransientError):
        headers["Retry-After"] = str(int(error.retry_after_seconds or 5))
    return _told(error.issues(), status, headers)


def _of_http(error: HTTPException) -> Response:
    status = error.code or 500
    kind, english, french = _TEXTS.get(status, _TEXTS[400] if status < 500 else _TEXTS[500])
    issue = Issue("error", kind, _PLACES.get(status, "http"), f"http-{status}", english, "receive", text_fr=french)
    kept = {name: value for name, value in error.get_headers() if name in ("Allow", "Location")}
    return _told([issue], status, kept)


def _told(issues: list[Issue], status: int, headers: dict[str, str]) -> Response:
    if not is_page():
        return outcome(issues, status, **headers)
    page = show_problem(issues, status)
    page.headers.update(headers)
    return page
