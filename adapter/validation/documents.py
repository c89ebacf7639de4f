"""What documents and messages must carry: all that their first entry refers to.

Takes from: validation.bundle_index, validation.problem.  Gives to: validation.bundles.
Source: https://hl7.org/fhir/R4/documents.html#bundle
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from adapter.errors import Json
from adapter.validation.problem import Problem

if TYPE_CHECKING:
    from adapter.validation.scope import Scope

_ABSOLUTE = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*:")


def check_document(entries: list[tuple[int, Json]], scope: Scope) -> Iterator[Problem]:
    """Every link of the Composition leads to exactly one entry."""
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


def check_message(entries: list[tuple[int, Json]], scope: Scope) -> Iterator[Problem]:
    """What a message is about travels with it."""
    header = entries[0][1]["resource"]
    for steps, reference in _references(header.get("focus"), ("focus",)):
        text = reference.get("reference")
        if type(text) is not str or text.startswith("#") or _stays_outside(text) or scope.bundle is None:
            continue
        if not scope.bundle.candidates(text, header):
            yield Problem("document-link-lost").at("entry", 0, "resource", *steps, "reference")


def _stays_outside(text: str) -> bool:
    """An absolute address may live on a server; a relative or urn reference must be in the document."""
    return bool(_ABSOLUTE.match(text)) and not text.startswith("urn:")


_LINKED = ("subject", "encounter", "author", "custodian")


def _document_links(composition: Json) -> Iterator[tuple[tuple[str | int, ...], Json]]:
    """What R4 says a document must carry with it."""
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
