"""The lines of an export's files, read from the versions as they stood, a page at a time.

Takes from: errors, parts, resource, search, store, asking.  Gives to: preparing, web.
Source: https://hl7.org/fhir/uv/bulkdata/STU2/export.html#response---output-file-request
"""

from __future__ import annotations

from collections.abc import Iterator

from adapter.errors import IntegrityError, Json
from adapter.parts import Parts
from adapter.registry.exporting.asking import load_wish, searches_of
from adapter.resource import dump_json
from adapter.search import matches
from adapter.store import snapshots
from adapter.store.registry_exports import Export, File
from adapter.store.resources import Stored, whole
from adapter.store.snapshots import View

# Each page is a transaction of its own: a slow reader keeps nobody from writing.
_PAGE = 500


def view_of(export: Export, type_: str, *, deleted: bool = False) -> View:
    wish = load_wish(export.wish)
    return View(type_, export.at, wish.since, export.source, wish.patients, export.id if wish.group else None, deleted)


def walk(parts: Parts, export: Export, view: View, after: str, until: str) -> Iterator[Stored]:
    """What a view holds between two ids and the wish's filters let through."""
    searches = [] if view.deleted else searches_of(load_wish(export.wish), view.type)
    while True:
        with parts.store.reading() as connection:
            page = snapshots.page(connection, view, after, until, _PAGE)
        for each in page:
            if not searches or any(matches(search, each.body or {}, each.updated_at) for search in searches):
                yield each
        if len(page) < _PAGE:
            return
        after = page[-1].id


def lines(parts: Parts, export: Export, file: File) -> Iterator[bytes]:
    """NDJSON, line by line.

    Errors:  IntegrityError at the end when a case was erased meanwhile and the file is short: the answer breaks off,
             so that nobody takes it for whole
    """
    view, count = view_of(export, file.type, deleted=file.deleted), 0
    for each in walk(parts, export, view, file.after_id, file.until_id):
        count += 1
        yield dump_json(_deletion(each) if file.deleted else whole(each)) + b"\n"
    if count != file.count:
        raise IntegrityError("A case was erased while an export was read.")


def _deletion(gone: Stored) -> Json:
    entry = {"request": {"method": "DELETE", "url": f"{gone.type}/{gone.id}"}}
    return {"resourceType": "Bundle", "type": "transaction", "entry": [entry]}
