"""One entry: how it ended and why, what nobody read of it, its case; and putting it aside with a reason.

What it says of a patient is not shown.
Takes from: receipt, store, frame.  Gives to: pages.
"""

from __future__ import annotations

from flask import Response, request, url_for

from adapter.receipt import read_receipt
from adapter.store import arrivals, audit, discards
from adapter.web.answers import parts
from adapter.web.guard import principal
from adapter.web.pages.frame import show
from adapter.web.pages.inbox.groups import go
from adapter.web.pages.inbox.listing import field_names, routes

_MOST_WORDS = 500
_OUTCOMES = ("stored", "stayed", "put_aside")


@routes.get("/ui/inbox/<entry_id>")
def one(entry_id: str) -> Response:
    told = request.args.get("done", "")
    return _page(entry_id, done=told if told in _OUTCOMES else "")


@routes.post("/ui/inbox/<entry_id>/put-aside")
def put_aside(entry_id: str) -> Response:
    """Forget an entry in quarantine for good."""
    reason = request.form.get("reason", "").strip()
    if not reason or len(reason) > _MOST_WORDS:
        return _page(entry_id, 400, problem="reason_needed")
    found, actor = parts(), principal().actor
    with found.store.writing() as connection:
        discards.discard(connection, entry_id, discards.Discard(found.clock(), actor, reason))
        event = audit.Event(found.clock(), actor, "discard", "inbox entry", 200, "", entry_id)
        audit.append(connection, event)
    return go(url_for("inbox_pages.one", entry_id=entry_id, done="put_aside"))


def _page(entry_id: str, status: int = 200, *, done: str = "", problem: str = "") -> Response:
    receipt = read_receipt(parts(), entry_id, entry_id)
    entry = receipt.entry
    with parts().store.reading() as connection:
        related = arrivals.of_case(connection, entry.case_id) if entry.case_id else []
        discarded = discards.find(connection, entry_id)
    return show(
        "inbox/entry",
        status,
        entry=entry,
        issues=receipt.issues,
        unread=receipt.unread,
        decision=(receipt.decision or {}).get("status", ""),
        related=related,
        discarded=discarded,
        done=done,
        problem=problem,
        field_names=field_names,
        most_words=_MOST_WORDS,
    )
