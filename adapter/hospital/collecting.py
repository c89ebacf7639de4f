"""Collect one search to its end and prove that nothing is missing.

A unit is one search. It is complete only with a proof: the server's own total, its answer to a count, or, for a single
page without either, the same answer a second time. A server that stops sending `next` early is found out here.

Takes from: errors, hospital.answers, hospital.origin.  Gives to: hospital.client.
Source: https://hl7.org/fhir/R4/http.html#paging
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from adapter.errors import Json, RemoteError
from adapter.hospital.origin import host_of, resolve_link

if TYPE_CHECKING:
    from adapter.hospital.answers import Page

MAX_PAGES = 20_000
MAX_PAGES_WITHOUT_NEWS = 20

Key = tuple[str, str]


@dataclass
class Unit:
    """What one search brought, and how sure we are that it is all.

    Shapes:  resources  the matches and what was included with them, by (type, id), each once in its latest version
             expected   how many matches the server says there are; None when it does not say
             proof      "total", "count", "repeat"; "" without proof
             problem    why it is not complete, in words without a patient's value; "" when it is
             expired    the server no longer knows a page it had promised
             unreachable  there was no answer at all
    """

    type: str
    resources: dict[Key, Json] = field(default_factory=dict)
    received: int = 0
    expected: int | None = None
    pages: int = 0
    proof: str = ""
    problem: str = ""
    expired: bool = False
    unreachable: bool = False

    @property
    def complete(self) -> bool:
        return bool(self.proof) and not self.problem

    def of_type(self, type_: str) -> Iterator[Json]:
        return (resource for (kind, _), resource in self.resources.items() if kind == type_)

    def as_json(self) -> Json:
        """Counts and proof only: fit for a report."""
        shown = {
            "type": self.type,
            "pages": self.pages,
            "received": self.received,
            "expected": self.expected,
            "complete": self.complete,
            "proof": self.proof,
            "problem": self.problem,
        }
        return {name: value for name, value in shown.items() if value is not None and value != ""}


def pages_of(first: str, base: str, fetch: Callable[[str], Page]) -> Iterator[Page]:
    """Follow the next links from the first address to the last page.

    Errors:  RemoteError from `fetch`; when a link leaves the origin, comes back to a page already seen, or when the
             pages do not end
    """
    url: str | None = first
    seen: set[str] = set()
    while url is not None:
        if url in seen:
            raise RemoteError("the next links run in a circle", host_of(base))
        if len(seen) >= MAX_PAGES:
            raise RemoteError(f"the search does not end within {MAX_PAGES} pages", host_of(base))
        seen.add(url)
        page = fetch(url)
        yield page
        url = resolve_link(page.next, base, url) if page.next else None


def gather(unit: Unit, pages: Iterable[Page], host: str) -> None:
    """Take the pages into the unit; an entry sent twice counts once.

    Errors:  RemoteError from the pages; when page after page brings nothing new
    """
    matched: set[Key] = set()
    idle = 0
    for page in pages:
        known = len(unit.resources)
        unit.pages += 1
        unit.expected = unit.expected if page.total is None else page.total
        matched |= {_keep(unit, resource) for resource in page.matches}
        for resource in page.included:
            _keep(unit, resource)
        unit.received = len(matched)
        unit.problem = unit.problem or (f"the server reports an error: {page.complaint}" if page.complaint else "")
        idle = 0 if len(unit.resources) > known else idle + 1
        if idle >= MAX_PAGES_WITHOUT_NEWS:
            raise RemoteError(f"{idle} pages in a row brought nothing new", host)


def judge(unit: Unit, again: Callable[[], Page]) -> None:
    """Say whether the unit is complete, asking the server for a count when it gave no total.

    Shapes:  again  sends the search with _summary=count; a server that ignores that answers with the entries
    Errors:  RemoteError from `again`
    """
    proof = "total"
    if unit.expected is None:
        answer = again()
        unit.expected, proof = answer.total, "count"
        if unit.expected is None:
            proof = "repeat" if _same_again(unit, answer) else ""
    if unit.expected is not None and unit.expected > unit.received:
        unit.problem = unit.problem or f"the server counts {unit.expected}, {unit.received} came"
    elif not proof:
        unit.problem = unit.problem or "the server gives no total and no count; completeness cannot be proven"
    unit.proof = proof


def _same_again(unit: Unit, answer: Page) -> bool:
    keys = {_key(resource) for resource in answer.matches}
    return unit.pages == 1 and answer.next is None and keys == {key for key in unit.resources if key[0] == unit.type}


def _keep(unit: Unit, resource: Json) -> Key:
    key = _key(resource)
    known = unit.resources.get(key)
    if known is None or version_of(resource) >= version_of(known):
        unit.resources[key] = resource
    return key


def _key(resource: Json) -> Key:
    """Without an id a resource cannot be told from another: its content stands for it."""
    id_ = resource.get("id")
    return resource["resourceType"], id_ if isinstance(id_, str) else f"#{sorted(resource.items(), key=str)!r}"


def version_of(resource: Json) -> tuple[int, str]:
    """By which the later of two copies is known."""
    meta = resource.get("meta")
    meta = meta if isinstance(meta, dict) else {}
    number = str(meta.get("versionId", ""))
    return int(number) if number.isdecimal() else 0, str(meta.get("lastUpdated", ""))
