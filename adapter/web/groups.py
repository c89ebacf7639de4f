"""Routes of the registry's Groups: read and search. Their export stands with the other exports.

Takes from: errors, registry, search, store, answers, guard, searchsets.  Gives to: factory.
Source: https://hl7.org/fhir/R4/group.html
"""

from __future__ import annotations

from flask import Blueprint, Response, request

from adapter.errors import Json, UsageError
from adapter.registry.groups import GROUPS, read_group
from adapter.search import ABOUT_THE_ANSWER
from adapter.store import Connection
from adapter.web.answers import fhir, parts
from adapter.web.guard import ensure_scope, principal
from adapter.web.searchsets import entry_of, searchset

routes = Blueprint("groups", __name__)


@routes.get("/fhir/Group")
def search() -> Response:
    """Every Group, or those named by _id."""
    ensure_scope("Group", "s")
    if unknown := set(request.args) - {"_id", *ABOUT_THE_ANSWER}:
        raise UsageError(f"A search for Groups knows _id, and not {len(unknown)} of what was asked for.")
    wanted = request.args.get("_id", ",".join(GROUPS)).split(",")
    with parts().store.reading() as connection:
        found = [_read(connection, each) for each in GROUPS if each in wanted]
    used = [("_id", request.args["_id"])] if "_id" in request.args else []
    return fhir(searchset(len(found), [entry_of(each) for each in found], used, ""))


@routes.get("/fhir/Group/<id_>")
def read(id_: str) -> Response:
    """One Group with its members: eligible, undetermined or ineligible, as decided now."""
    ensure_scope("Group", "r")
    with parts().store.reading() as connection:
        return fhir(_read(connection, id_))


def _read(connection: Connection, id_: str) -> Json:
    version = parts().knowledge.criteria.version
    return read_group(connection, id_, source=principal().source, criteria_version=version)
