"""What an export made: its files with their counts, what was deleted, what went wrong.

Takes from: errors, hospital.answers.  Gives to: hospital.bulk.job, bulk.
Source: https://hl7.org/fhir/uv/bulkdata/STU2/export.html#response---complete-status
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from urllib.parse import urljoin

from adapter.errors import Json, RemoteTransientError
from adapter.hospital.session import Answer, ensure_success
from adapter.resource import parse_json

Kind = Literal["output", "error", "deleted"]

# 4.0 (ballot) calls the error files outcome.
_LISTS: tuple[tuple[str, Kind], ...] = (
    ("output", "output"),
    ("error", "error"),
    ("outcome", "error"),
    ("deleted", "deleted"),
)


@dataclass(frozen=True)
class File:
    """One file of an export.

    Shapes:  type   "" when the file mixes types (3.0, organised by patient)
             count  number of resources in it, as the manifest says; None when it does not
             bare   no credentials are sent for it
    """

    kind: Kind
    type: str
    url: str
    count: int | None = None
    bare: bool = False


@dataclass(frozen=True)
class Manifest:
    """One page of a manifest.

    Shapes:  transaction_time  as the server wrote it; the _since of the next export
             next              address of the following page; "" for the last
    """

    transaction_time: str
    files: tuple[File, ...]
    next: str = ""


def read_manifest(answer: Answer, url: str, max_bytes: int) -> Manifest:
    """The manifest in an answer of the status address.

    Shapes:  url  of the answer: links may be relative to it
    Errors:  RemoteError by status; RemoteTransientError when the body is no manifest (cut, HTML, an outcome)
    """
    ensure_success(answer, "ask for the manifest")
    data, _ = parse_json(answer.body, max_bytes=max_bytes)
    if not isinstance(data, dict) or not _is_instant(data.get("transactionTime")):
        raise _unreadable(answer.host)
    bare = data.get("requiresAccessToken") is False
    files = tuple(
        _file(item, kind, url, bare, answer.host) for name, kind in _LISTS for item in _items(data, name, answer.host)
    )
    if "output" not in data:
        raise _unreadable(answer.host)
    return Manifest(data["transactionTime"], files, _next(data, url))


def _items(data: Json, name: str, host: str) -> Iterator[Json]:
    listed = data.get(name) or []
    if not isinstance(listed, list) or not all(isinstance(each, dict) for each in listed):
        raise _unreadable(host)
    yield from listed


def _file(item: Json, kind: Kind, url: str, bare: bool, host: str) -> File:
    address, type_, count = item.get("url"), item.get("type", ""), item.get("count")
    if not isinstance(address, str) or not isinstance(type_, str):
        raise _unreadable(host)
    known = isinstance(count, int) and not isinstance(count, bool) and count >= 0
    return File(kind, type_, urljoin(url, address), count if known else None, bare)


def _next(data: Json, url: str) -> str:
    links = data.get("link")
    for each in links if isinstance(links, list) else []:
        if isinstance(each, dict) and each.get("relation") == "next" and isinstance(each.get("url"), str):
            return urljoin(url, str(each["url"]))
    return ""


def _is_instant(value: Any) -> bool:
    """With its zone: a time without one cannot be the start of the next export."""
    try:
        return isinstance(value, str) and datetime.fromisoformat(value).tzinfo is not None
    except ValueError:
        return False


def _unreadable(host: str) -> RemoteTransientError:
    return RemoteTransientError("answered with something that is not a manifest of an export", host)
