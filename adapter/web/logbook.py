"""One log line for each request, as JSON with the fields named here and no other: no address, no query, no body.

Takes from: nothing.  Gives to: factory, pulling, serving.
"""

from __future__ import annotations

import json
import logging
import time
import uuid
from concurrent.futures import Future
from typing import Any

from flask import Flask, Response, g, request

_LOG = logging.getLogger("adapter.web")


def log_requests(app: Flask) -> None:
    app.before_request(_start)
    app.after_request(_end)


def _start() -> None:
    g.started, g.request_id = time.monotonic(), str(uuid.uuid4())


def _end(response: Response) -> Response:
    """The route's pattern stands for the address: an address may hold what its writer should not have put there."""
    line = {
        "request_id": g.request_id,
        "method": request.method if request.url_rule else "-",
        "route": request.url_rule.rule if request.url_rule else "-",
        "status": response.status_code,
        "milliseconds": round((time.monotonic() - g.started) * 1000),
        "bytes_in": request.content_length or 0,
    }
    _LOG.info("%s", json.dumps(line))
    response.headers["X-Request-Id"] = g.request_id
    return response


def log_end(work: Future[Any]) -> None:
    """Work in the background leaves its result in the database; the log only says that it failed, and how by class."""
    if not work.cancelled() and (error := work.exception()):
        _LOG.error("work in the background ended with %s", type(error).__name__)
