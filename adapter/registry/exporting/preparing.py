"""Begin an export, and cut it into files: how many lines each has is told before the first is read.

Takes from: errors, parts, search, store, asking, giving.  Gives to: web.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from adapter.errors import NotFoundError
from adapter.parts import Parts
from adapter.registry.exporting.asking import Wish, load_wish, searches_of
from adapter.registry.exporting.giving import view_of, walk
from adapter.store import registry_exports, snapshots
from adapter.store.listing import Filters, chosen
from adapter.store.registry_exports import Export, File
from adapter.store.snapshots import View

# Of one asker: what is being prepared, and what lies there until it is deleted or a day old.
MOST_RUNNING, MOST_KEPT = 2, 100
KEPT_HOURS = 24
FILE_LINES = 50_000


def begin(parts: Parts, actor: str, source: str | None, wish: Wish, url: str) -> Export | None:
    """Note an export of the registry as it stands now; None when this asker has as many as he may.

    The time is read before the pen is taken: whoever began to write before it has ended by then, and everything that
    was answered is in it. On PostgreSQL, where many may write, `prepare` waits until those have ended.

    Shapes:  wish  with its types
             url   as it was asked for, to be told in the manifest
    """
    now = parts.clock()
    with parts.store.writing() as connection:
        registry_exports.forget_expired(connection, now)
        running, kept = registry_exports.count_of(connection, actor)
        if running >= MOST_RUNNING or kept >= MOST_KEPT:
            return None
        mark, told = snapshots.write_mark(connection), {"url": url, **wish.as_json()}
        ends = now + timedelta(hours=KEPT_HOURS)
        export = Export(parts.make_id(), actor, source, told, now, mark, "", None, ends)
        registry_exports.add(connection, export)
        if wish.group:
            registry_exports.keep_members(connection, export.id, chosen(Filters(status=wish.group)))
    return export


def prepare(parts: Parts, export_id: str) -> bool:
    """Count an export and cut it into files. False when somebody who began to write before it still does: try later.

    Whoever does it twice, or in two processes at once, does no harm.
    """
    try:
        with parts.store.reading() as connection:
            export = registry_exports.find(connection, export_id, parts.clock())
            settled = snapshots.is_settled(connection, export.mark)
    except NotFoundError:
        return True  # it was deleted meanwhile
    if export.finished_at or not settled:
        return bool(export.finished_at)
    files: list[File] = []
    views = _views(export)
    for done, view in enumerate(views):
        files += _cut(parts, export, view, len(files))
        with parts.store.writing() as connection:
            registry_exports.tell_progress(connection, export_id, f"{done + 1} of {len(views)} parts counted")
    with parts.store.writing() as connection:
        now = parts.clock()
        registry_exports.finish(connection, export_id, files, now, now + timedelta(hours=KEPT_HOURS))
    return True


def _views(export: Export) -> list[View]:
    """What is, type by type; then what is no more, for whoever has an older state of it."""
    types = load_wish(export.wish).types or []
    gone = [view_of(export, type_, deleted=True) for type_ in types] if export.wish["since"] else []
    return [*(view_of(export, type_) for type_ in types), *gone]


def _cut(parts: Parts, export: Export, view: View, taken: int) -> Iterator[File]:
    """The files of one view, each with the ids between which its lines lie."""
    count, number, after, last = 0, 0, "", ""
    for id_ in _ids(parts, export, view):
        if count == FILE_LINES:
            number += 1
            yield _file(view, taken, number, after, last, count)
            count, after = 0, last
        count, last = count + 1, id_
    if count:
        yield _file(view, taken, number + 1, after, last, count)


def _file(view: View, taken: int, number: int, after: str, until: str, count: int) -> File:
    name = f"{'deleted.' if view.deleted else ''}{view.type}.{number}.ndjson"
    return File(taken + number, name, view.type, view.deleted, after, until, count)


def _ids(parts: Parts, export: Export, view: View) -> Iterator[str]:
    """Of what will be told; what is filtered has to be read for that."""
    if searches_of(load_wish(export.wish), view.type) and not view.deleted:
        with parts.store.reading() as connection:
            until = snapshots.last_id(connection, view)
        yield from (each.id for each in walk(parts, export, view, "", until or ""))
        return
    with parts.store.reading() as connection:
        yield from snapshots.ids(connection, view)
