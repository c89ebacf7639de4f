"""Routes under /pulls: ask for a pull, watch it. A request never waits for a hospital: one thread pulls, in turn.

Takes from: errors, pull, store, answers, receiving.  Gives to: factory.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from typing import Any

from flask import Blueprint, Response, current_app

from adapter.errors import Issue, Json, NotPermittedError
from adapter.pull import run_pull, start_pull
from adapter.resource import parse_json
from adapter.store import pulls
from adapter.web.answers import outcome, parts, plain
from adapter.web.logbook import log_end
from adapter.web.receiving import read_body

routes = Blueprint("pulls", __name__)


@routes.post("/pulls")
def start() -> Response:
    """Answers 202 at once, with the address to watch."""
    name, issues = _read_name()
    if name is None:
        return outcome(issues, 422)
    if name not in parts().sources and not current_app.config["MAY_PULL_ANY_ADDRESS"]:
        raise NotPermittedError("Only declared sources are pulled from here.")
    pull_id = start_pull(parts(), name)
    background: ThreadPoolExecutor = current_app.extensions["background"]
    background.submit(run_pull, parts(), pull_id).add_done_callback(log_end)
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
