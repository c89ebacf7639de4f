"""Read what a FHIR server answered: a resource, a page of a search, the reasons it gives.

A status of 200 proves little: proxies answer with log-in pages, servers with an OperationOutcome or half a document.
So the content decides, and it is looked at inside the retry.

Takes from: errors, resource, hospital.session.  Gives to: hospital.client.
Source: https://hl7.org/fhir/R4/bundle.html#searchset
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from adapter.errors import Json, RemoteError, RemoteTransientError
from adapter.hospital.session import Answer, ensure_success
from adapter.resource import parse_json

# Reasons that will not go away by asking again.
_LASTING = {
    "business-rule",
    "code-invalid",
    "deleted",
    "expired",
    "extension",
    "forbidden",
    "invalid",
    "invariant",
    "login",
    "not-found",
    "not-supported",
    "required",
    "security",
    "structure",
    "suppressed",
    "too-costly",
    "unknown",
    "value",
}
_SEVERE = {"fatal", "error"}


@dataclass(frozen=True)
class Page:
    """One page of a search, its entries sorted by what they are for.

    Shapes:  complaint  issue types of a fatal or error outcome among the entries; "" when there is none
    """

    matches: list[Json]
    included: list[Json]
    total: int | None
    next: str | None
    complaint: str = ""

    @property
    def empty(self) -> bool:
        """Neither entries nor a count nor a next page: what a server sends that has lost its way."""
        return not (self.matches or self.included or self.complaint) and self.total is None and self.next is None


def read_document(answer: Answer, what: str, max_bytes: int) -> Json:
    """The resource in a successful answer.

    Errors:  RemoteError by status; RemoteTransientError when the body is no JSON resource (cut, HTML, a log-in page)
    """
    document = _document(answer.body, max_bytes)
    ensure_success(answer, what, ", ".join(_severe_types(document)) if document else "")
    if document is None:
        raise RemoteTransientError(
            f"answered {answer.status} to {what} with something that is not a FHIR JSON resource",
            answer.host,
            answer.status,
        )
    return document


def read_resource(answer: Answer, type_: str, what: str, max_bytes: int) -> Json:
    """The resource of the type that was asked for, or the error the server meant."""
    document = read_document(answer, what, max_bytes)
    if document["resourceType"] == type_:
        return document
    if document["resourceType"] == "OperationOutcome":
        raise _refusal(document, answer, what)
    raise RemoteTransientError(f"answered {what} with another kind of resource", answer.host, answer.status)


def read_page(answer: Answer, type_: str, what: str, max_bytes: int) -> Page:
    """One page of a search for a type.

    Errors:  as read_resource; RemoteTransientError when the Bundle is not a searchset or an entry has no resource
    """
    bundle = read_resource(answer, "Bundle", what, max_bytes)
    entries = bundle.get("entry", [])
    if bundle.get("type") not in ("searchset", "collection", None) or not _well_formed(entries):
        problem = f"answered {what} with a Bundle that is no page of a search"
        raise RemoteTransientError(problem, answer.host, answer.status)
    sorted_out: dict[str, list[Json]] = {"match": [], "include": [], "outcome": []}
    for entry in entries:
        sorted_out[_mode(entry, type_)].append(entry["resource"])
    complaint = ", ".join(sorted({code for outcome in sorted_out["outcome"] for code in _severe_types(outcome)}))
    return Page(sorted_out["match"], sorted_out["include"], _total(bundle), _next_link(bundle), complaint)


def _document(body: bytes, max_bytes: int) -> Json | None:
    value, _ = parse_json(body, max_bytes=max_bytes)
    usable = isinstance(value, dict) and isinstance(value.get("resourceType"), str)
    return value if usable else None


def _refusal(outcome: Json, answer: Answer, what: str) -> RemoteError:
    types = _severe_types(outcome)
    message = f"answered {what} with an OperationOutcome ({', '.join(types) or 'no reason given'})"
    if types and set(types) <= _LASTING:
        return RemoteError(message, answer.host, answer.status)
    return RemoteTransientError(message, answer.host, answer.status, answer.retry_after_seconds)


def _severe_types(resource: Json) -> list[str]:
    if resource.get("resourceType") != "OperationOutcome":
        return []
    return sorted(
        {
            str(issue.get("code", "unknown"))[:40]
            for issue in _dicts(resource.get("issue"))
            if issue.get("severity") in _SEVERE
        }
    )


def _mode(entry: Json, type_: str) -> str:
    """Servers leave search.mode out, or call an OperationOutcome a match; the resource itself then decides."""
    resource = entry["resource"]
    if resource["resourceType"] == "OperationOutcome":
        return "outcome"
    mode = (entry.get("search") or {}).get("mode")
    if mode == "match" or mode not in ("include", "outcome"):
        return "match" if resource["resourceType"] == type_ else "include"
    return "include"


def _well_formed(entries: Any) -> bool:
    return isinstance(entries, list) and all(
        isinstance(entry, dict)
        and isinstance(entry.get("resource"), dict)
        and isinstance(entry["resource"].get("resourceType"), str)
        and isinstance(entry.get("search", {}), dict)
        for entry in entries
    )


def _total(bundle: Json) -> int | None:
    total = bundle.get("total")
    return total if isinstance(total, int) and not isinstance(total, bool) and total >= 0 else None


def _next_link(bundle: Json) -> str | None:
    for link in _dicts(bundle.get("link")):
        if link.get("relation") == "next" and isinstance(link.get("url"), str):
            return str(link["url"])
    return None


def _dicts(value: Any) -> Iterator[Json]:
    if isinstance(value, list):
        yield from (item for item in value if isinstance(item, dict))
