"""What a server says it has deleted, and whether it can be believed.

A server may offer a history and not keep it: it is believed only where it holds every change that the search found.

Takes from: errors, hospital, parts, crawl, store.  Gives to: incremental.plan.
Source: https://hl7.org/fhir/R4/http.html#history
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from adapter.crawl.ledger import Scribe
from adapter.errors import Json, RemoteError
from adapter.hospital.answers import read_resource
from adapter.hospital.asking import Question
from adapter.hospital.client import Hospital
from adapter.hospital.origin import resolve_link
from adapter.hospital.session import Answer
from adapter.parts import Parts
from adapter.store import ledger

# What has changed since yesterday does not fill more pages than this; a server that sends all its history does.
MAX_PAGES = 500


@dataclass
class History:
    """Keys ("Condition/c1") of everything of a type that changed, and of what was deleted among it."""

    changed: set[str] = field(default_factory=set)
    deleted: set[str] = field(default_factory=set)


def read_history(parts: Parts, hospital: Hospital, pull_id: str, type_: str, since: str) -> History | None:
    """The history of a type since an instant; None when the server keeps none, or it cannot be had to its end."""
    base, found = hospital.source.base, History()
    url: str | None = f"{base}/{type_}/_history?_since={quote(since, safe=':')}&_count={hospital.source.page_size}"
    seen: set[str] = set()
    while url:
        if url in seen or len(seen) == MAX_PAGES:
            return None
        seen.add(url)
        page = _page(parts, hospital, pull_id, url)
        if page is None:
            return None
        for key, deleted in _entries(page, type_):
            found.changed.add(key)
            if deleted:
                found.deleted.add(key)
        url = _following(page, base, url)
    return found


def _page(parts: Parts, hospital: Hospital, pull_id: str, url: str) -> Json | None:
    def read(answer: Answer) -> Json:
        bundle = read_resource(answer, "Bundle", "read a history", hospital.source.max_answer_bytes)
        if bundle.get("type") != "history":
            raise RemoteError("answered the question for a history with something else", answer.host, answer.status)
        return bundle

    reply = hospital.asker.ask(Question(url), read)
    scribe = Scribe(hospital.source, parts.pseudonyms)
    with parts.store.writing() as connection:
        ledger.add(connection, pull_id, None, [scribe.request(each) for each in reply.attempts])
    return reply.value


def _entries(bundle: Json, type_: str) -> Iterator[tuple[str, bool]]:
    listed = bundle.get("entry")
    for entry in listed if isinstance(listed, list) else []:
        if not isinstance(entry, dict):
            continue
        key = _key(entry, type_)
        if key:
            yield key, _told(entry, "request", "method") == "DELETE"


def _key(entry: Json, type_: str) -> str:
    """From the resource, else from the address that was asked, else from the fullUrl: a deletion has no resource."""
    resource = entry.get("resource")
    if isinstance(resource, dict) and isinstance(resource.get("id"), str):
        return f"{type_}/{resource['id']}"
    for address in (_told(entry, "request", "url"), str(entry.get("fullUrl", ""))):
        steps = address.partition("?")[0].partition("/_history")[0].split("/")
        if len(steps) > 1 and steps[-2] == type_:
            return f"{type_}/{steps[-1]}"
    return ""


def _told(entry: Json, part: str, name: str) -> str:
    told: Any = entry.get(part)
    return str(told.get(name, "")) if isinstance(told, dict) else ""


def _following(bundle: Json, base: str, url: str) -> str | None:
    links = bundle.get("link")
    for link in links if isinstance(links, list) else []:
        if isinstance(link, dict) and link.get("relation") == "next" and isinstance(link.get("url"), str):
            return resolve_link(link["url"], base, url)
    return None
