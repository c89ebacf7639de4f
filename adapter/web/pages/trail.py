"""The audit trail: who did what, newest first. Filters live in the address.

Takes from: store, frame.  Gives to: pages.
"""

from __future__ import annotations

from flask import Blueprint, Response, request

from adapter.errors import UsageError
from adapter.store import audit
from adapter.web.answers import parts
from adapter.web.pages.frame import here, show

routes = Blueprint("audit_pages", __name__)
_LINES = 50
_LARGEST = 2**63


@routes.get("/ui/audit")
def trail() -> Response:
    actor, case_id = request.args.get("actor", ""), request.args.get("case_id", "")
    with parts().store.reading() as connection:
        found = audit.events(connection, actor=actor, case_id=case_id, before=_before(), limit=_LINES + 1)
    following = here(before=found[_LINES - 1][0]) if len(found) > _LINES else ""
    first = here(before=None) if request.args.get("before") else ""
    return show("audit", events=found[:_LINES], actor=actor, case_id=case_id, first=first, following=following)


def _before() -> int:
    """Errors:  UsageError for what is no number of an event"""
    told = request.args.get("before", "0")
    if not (told.isascii() and told.isdigit() and int(told[:20]) < _LARGEST):
        raise UsageError("before is the number of an event.")
    return int(told[:20])
