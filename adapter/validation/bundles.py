"""Bundles: the rules of each type, of every entry, and of all entries together.

Takes from: validation.bundle_index, validation.documents, validation.problem.  Gives to: validation.natives.
Source: https://hl7.org/fhir/R4/bundle.html
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from adapter.errors import Json
from adapter.validation.bundle_index import REST
from adapter.validation.documents import check_document, check_message
from adapter.validation.problem import Found, Problem

if TYPE_CHECKING:
    from adapter.validation.scope import Scope

_NO_FULL_URL_NEEDED = frozenset({"transaction", "transaction-response", "batch", "batch-response"})
_REQUESTED = frozenset({"batch", "transaction", "history"})
_ANSWERED = frozenset({"batch-response", "transaction-response", "history"})
_ABSOLUTE = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*:")


def check_bundle(value: Any, scope: Scope) -> Found:
    """The rules over the whole Bundle; those of one element are its structure's."""
    kind, listed = value.get("type"), value.get("entry")
    entries = [(n, e) for n, e in enumerate(listed) if type(e) is dict] if type(listed) is list else []
    if type(kind) is not str:
        return None
    found = list(_check_head(value, kind))
    for index, entry in entries:
        if not _is_plain(entry, kind):
            found += _check_entry(entry, kind, index, scope.compiler.is_resource)
    found += _check_unique(entries, kind)
    if kind == "document" and not _first_is(entries, "Composition"):
        found.append(Problem("bundle-first", expected="Composition"))
    elif kind == "document":
        found += check_document(entries, scope)
    elif kind == "message" and not _first_is(entries, "MessageHeader"):
        found.append(Problem("bundle-first", expected="MessageHeader"))
    elif kind == "message":
        found += check_message(entries, scope)
    elif kind == "searchset":
        found += _check_search(entries)
    return found or None


def _first_is(entries: list[tuple[int, Json]], kind: str) -> bool:
    resource = entries[0][1].get("resource") if entries else None
    return type(resource) is dict and resource.get("resourceType") == kind


def _rule(key: str, human: str) -> Problem:
    return Problem("invariant", key=key, human=human)


def _check_head(value: Json, kind: Any) -> Iterator[Problem]:
    if "total" in value and kind not in ("searchset", "history"):
        yield _rule("bdl-1", "total only when a search or history")
    if kind == "document":
        identifier = value.get("identifier")
        if type(identifier) is not dict or "system" not in identifier or "value" not in identifier:
            yield _rule("bdl-9", "A document must have an identifier with a system and a value")
        if "timestamp" not in value:
            yield _rule("bdl-10", "A document must have a date")


def _is_plain(entry: Json, kind: Any) -> bool:
    """The common entry of a collection: a resource at the address that its type and id make."""
    resource, url = entry.get("resource"), entry.get("fullUrl")
    if kind != "collection" or len(entry) != 2 or type(resource) is not dict or type(url) is not str:
        return False
    return url.startswith("http") and url.endswith(f"/{resource.get('resourceType')}/{resource.get('id')}")


def _check_entry(entry: Json, kind: Any, index: int, is_type: Callable[[str], bool]) -> Iterator[Problem]:
    where = ("entry", index)
    if kind != "searchset" and "search" in entry:
        yield _rule("bdl-2", "entry.search only when a search").at(*where)
    if ("request" in entry) != (kind in _REQUESTED) and not (kind == "history" and "request" not in entry):
        yield _rule("bdl-3", "entry.request mandatory for batch/transaction/history, otherwise prohibited").at(*where)
    if ("response" in entry) != (kind in _ANSWERED) and not (kind == "history" and "response" not in entry):
        yield _rule("bdl-4", "entry.response mandatory for batch-response/transaction-response/history").at(*where)
    if not entry.keys() & {"resource", "request", "response"}:
        yield _rule("bdl-5", "must be a resource unless there's a request or response").at(*where)
    yield from (problem.at(*where) for problem in _check_full_url(entry, kind, is_type))


def _check_full_url(entry: Json, kind: Any, is_type: Callable[[str], bool]) -> Iterator[Problem]:
    url, resource = entry.get("fullUrl"), entry.get("resource")
    if type(url) is not str:
        outcome = type(resource) is dict and resource.get("resourceType") == "OperationOutcome"
        if kind not in _NO_FULL_URL_NEEDED and type(resource) is dict and not outcome:
            yield Problem("full-url-missing")
        return
    if not _ABSOLUTE.match(url):
        yield Problem("full-url-relative").at("fullUrl")
        return
    if "/_history/" in url:
        yield _rule("bdl-8", "fullUrl cannot be a version specific reference").at("fullUrl")
        return
    match = REST.fullmatch(url)
    if match is None or type(resource) is not dict or not is_type(match[2]):
        return
    ident = resource.get("id")
    if ident is None and kind in _NO_FULL_URL_NEEDED:
        return
    if (match[2], match[3]) != (resource.get("resourceType"), ident):
        yield Problem("full-url-differs").at("fullUrl")


def _check_unique(entries: list[tuple[int, Json]], kind: Any) -> Iterator[Problem]:
    if kind == "history":
        return
    seen: set[tuple[str, str]] = set()
    for index, entry in entries:
        url, resource = entry.get("fullUrl"), entry.get("resource")
        if type(url) is not str:
            continue
        meta = resource.get("meta") if type(resource) is dict else None
        key = (url, str(meta.get("versionId")) if type(meta) is dict else "")
        if key in seen:
            human = "FullUrl must be unique in a bundle, or else such entries must have different meta.versionId"
            yield _rule("bdl-7", human).at("entry", index, "fullUrl")
        seen.add(key)


def _check_search(entries: list[tuple[int, Json]]) -> Iterator[Problem]:
    for index, entry in entries:
        resource, search = entry.get("resource"), entry.get("search")
        if type(resource) is not dict:
            continue
        mode = search.get("mode") if type(search) is dict else None
        is_outcome = resource.get("resourceType") == "OperationOutcome"
        if mode == "outcome" and not is_outcome:
            yield Problem("search-outcome").at("entry", index, "resource")
        elif mode != "outcome" and not is_outcome and "id" not in resource:
            yield Problem("search-no-id").at("entry", index, "resource")
