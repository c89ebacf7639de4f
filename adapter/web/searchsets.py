"""Resources of the registry as the entries of Bundles, with links that lead back here.

Takes from: errors, store, answers.  Gives to: reading, audit_events.
Source: https://hl7.org/fhir/R4/bundle.html
"""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlencode

from flask import current_app, request

from adapter.errors import Json
from adapter.store.resources import Stored, whole
from adapter.web.answers import version_tag


def entry(found: Stored, mode: str) -> Json:
    return entry_of(whole(found), mode)


def entry_of(resource: Json, mode: str = "match") -> Json:
    address = f"{_base()}/{resource['resourceType']}/{resource['id']}"
    return {"fullUrl": address, "resource": resource, "search": {"mode": mode}}


def history_entry(found: Stored) -> Json:
    method = "DELETE" if found.body is None else "POST" if found.version == 1 else "PUT"
    status = {"DELETE": "204", "POST": "201", "PUT": "200"}[method]
    told: Json = {"fullUrl": f"{_base()}/{found.type}/{found.id}"}
    if found.body is not None:
        told["resource"] = whole(found)
    told["request"] = {"method": method, "url": found.type if method == "POST" else f"{found.type}/{found.id}"}
    at = found.updated_at.isoformat(timespec="milliseconds")
    return told | {"response": {"status": status, "etag": version_tag(found.version), "lastModified": at}}


def searchset(total: int, entries: list[Json], used: list[tuple[str, str]], cursor: str) -> Json:
    return page_of("searchset", total, entries, used, cursor)


def page_of(kind: str, total: int, entries: list[Json], used: list[tuple[str, str]], cursor: str) -> Json:
    links = list(_links(used, cursor))
    return {
        "resourceType": "Bundle",
        "type": kind,
        "total": total,
        "link": links,
        **({"entry": entries} if entries else {}),
    }


def _links(used: list[tuple[str, str]], cursor: str) -> Iterator[Json]:
    """Absolute addresses at the public base, whatever address a gateway called us by."""
    path = f"{_base()}{request.path.removeprefix('/fhir').removesuffix('/_search')}"
    yield {"relation": "self", "url": f"{path}?{urlencode(used)}" if used else path}
    if cursor:
        yield {"relation": "next", "url": f"{path}?{urlencode([*used, ('_cursor', cursor)])}"}


def _base() -> str:
    return f"{current_app.config['PUBLIC_URL']}/fhir"
