"""Who may come in, which role each has, and what each role may see and do: the table of permissions, in words.

Takes from: access, store, frame.  Gives to: pages.
"""

from __future__ import annotations

from collections.abc import Iterator

from flask import Blueprint, Response, redirect

from adapter.access import load_permissions
from adapter.errors import NotPermittedError
from adapter.store import people
from adapter.web.answers import parts
from adapter.web.guard import principal
from adapter.web.pages.frame import show

routes = Blueprint("people_pages", __name__)


@routes.get("/ui/people")
def listing() -> Response:
    with parts().store.reading() as connection:
        everybody = people.everybody(connection)
    return show("people", people=everybody, roles=load_permissions().roles, table=list(_table()))


@routes.post("/ui/people/<login>/disable")
def disable(login: str) -> Response:
    """Out at once, with every session; back only through the command."""
    if principal().actor == f"person:{login}":
        raise NotPermittedError("Nobody locks himself out.")
    with parts().store.writing() as connection:
        people.disable(connection, login, parts().clock())
    return redirect("/ui/people", 303)  # type: ignore[return-value]


def _table() -> Iterator[tuple[str, dict[str, bool]]]:
    """Each permission that a person can have, and which role brings it."""
    permissions = load_permissions()
    for name in (each for each in permissions.names if each != "public"):
        yield name, {role: name in brought for role, brought in permissions.roles.items()}
