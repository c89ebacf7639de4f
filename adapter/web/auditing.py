"""The audit, for those who may read it.

Takes from: store, answers.  Gives to: factory.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from flask import Blueprint, Response, request

from adapter.errors import UsageError
from adapter.store import audit
from adapter.web.answers import parts, plain

routes = Blueprint("audit", __name__)
_PAGE = 1000


@routes.get("/audit")
def events() -> Response:
    """Newest first; `before` of the answer, sent again, asks for older ones."""
    before, limit = request.args.get("before", "0"), request.args.get("limit", "100")
    if not (before.isdigit() and limit.isdigit() and before.isascii() and limit.isascii() and 0 < int(limit) <= _PAGE):
        raise UsageError(f"before and limit are whole numbers; limit is at most {_PAGE}.")
    actor, case_id = request.args.get("actor", ""), request.args.get("case_id", "")
    with parts().store.reading() as connection:
        found = audit.events(connection, actor=actor, case_id=case_id, before=int(before[:18]), limit=int(limit))
    told: dict[str, Any] = {
        "events": [{"number": n, **asdict(event), "at": event.at.isoformat()} for n, event in found]
    }
    if len(found) == int(limit):
        told["before"] = found[-1][0]
    return plain(told)
