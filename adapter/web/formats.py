"""How an answer is written down: pretty when a person asks, compressed when the asker can read that.

Takes from: resource.  Gives to: factory.
Source: https://hl7.org/fhir/R4/http.html#parameters, RFC 9110 12.5.3
"""

from __future__ import annotations

import gzip

from flask import Flask, Response, request
from werkzeug.exceptions import NotAcceptable

from adapter.resource import dump_json, parse_json

# Below this the header costs more than the compression saves.
_WORTH_BYTES = 1024
_FORMATS = ("json", "application/json", "application/fhir+json", "application/fhir json", "text/json")
_COMPRESSED = ("application/fhir+json", "application/json", "text/html", "text/css", "text/javascript", "image/svg+xml")


def write_as_asked(app: Flask) -> None:
    app.before_request(_check_format)
    app.after_request(_write)


def _check_format() -> None:
    """Errors:  406 for a format that is not JSON"""
    if request.path.startswith("/fhir") and request.args.get("_format", "json") not in _FORMATS:
        raise NotAcceptable


def _write(response: Response) -> Response:
    if response.is_streamed or response.direct_passthrough or response.status_code in (204, 304):
        return response
    if request.args.get("_pretty") == "true" and response.mimetype == "application/fhir+json":
        document, _ = parse_json(response.get_data(), max_bytes=1 << 40)
        response.set_data(dump_json(document, indent=True))
    return _compressed(response)


def _compressed(response: Response) -> Response:
    if response.mimetype not in _COMPRESSED or "Content-Encoding" in response.headers:
        return response
    response.vary.add("Accept-Encoding")
    content = response.get_data()
    if request.accept_encodings["gzip"] and len(content) >= _WORTH_BYTES:
        # No time in the header: the same answer has the same bytes.
        response.set_data(gzip.compress(content, compresslevel=5, mtime=0))
        response.headers["Content-Encoding"] = "gzip"
    return response
