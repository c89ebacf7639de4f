"""GET /cohort: the description of the stored, eligible cases beside the published one.

Takes from: describing, cohort, answers.  Gives to: factory.
"""

from __future__ import annotations

from flask import Blueprint, Response, request

from adapter.cohort import contract_row
from adapter.describing import describe_registry
from adapter.web.answers import language, parts, plain

routes = Blueprint("cohort", __name__)


@routes.get("/cohort")
def cohort() -> Response:
    """The table; with `complete` everything around it; with `by=sex` (once or more) the same for groups."""
    by = request.args.getlist("by")
    found = describe_registry(parts(), request.args.get("like", "SA"), by=by, language=language())
    if by or "complete" in request.args:
        return plain(found)
    return plain([contract_row(row) for row in found["rows"]])
