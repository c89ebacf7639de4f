"""GET /cohort: the description of the stored, eligible cases beside the published one.

Takes from: errors, cohort, store, answers.  Gives to: factory.
"""

from __future__ import annotations

from flask import Blueprint, Response, request

from adapter.cohort import describe
from adapter.store import cases
from adapter.web.answers import parts, plain

routes = Blueprint("cohort", __name__)


@routes.get("/cohort")
def cohort() -> Response:
    with parts().store.reading() as connection:
        eligible = [case for case, _ in cases.current(connection, "eligible")]
    return plain(describe(eligible, like=request.args.get("like", "SA"), today=parts().today()))
