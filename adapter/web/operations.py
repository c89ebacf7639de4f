"""Routes for operators: alive, ready, figures. The figures are counted in the database when they are asked for.

Takes from: errors, store, answers.  Gives to: factory.
Source: https://prometheus.io/docs/instrumenting/exposition_formats/
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import timedelta

from flask import Blueprint, Response, current_app

from adapter import __version__
from adapter.errors import RemoteTransientError
from adapter.store import Connection, cases, findings, inbox, jobs, measures, pseudonym_keys
from adapter.store.database import find_head, read_revision
from adapter.web.answers import parts, plain

routes = Blueprint("operations", __name__)


@routes.get("/livez")
def alive() -> Response:
    return plain({"status": "ok"})


@routes.get("/readyz")
def ready() -> Response:
    """200 when the database answers at the revision this adapter needs and our key counts in it; 503 otherwise."""
    with parts().store.reading() as connection:
        found = read_revision(connection)
        problem = pseudonym_keys.check(connection, parts().pseudonyms.key_id) if found == find_head() else ""
    if problem:
        raise RemoteTransientError(problem)
    if found != find_head():
        raise RemoteTransientError("The database is not at the revision this adapter needs.")
    return plain({"status": "ok", "version": __version__, "revision": found})


@routes.get("/metrics")
def metrics() -> Response:
    with parts().store.reading() as connection:
        text = "".join(f"{line}\n" for line in (*_counted(connection), *_ages(connection), *_here()))
    return Response(text, content_type="text/plain; version=0.0.4; charset=utf-8")


def _counted(connection: Connection) -> Iterator[str]:
    yield from _told("crmo_build_info", "The adapter's version.", [({"version": __version__}, 1)])
    states = inbox.count_states(connection)
    yield from _told("crmo_inbox_entries", "Inbox entries by state.", [({"state": s}, n) for s, n in states.items()])
    came = [({"source": source, "state": state}, n) for source, state, n in measures.arrivals(connection)]
    yield from _told("crmo_source_entries", "Inbox entries by source and state.", came)
    statuses = cases.count_statuses(connection)
    yield from _told("crmo_cases", "Cases by decision.", [({"status": s}, n) for s, n in statuses.items()])
    rules = findings.count_rules(connection)
    found = [({"severity": each["severity"], "rule": each["rule"]}, each["count"]) for each in rules]
    yield from _told("crmo_issues", "Issues of inbox entries by rule.", found)
    pulls = jobs.count_states(connection)
    yield from _told("crmo_pulls", "Pulls by state.", [({"state": s}, n) for s, n in pulls.items()])


def _ages(connection: Connection) -> Iterator[str]:
    now = parts().clock()
    waiting = [({"state": s}, _seconds(now - at)) for s, at in measures.oldest(connection).items()]
    yield from _told("crmo_inbox_oldest_seconds", "How long the oldest entry has waited.", waiting)
    behind = [({"source": s}, _seconds(now - at)) for s, at in measures.reached(connection).items()]
    yield from _told("crmo_source_behind_seconds", "How long ago a source's pulls were up to date.", behind)


def _here() -> Iterator[str]:
    """What only this process knows; of several, one at a time is asked."""
    if (size := parts().store.log_bytes()) is not None:
        yield from _told("crmo_database_log_bytes", "Size of SQLite's log.", [({}, size)])
    if gate := current_app.extensions.get("gate"):
        refused = [({"process": str(os.getpid()), "kind": kind}, n) for kind, n in gate.refused().items()]
        yield from _told("crmo_refused_requests_total", "Requests told to come later.", refused, "counter")


def _seconds(age: timedelta) -> int:
    return max(0, int(age.total_seconds()))


def _told(name: str, meaning: str, samples: list[tuple[dict[str, str], int]], kind: str = "gauge") -> Iterator[str]:
    yield f"# HELP {name} {meaning}"
    yield f"# TYPE {name} {kind}"
    for labels, value in samples:
        told = ",".join(f'{key}="{_escape(text)}"' for key, text in labels.items())
        yield f"{name}{{{told}}} {value}" if told else f"{name} {value}"


def _escape(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
