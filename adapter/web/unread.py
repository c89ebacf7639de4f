"""GET /unread: what each source sends and no rule reads, by place and count, without values.

Takes from: store, answers.  Gives to: factory.
"""

from __future__ import annotations

from flask import Blueprint, Response, request

from adapter.store import findings
from adapter.web.answers import parts, plain

routes = Blueprint("unread", __name__)


@routes.get("/unread")
def unread() -> Response:
    """Shapes:  ?source=  only what this source sends"""
    with parts().store.reading() as connection:
        return plain({"unread": findings.count_unread(connection, request.args.get("source"))})
