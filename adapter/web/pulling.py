"""Routes under /pulls: ask for a pull, watch it. A request never waits for a hospital: one thread pulls, in turn.

Takes from: errors, pull, store, answers, receiving.  Gives to: factory.
"""

from __future__ import annotations

import logging
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict
from typing import Any

from flask import Blueprint, Response, current_app

from adapter.errors import Issue, Json, NotPermittedError, UsageError
from adapter.pull import run_pull, start_pull
from adapter.resource import parse_json
from adapter.store import pulls
from adapter.web.answers import outcome, parts, plain
from adapter.web.receiving import read_body

routes = Blueprint("pulls", __name__)
_LOG = logging.getLogger("adapter.web")


@routes.post("/pulls")
def start() -> Response:
    name, issues = _read_name()
    if name is None:
        return outcome(issues, 422)
    if name not in parts().sources and not current_app.config["MAY_PULL_ANY_ADDRESS"]:
        raise NotPermittedError("Only declared sources are pulled from here.")
    pull_id = start_pull(parts(), name)
    puller: ThreadPoolExecutor = current_app.extensions["puller"]
    puller.submit(run_pull, parts(), pull_id).add_done_callback(_ended)
    return plain(_told(_find(pull_id)), 202, Location=f"/pulls/{pull_id}")


@routes.get("/pulls")
def recent() -> Response:
    with parts().store.reading() as connection:
        return plain({"pulls": [_told(each) for each in pulls.recent(connection)]})


@routes.get("/pulls/<pull_id>")
def watch(pull_id: str) -> Response:
    return plain(_told(_find(pull_id)))


def _read_name() -> tuple[str | None, list[Issue]]:
    document, issues = parse_json(read_body())
    name = document.get("source") if isinstance(document, dict) else None
    if isinstance(name, str) and 0 < len(name) <= 500:
        return name, []
    expected = 'expected {"source": the name of a declared source, or a FHIR base address}'
    return None, issues or [Issue("error", "required", "/source", "pull:source", expected, "pull")]


def _find(pull_id: str) -> pulls.Pull:
    with parts().store.reading() as connection:
        return pulls.find(connection, pull_id)


def _told(pull: pulls.Pull) -> Json:
    values: dict[str, Any] = asdict(pull)
    return {key: value.isoformat() if hasattr(value, "isoformat") else value for key, value in values.items()}


def _ended(future: Future[Json]) -> None:
    """The report is in the database; the log says only that something went wrong, and of what kind."""
    if (error := future.exception()) and not isinstance(error, UsageError):
        _LOG.error("a pull ended with %s", type(error).__name__)
