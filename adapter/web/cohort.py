"""GET /cohort: the description of the stored, eligible cases beside the published one.

Takes from: describing, answers.  Gives to: factory.
"""

from __future__ import annotations

from flask import Blueprint, Response, request

from adapter.describing import describe_cohort
from adapter.web.answers import language, parts, plain

routes = Blueprint("cohort", __name__)


@routes.get("/cohort")
def cohort() -> Response:
    return plain(describe_cohort(parts(), request.args.get("like", "SA"), language=language()))
