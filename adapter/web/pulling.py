"""Routes under /pulls: ask for a pull, watch it, pause, resume, cancel it. A request never waits for a hospital.

Takes from: errors, pull, store, answers, receiving.  Gives to: factory.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from flask import Blueprint, Response, current_app, request

from adapter.errors import Issue, Json, NotPermittedError
from adapter.incremental import ALL, since_options
from adapter.pull import only_options, start_pull
from adapter.resource import parse_json
from adapter.store import jobs
from adapter.tracing import read_ledger, read_pull
from adapter.web.answers import outcome, parts, plain
from adapter.web.receiving import read_body

routes = Blueprint("pulls", __name__)

_LINES = 1000
_EXPECTED = (
    'expected {"source": the name of a declared source, or a FHIR base address, "since": last, all or a date, '
    '"only": examine or forecast}'
)
# Who runs a pull, and until when, is between the workers.
_BETWEEN_WORKERS = ("holder", "lease_until", "options")


@routes.post("/pulls")
def start() -> Response:
    """Answers 202 at once, with the address to watch. While a pull of the source is open, that is the one."""
    told, issues = _read_question()
    if issues:
        return outcome(issues, 422)
    name = told["source"]
    if name not in parts().sources and not current_app.config["MAY_PULL_ANY_ADDRESS"]:
        raise NotPermittedError("Only declared sources are pulled from here.")
    options = {**since_options(told.get("since", ALL)), **only_options(told.get("only", ""))}
    return _accepted(start_pull(parts(), name, options))


@routes.get("/pulls")
def recent() -> Response:
    with parts().store.reading() as connection:
        return plain({"pulls": [_told(each) for each in jobs.recent(connection)]})


@routes.get("/pulls/<pull_id>")
def watch(pull_id: str) -> Response:
    return plain(_told(_find(pull_id)))


@routes.get("/pulls/<pull_id>/units")
def show_units(pull_id: str) -> Response:
    """Each unit with its proof, and what the pull has cost the hospital."""
    return plain(read_pull(parts(), pull_id))


@routes.get("/pulls/<pull_id>/ledger")
def show_ledger(pull_id: str) -> Response:
    """Every request; `after` of the answer, sent again, asks for the next ones."""
    found = read_ledger(parts(), pull_id, after=request.args.get("after", 0, type=int), limit=_LINES)
    following = {"after": found[-1]["id"]} if len(found) == _LINES else {}
    return plain({"requests": found, **following})


@routes.post("/pulls/<pull_id>/pause")
def pause(pull_id: str) -> Response:
    with parts().store.writing() as connection:
        return plain(_told(jobs.pause(connection, pull_id)), 202)


@routes.post("/pulls/<pull_id>/resume")
def resume(pull_id: str) -> Response:
    with parts().store.writing() as connection:
        jobs.resume(connection, pull_id, parts().clock())
    return _accepted(pull_id)


@routes.post("/pulls/<pull_id>/cancel")
def cancel(pull_id: str) -> Response:
    with parts().store.writing() as connection:
        return plain(_told(jobs.cancel(connection, pull_id, parts().clock())), 202)


def _accepted(pull_id: str) -> Response:
    """Wake whoever runs pulls, and say where to look."""
    wake: Callable[[str], None] = current_app.extensions["wake"]
    wake(pull_id)
    return plain(_told(_find(pull_id)), 202, Location=f"/pulls/{pull_id}")


def _read_question() -> tuple[Json, list[Issue]]:
    """The source, since when, or what instead of a pull."""
    document, issues = parse_json(read_body())
    told: Json = document if isinstance(document, dict) else {}
    words = {name: told.get(name, "") for name in ("source", "since", "only")}
    if all(isinstance(each, str) for each in words.values()) and 0 < len(words["source"]) <= 500:
        return {name: each for name, each in words.items() if each}, []
    return {}, issues or [Issue("error", "required", "/source", "pull:source", _EXPECTED, "pull")]


def _find(pull_id: str) -> jobs.Job:
    with parts().store.reading() as connection:
        return jobs.find(connection, pull_id)


def _told(job: jobs.Job) -> Json:
    values: dict[str, Any] = {name: each for name, each in asdict(job).items() if name not in _BETWEEN_WORKERS}
    values |= job.options
    return {key: value.isoformat() if hasattr(value, "isoformat") else value for key, value in values.items()}
