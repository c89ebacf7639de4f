"""One pull: how far it is, what proves each part complete, every request it made; pause, resume, cancel.

Takes from: store, tracing, web (answers, frame).  Gives to: pages.sources.
"""

from __future__ import annotations

from collections.abc import Callable

from flask import Response, current_app, redirect, request, url_for

from adapter.errors import NotFoundError, UsageError
from adapter.store import jobs, ledger, units
from adapter.tally import read_progress
from adapter.tracing import read_ledger
from adapter.web.answers import parts
from adapter.web.pages.frame import show
from adapter.web.pages.sources.blueprint import routes
from adapter.web.pages.sources.findings import say_findings

_UNITS, _LINES = 50, 100
_DEEDS = ("pause", "resume", "cancel")


@routes.get("/ui/pulls/<pull_id>")
def watch(pull_id: str) -> Response:
    """How far it is; afterwards its report. What lacks a proof comes first."""
    after = _number("after")
    with parts().store.reading() as connection:
        job = jobs.find(connection, pull_id)
        asked = ledger.summary(connection, pull_id)
        unproven = units.page(connection, pull_id, state="incomplete", limit=_UNITS)
        found = units.page(connection, pull_id, after=after, limit=_UNITS)
        counted = units.count(connection, pull_id)
    findings = list(say_findings((job.report or {}).get("findings", [])))
    told = {
        "findings": findings,
        "asked": asked,
        "unproven": unproven,
        "units": found,
        "counted": counted,
        "progress": _progress(job),
    }
    following = found[-1].id if len(found) == _UNITS else None
    return show("sources/watch", job=job, only=job.options.get("only", ""), after=after, following=following, **told)


@routes.get("/ui/pulls/<pull_id>/ledger")
def requests(pull_id: str) -> Response:
    """Every request, in the order they were written; ids as keyed hashes."""
    after = _number("after")
    found = read_ledger(parts(), pull_id, after=after, limit=_LINES)
    with parts().store.reading() as connection:
        job = jobs.find(connection, pull_id)
    following = found[-1]["id"] if len(found) == _LINES else None
    return show("sources/ledger", job=job, lines=found, after=after, following=following)


@routes.post("/ui/pulls/<pull_id>/<deed>")
def steer(pull_id: str, deed: str) -> Response:
    if deed not in _DEEDS:
        raise NotFoundError("A pull can be paused, resumed or cancelled.")
    with parts().store.writing() as connection:
        if deed == "pause":
            jobs.pause(connection, pull_id)
        elif deed == "cancel":
            jobs.cancel(connection, pull_id, parts().clock())
        else:
            jobs.resume(connection, pull_id, parts().clock())
    if deed == "resume":
        wake: Callable[[str], None] = current_app.extensions["wake"]
        wake(pull_id)
    return redirect(url_for("source_pages.watch", pull_id=pull_id), 303)  # type: ignore[return-value]


def _progress(job: jobs.Job) -> dict[str, int | str]:
    """The counts as they stand; none of a job that pulls nothing."""
    return {} if "only" in job.options else job.progress or read_progress(parts(), job.id, "")


def _number(name: str) -> int:
    text = request.args.get(name, "0")
    if not (text.isascii() and text.isdigit() and len(text) <= 18):
        raise UsageError(f"{name} is a whole number.")
    return int(text)
