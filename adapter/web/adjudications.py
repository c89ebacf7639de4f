"""Routes under /cases/{case_id}/adjudications: what a person judged, beside the rule's answer.

Takes from: adjudicating, resource, answers, guard, receiving.  Gives to: factory.
Source: the outer contract
"""

from __future__ import annotations

from flask import Blueprint, Response, request

from adapter.adjudicating import adjudicate, as_json, read_adjudications
from adapter.errors import InvalidContentError
from adapter.resource import parse_json
from adapter.web.answers import parts, plain
from adapter.web.guard import ensure_visible
from adapter.web.receiving import read_body

routes = Blueprint("adjudications", __name__)


@routes.post("/cases/<case_id>/adjudications")
def add(case_id: str) -> Response:
    """{"decision", "role", "reason"}; `?rules=SB` for the criteria of another paper."""
    ensure_visible(case_id)
    told, issues = parse_json(read_body())
    if any(issue.blocks for issue in issues):
        raise InvalidContentError(issues, 400)
    return plain(as_json(adjudicate(parts(), case_id, told, request.args.get("rules", "SA"))), 201)


@routes.get("/cases/<case_id>/adjudications")
def listed(case_id: str) -> Response:
    ensure_visible(case_id)
    return plain({"case_id": case_id, "adjudications": read_adjudications(parts(), case_id)})
