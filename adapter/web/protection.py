"""What every answer says to a browser, and which requests are none of ours to answer.

Takes from: errors.  Gives to: factory, gate.
Source: https://owasp.org/www-project-secure-headers/
"""

from __future__ import annotations

from flask import Flask, Response, request
from werkzeug.exceptions import NotAcceptable

from adapter.errors import NotPermittedError

HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; connect-src 'self'; style-src 'self'; "
    "img-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
_JSON, _LINES = ("application/fhir+json", "application/json"), ("application/fhir+ndjson", "application/ndjson")
_SAFE = ("GET", "HEAD", "OPTIONS")


def protect(app: Flask) -> None:
    app.before_request(_check)
    app.after_request(_add_headers)


def _check() -> None:
    wanted = request.accept_mimetypes
    offered = [*_JSON, *(_LINES if request.path.startswith("/fhir/$export/") else ())]
    if request.path.startswith("/fhir") and wanted and not wanted.best_match(offered):
        raise NotAcceptable
    if request.method not in _SAFE and request.headers.get("Sec-Fetch-Site", "none") not in ("none", "same-origin"):
        raise NotPermittedError("Another site's page may not do this.")


def _add_headers(response: Response) -> Response:
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    return response
