"""Bundles: who is in them, who can be found by which reference, and the rules of each type of Bundle.

The index is made once per Bundle, so that references cost a lookup each however many entries there are.

Takes from: validation.problem.  Gives to: validation.resources, validation.references, validation.natives.
Source: https://hl7.org/fhir/R4/bundle.html
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from adapter.errors import Json
from adapter.validation.problem import Found, Problem

if TYPE_CHECKING:
    from adapter.validation.scope import Scope

_REST = re.compile(r"(https?://.*?)/?([A-Z][A-Za-z]+)/([A-Za-z0-9\-.]{1,64})(?:/_history/([A-Za-z0-9\-.]{1,64}))?")
_LOCAL = re.compile(r"([A-Z][A-Za-z]+)/([A-Za-z0-9\-.]{1,64})(?:/_history/([A-Za-z0-9\-.]{1,64}))?")
_NO_FULL_URL_NEEDED = frozenset({"transaction", "transaction-response", "batch", "batch-response"})
_REQUESTED = frozenset({"batch", "transaction", "history"})
_ANSWERED = frozenset({"batch-response", "transaction-response", "history"})
_ABSOLUTE = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*:")


class BundleIndex:
    """The resources of a Bundle by full URL, by type and id, and the full URL of each."""

    def __init__(self, bundle: Json) -> None:
        self.bundle = bundle
        self.by_url: dict[str, list[Json]] = {}
        self.by_id: dict[str, list[Json]] = {}
        self.base_of: dict[int, str] = {}
        self._found: dict[tuple[str, str], list[Json]] = {}
        listed = bundle.get("entry")
        for entry in listed if type(listed) is list else ():
            resource = entry.get("resource") if type(entry) is dict else None
            if type(resource) is dict:
                self._add(entry, resource)

    def _add(self, entry: Json, resource: Json) -> None:
        url = entry.get("fullUrl")
        if type(url) is str:
            self.by_url.setdefault(url, []).append(resource)
            base = _REST.fullmatch(url)
            if base is not None:
                self.base_of[id(resource)] = base[1]
        self.by_id.setdefault(f"{resource.get('resourceType')}/{resource.get('id')}", []).append(resource)

    def candidates(self, text: str, source: Json) -> list[Json]:
        """Every entry a reference may mean, by the rules for full URLs; by type and id when they leave it open."""
        base = self.base_of.get(id(source), "")
        key = (text, base)
        if key not in self._found:
            self._found[key] = self._candidates(text.partition("#")[0], base)
        return self._found[key]

    def _candidates(self, text: str, base: str) -> list[Json]:
        if found := self.by_url.get(text):
            return found
        local = _LOCAL.fullmatch(text)
        if local is None:
            plain = text.partition("/_history/")[0]
            return _of_version(self.by_url.get(plain, []), text.partition("/_history/")[2])
        if base:
            absolute = f"{base}/{local[1]}/{local[2]}"
            return _of_version(self.by_url.get(f"{base}/{text}") or self.by_url.get(absolute, []), local[3])
        return _of_version(self.by_id.get(f"{local[1]}/{local[2]}", []), local[3])

    def resolve(self, text: str, source: Json) -> Json | None:
        found = self.candidates(text, source)
        if not found and (local := _LOCAL.fullmatch(text)):
            found = self.by_id.get(f"{local[1]}/{local[2]}", [])
        return found[0] if found else None


def _of_version(resources: list[Json], version: str | None) -> list[Json]:
    if not version:
        return resources
    return [r for r in resources if type(r.get("meta")) is dict and r["meta"].get("versionId") == version]


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
    if kind == "document":
        found += _check_document(value, entries, scope)
    elif kind == "message" and not _first_is(entries, "MessageHeader"):
        found.append(Problem("bundle-first", expected="MessageHeader"))
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
    match = _REST.fullmatch(url)
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
            human = "FullUrl must be unique in a bundle, or else entries with same fullUrl must have different meta.versionId"
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


def _check_document(value: Json, entries: list[tuple[int, Json]], scope: Scope) -> Iterator[Problem]:
    if not _first_is(entries, "Composition"):
        yield Problem("bundle-first", expected="Composition")
        return
    composition = entries[0][1]["resource"]
    index = scope.bundle
    if index is None:
        return
    for steps, reference in _document_links(composition):
        text = reference.get("reference")
        if type(text) is not str or text.startswith("#") or _stays_outside(text):
            continue
        found = index.candidates(text, composition)
        if len(found) != 1:
            rule = "document-link-ambiguous" if found else "document-link-lost"
            yield Problem(rule).at("entry", 0, "resource", *steps, "reference")


def _stays_outside(text: str) -> bool:
    """An absolute address may live on a server; a relative or urn reference must be in the document."""
    return bool(_ABSOLUTE.match(text)) and not text.startswith("urn:")


_LINKED = ("subject", "encounter", "author", "custodian")


def _document_links(composition: Json) -> Iterator[tuple[tuple[str | int, ...], Json]]:
    """What R4 says a document must carry: subject, encounter, author, attester, custodian, event and section entries."""
    for name in _LINKED:
        yield from _references(composition.get(name), (name,))
    for name, part in (("attester", "party"), ("event", "detail")):
        listed = composition.get(name)
        for number, item in enumerate(listed if type(listed) is list else ()):
            if type(item) is dict:
                yield from _references(item.get(part), (name, number, part))
    pending: list[tuple[tuple[str | int, ...], Any]] = [(("section",), composition.get("section"))]
    while pending:
        steps, listed = pending.pop()
        for number, section in enumerate(listed if type(listed) is list else ()):
            if type(section) is dict:
                yield from _references(section.get("entry"), (*steps, number, "entry"))
                yield from _references(section.get("focus"), (*steps, number, "focus"))
                yield from _references(section.get("author"), (*steps, number, "author"))
                pending.append(((*steps, number, "section"), section.get("section")))


def _references(value: Any, steps: tuple[str | int, ...]) -> Iterator[tuple[tuple[str | int, ...], Json]]:
    if type(value) is dict:
        yield steps, value
    elif type(value) is list:
        yield from (((*steps, number), item) for number, item in enumerate(value) if type(item) is dict)
