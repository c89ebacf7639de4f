"""What arrived, as a list with filters, beside the causes for which entries wait.

Takes from: store, prepared, frame, groups.  Gives to: the other files of this room.
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlencode

from flask import Blueprint, Response, current_app, request, url_for

from adapter.case.fields import field_schema
from adapter.errors import UsageError
from adapter.parts import Parts
from adapter.store import Connection, arrivals, inbox
from adapter.store.causes import Cause, Key, causes
from adapter.web.answers import parts
from adapter.web.pages.frame import here, show, tongue
from adapter.web.pages.inbox.groups import query_of, read_place, write_place
from adapter.web.prepared import Answer, Prepared

routes = Blueprint("inbox_pages", __name__)
_PAGE = 50
_CAUSES, _FIRST_CAUSES = 300, 8
# So many are looked through while the reader waits.
_SOON = 2_000


@routes.get("/ui/inbox")
def entries() -> Response:
    filters = _read_filters()
    after = read_place(request.args.get("after", ""))
    with parts().store.reading() as connection:
        states = arrivals.count_states(connection, filters.source)
        found = arrivals.page(connection, filters, after=after, limit=_PAGE + 1)
        senders = arrivals.senders(connection)
        why = find_causes(connection, parts(), filters.source, states)
    last = found[_PAGE - 1] if len(found) > _PAGE else None
    return show(
        "inbox",
        entries=found[:_PAGE],
        states=states,
        senders=senders,
        filters=filters,
        causes=(why.value or [])[:_FIRST_CAUSES],
        counted=why.value is not None,
        sentence=sentence,
        cause_page=cause_page,
        first=here(after=None) if after else "",
        following=here(after=write_place((last.received_at, last.id))) if last else "",
    )


@routes.get("/ui/inbox/causes")
def every_cause() -> Response:
    source = request.args.get("source", "")
    with parts().store.reading() as connection:
        states = arrivals.count_states(connection, source)
        senders = arrivals.senders(connection)
        why = find_causes(connection, parts(), source, states)
    return show(
        "inbox/causes",
        causes=why.value or [],
        counted=why.value is not None,
        source=source,
        senders=senders,
        sentence=sentence,
        cause_page=cause_page,
    )


def find_causes(
    connection: Connection, found_parts: Parts, source: str, states: Mapping[str, int]
) -> Answer[list[Cause]]:
    """What keeps entries waiting, what concerns most of them first; of a crowded inbox as it was a moment ago."""
    if states["quarantined"] <= _SOON:
        return Answer(causes(connection, Key(source), limit=_CAUSES), current=True)
    prepared: Prepared = current_app.extensions["prepared"]

    def count() -> list[Cause]:
        with found_parts.store.reading() as own:
            return causes(own, Key(source), limit=_CAUSES)

    return prepared.ask(("causes", source), tuple(states.items()), count)


def sentence(cause: Cause) -> str:
    """What is expected, and of which field when it is known: in the reader's language."""
    french = tongue() == "fr"
    text = (cause.text_fr if french else "") or cause.text
    colon = " : " if french else ": "
    return f"{field_names(cause.field)}{colon}{text}" if cause.field else text


def field_names(fields: str) -> str:
    """What fields of the case are called, in the reader's language."""
    names = []
    for name in fields.split(", "):
        schema = field_schema(name) or {}
        told = schema.get("x-fr", {}).get("title") if tongue() == "fr" else schema.get("title")
        names.append(str(told or name))
    return ", ".join(dict.fromkeys(names))


def cause_page(key: Key) -> str:
    return f"{url_for('inbox_pages.cause')}?{urlencode(query_of(key))}"


def _read_filters() -> arrivals.Filters:
    """Errors:  UsageError for a state that there is not"""
    told = {name: request.args.get(name, "") for name in ("state", "source", "rule")}
    if told["state"] and told["state"] not in inbox.STATES:
        raise UsageError(f"state is one of {', '.join(inbox.STATES)}.")
    return arrivals.Filters(**told)
