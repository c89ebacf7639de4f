"""The first page: what came, what became of it, what waits for a person. Numbers and places, nothing about one child.

What takes longer than a page may is worked out in the background and kept until the registry changes.
Takes from: store, queries, prepared, frame, inbox.  Gives to: pages.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Response, current_app

from adapter.case.fields import read_field
from adapter.parts import Parts
from adapter.queries import find_queries
from adapter.resource import parse_for_counting
from adapter.store import arrivals, cases, findings, jobs, streams
from adapter.web.answers import parts
from adapter.web.pages.frame import show
from adapter.web.pages.inbox.listing import cause_page, find_causes, sentence
from adapter.web.prepared import Answer, Prepared

routes = Blueprint("home", __name__)
_SHOWN = 8
_FIRST_CAUSES = 5
# What a description of the cohort leans on most.
_KEY_FIELDS = {
    "birth": "patient.birth_date",
    "onset": "diagnosis.onset",
    "diagnosed": "diagnosis.date",
    "certainty": "diagnosis.certainty",
    "lesions": "imaging_lesions[].bone",
    "laboratory": "laboratory[].test",
    "treatment": "treatments[].class",
    "response": "treatments[].response",
    "outcome": "outcome.status",
    "visit": "outcome.last_visit_date",
}


@dataclass(frozen=True)
class Glance:
    """Shapes:  held      name of a key field -> eligible cases that hold it, of `eligible`
    queries   questions that would settle what is undetermined
    unread    as `findings.count_unread`
    """

    eligible: int
    held: Mapping[str, int]
    queries: int
    unread: list[dict[str, Any]]


@routes.get("/")
def overview() -> Response:
    with parts().store.reading() as connection:
        states = arrivals.count_states(connection)
        why = find_causes(connection, parts(), "", states)
        statuses, pulls = cases.count_statuses(connection), jobs.recent(connection, 5)
        state = (*streams.state(connection), *states.values())
    glance = _glance(parts(), state)
    return show(
        "home",
        statuses=statuses,
        states=states,
        pulls=pulls,
        causes=(why.value or [])[:_FIRST_CAUSES],
        sentence=sentence,
        cause_page=cause_page,
        fields=_KEY_FIELDS,
        glance=glance.value,
        current=glance.current,
    )


def _glance(found: Parts, state: tuple[Any, ...]) -> Answer[Glance]:
    prepared: Prepared = current_app.extensions["prepared"]

    def look() -> Glance:
        held: Counter[str] = Counter()
        eligible = 0
        with found.store.reading() as connection:
            for body in streams.bodies(connection, "eligible"):
                case = parse_for_counting(body)
                eligible += 1
                held.update(
                    name for name, field in _KEY_FIELDS.items() if next(read_field(case, field), None) is not None
                )
            unread = findings.count_unread(connection)[:_SHOWN]
        return Glance(eligible, {name: held[name] for name in _KEY_FIELDS}, len(find_queries(found)), unread)

    return prepared.ask("home", state, look)
