"""Hospitals: a card each, what is declared of one, what its server was found to do, and what can be asked of it.

Nothing is asked of a hospital inside a request: that is a job, whose page is shown.

Takes from: errors, examining, hospital, incremental, pull, store, web (answers, frame).  Gives to: pages.sources.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from flask import Response, current_app, redirect, request, url_for

from adapter.errors import NotFoundError, UsageError
from adapter.examining import known_profile, report_profile
from adapter.hospital import Source
from adapter.hospital.origin import host_of
from adapter.incremental import ALL, since_options
from adapter.pull import only_options, start_pull
from adapter.store import jobs, known
from adapter.web.answers import parts
from adapter.web.pages.frame import show
from adapter.web.pages.sources.blueprint import routes
from adapter.web.pages.sources.findings import say_findings

_LOOKED_AT, _SHOWN = 20, 30
# What can be asked of a hospital by a button: since when, or what instead of a pull.
_WISHES = {
    "last": since_options("last"),
    "all": since_options(ALL),
    "examine": only_options("examine"),
    "forecast": only_options("forecast"),
}


@dataclass(frozen=True)
class Card:
    """Shapes:  last     the last pull, ended or not
    running  whatever is open
    reached  the server's time that the last complete pull reached
    """

    source: Source
    host: str
    last: jobs.Job | None
    running: jobs.Job | None
    reached: datetime | None
    examined_at: datetime | None


@routes.get("/ui/sources")
def listing() -> Response:
    """Every declared hospital, and the pulls of late."""
    with parts().store.reading() as connection:
        recent = jobs.recent(connection, _SHOWN)
    cards = [_card(source) for _, source in sorted(parts().sources.items())]
    return show("sources/listing", cards=cards, recent=recent)


@routes.get("/ui/sources/<name>")
def one(name: str) -> Response:
    """What is declared of a hospital, what its server can do, its pulls."""
    source = _find(name)
    profile = known_profile(parts(), source)
    with parts().store.reading() as connection:
        recent = jobs.recent(connection, _LOOKED_AT, name)
    findings = list(say_findings(report_profile(source, profile[0]))) if profile else []
    secret = _missing_secret(source)
    return show("sources/one", card=_card(source), findings=findings, recent=recent, missing_secret=secret)


@routes.post("/ui/sources/<name>/<wish>")
def ask(name: str, wish: str) -> Response:
    """Pull, test the connection, or say what a pull would cost: as a job, to whose page this leads."""
    if wish not in _WISHES:
        raise UsageError(f"What can be asked of a hospital is {', '.join(_WISHES)}.")
    pull_id = start_pull(parts(), _find(name).name, _WISHES[wish])
    wake: Callable[[str], None] = current_app.extensions["wake"]
    wake(pull_id)
    return redirect(url_for("source_pages.watch", pull_id=pull_id), 303)  # type: ignore[return-value]


@routes.get("/ui/pulls")
def pulls() -> Response:
    """The pulls of one hospital, or of all, newest first."""
    name = request.args.get("source", "")[:500]
    with parts().store.reading() as connection:
        recent = jobs.recent(connection, 200, name)
    return show("sources/pulls", recent=recent, source=name)


def _find(name: str) -> Source:
    source = parts().sources.get(name)
    if source is None:
        raise NotFoundError("There is no source of this name.")
    return source


def _card(source: Source) -> Card:
    examined = known_profile(parts(), source)
    with parts().store.reading() as connection:
        found = jobs.recent(connection, _LOOKED_AT, source.name)
        reached = known.reached(connection, source.name)
    last = next((job for job in found if "only" not in job.options), None)
    running = next((job for job in found if job.state in jobs.OPEN), None)
    return Card(source, host_of(source.base), last, running, reached, examined[1] if examined else None)


def _missing_secret(source: Source) -> str:
    """Name of the variable that should hold the secret, when it holds nothing."""
    secret = source.authentication.secret
    return secret.variable if secret and secret.variable and not parts().secret(secret.variable) else ""
