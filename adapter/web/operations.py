"""Routes for operators: alive, ready, figures. The figures are counted in the database when they are asked for.

Takes from: errors, store, answers.  Gives to: factory.
Source: https://prometheus.io/docs/instrumenting/exposition_formats/
"""

from __future__ import annotations

from collections.abc import Iterator

from flask import Blueprint, Response

from adapter import __version__
from adapter.errors import RemoteTransientError
from adapter.store import Connection, cases, findings, inbox, jobs, pseudonym_keys
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
        text = "".join(f"{line}\n" for line in _lines(connection))
    return Response(text, content_type="text/plain; version=0.0.4; charset=utf-8")


def _lines(connection: Connection) -> Iterator[str]:
    yield from _gauge("crmo_build_info", "The adapter's version.", [({"version": __version__}, 1)])
    states = inbox.count_states(connection)
    yield from _gauge("crmo_inbox_entries", "Inbox entries by state.", [({"state": s}, n) for s, n in states.items()])
    statuses = cases.count_statuses(connection)
    yield from _gauge("crmo_cases", "Cases by decision.", [({"status": s}, n) for s, n in statuses.items()])
    rules = findings.count_rules(connection)
    found = [({"severity": each["severity"], "rule": each["rule"]}, each["count"]) for each in rules]
    yield from _gauge("crmo_issues", "Issues of inbox entries by rule.", found)
    pulls = jobs.count_states(connection)
    yield from _gauge("crmo_pulls", "Pulls by state.", [({"state": s}, n) for s, n in pulls.items()])


def _gauge(name: str, meaning: str, samples: list[tuple[dict[str, str], int]]) -> Iterator[str]:
    yield f"# HELP {name} {meaning}"
    yield f"# TYPE {name} gauge"
    for labels, value in samples:
        told = ",".join(f'{key}="{_escape(text)}"' for key, text in labels.items())
        yield f"{name}{{{told}}} {value}"


def _escape(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
