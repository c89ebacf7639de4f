"""The first page: what came, what became of it, what waits for a person. Numbers and places, nothing about one child.

Takes from: store, frame.  Gives to: pages.
"""

from __future__ import annotations

from flask import Blueprint, Response

from adapter.store import cases, findings, inbox, jobs
from adapter.web.answers import parts
from adapter.web.pages.frame import show

routes = Blueprint("home", __name__)
_SHOWN = 8


@routes.get("/")
def overview() -> Response:
    with parts().store.reading() as connection:
        return show(
            "home",
            statuses=cases.count_statuses(connection),
            states=inbox.count_states(connection),
            pulls=jobs.recent(connection, 5),
            rules=findings.count_rules(connection)[:_SHOWN],
            unread=findings.count_unread(connection)[:_SHOWN],
        )
