"""One cause: whom it concerns, and, where a table lacks a code, the row that would mend it.

Takes from: mending, store, groups, listing, frame.  Gives to: pages.
"""

from __future__ import annotations

from urllib.parse import urlencode

from flask import Response, request, url_for

from adapter.errors import DeclarationError
from adapter.mending import find_lesson, teach
from adapter.store.causes import Key, causes, count_waiting, waiting
from adapter.store.inbox import find
from adapter.web.answers import parts
from adapter.web.guard import principal
from adapter.web.pages.frame import show
from adapter.web.pages.inbox.groups import go, query_of, read_group
from adapter.web.pages.inbox.listing import routes, sentence

_SHOWN = 20


@routes.get("/ui/inbox/cause")
def cause() -> Response:
    return _page(read_group().key)


@routes.post("/ui/inbox/mend")
def mend() -> Response:
    """A row for the hospital's overlay, and then how those that wait would end."""
    key, told = read_group().key, request.form
    table, word, system, code = (told.get(name, "") for name in ("table", "word", "system", "code"))
    if not word:
        return _page(key, 400, problem="word_needed")
    try:
        teach(parts(), key.source, table, word, system, code, actor=principal().actor)
    except DeclarationError as error:
        return _page(key, 422, problem="not_taken", said=error.problems)
    return go(f"{url_for('inbox_pages.preview')}?{urlencode({**query_of(key), 'mended': 1})}")


def _page(key: Key, status: int = 200, *, problem: str = "", said: list[str] | None = None) -> Response:
    with parts().store.reading() as connection:
        found = causes(connection, key, limit=1)
        count = count_waiting(connection, key)
        entries = [find(connection, entry_id) for _, entry_id in waiting(connection, key, limit=_SHOWN)]
    return show(
        "inbox/cause",
        status,
        cause=found[0] if found else None,
        key=key,
        query=query_of(key),
        count=count,
        entries=entries,
        sentence=sentence,
        lesson=find_lesson(parts(), key) if found else None,
        problem=problem,
        said=said or [],
    )
