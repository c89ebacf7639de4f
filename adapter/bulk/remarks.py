"""What a server says beside the data: what it could not export, and what it has deleted.

Takes from: errors, hospital, store, bulk.desk.  Gives to: bulk.exporting.
Source: https://hl7.org/fhir/uv/bulkdata/STU2/export.html#response---complete-status (error, deleted)
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from adapter.bulk.desk import Desk
from adapter.bulk.gleaning import lines_of
from adapter.errors import Json, RemoteError, RemoteTransientError
from adapter.hospital.bulk.lines import batches_of
from adapter.hospital.origin import host_of
from adapter.hospital.retry import persist
from adapter.resource import parse_lines
from adapter.store import bulk

_SEVERE = ("fatal", "error")


def read_errors(desk: Desk, files: Sequence[bulk.File]) -> list[Json]:
    """What the server could not export, as counts of its issue types. Remarks and warnings are no loss."""
    missing: list[Json] = []
    for file in files:
        if file.kind == "error":
            missing += _told(desk, file)
    return missing


def _told(desk: Desk, file: bulk.File) -> Iterator[Json]:
    try:
        outcomes = _resources(desk, file, "OperationOutcome")
    except RemoteError as error:
        yield {"what": "the server's file of errors", "problem": str(error)}
        return
    found = Counter(_code(issue) for outcome in outcomes for issue in _issues(outcome))
    if found:
        told = ", ".join(f"{number} × {code}" for code, number in sorted(found.items()))
        yield {"what": "resources the server could not export", "problem": told}


def _issues(outcome: Json) -> Iterator[Json]:
    listed = outcome.get("issue")
    for issue in listed if isinstance(listed, list) else []:
        if isinstance(issue, dict) and issue.get("severity") in _SEVERE:
            yield issue


def _code(issue: Json) -> str:
    code = str(issue.get("code", ""))
    return code if code.isascii() and code.replace("-", "").isalpha() and len(code) < 40 else "unknown"


def read_deleted(desk: Desk, files: Sequence[bulk.File]) -> tuple[str, ...]:
    """Type and id of everything the server says is gone.

    Errors:  RemoteError: a deletion that cannot be read would be missed
    """
    bundles = (each for file in files if file.kind == "deleted" for each in _resources(desk, file, "Bundle"))
    return tuple(dict.fromkeys(key for bundle in bundles for key in _deletions(bundle)))


def _deletions(bundle: Json) -> Iterator[str]:
    listed: Any = bundle.get("entry")
    for entry in listed if isinstance(listed, list) else []:
        request = entry.get("request") if isinstance(entry, dict) else None
        if isinstance(request, dict) and request.get("method") == "DELETE":
            yield "/".join(str(request.get("url", "")).split("?")[0].split("/_history/")[0].split("/")[-2:])


def _resources(desk: Desk, file: bulk.File, type_: str) -> list[Json]:
    """A whole small file. Asked again while it is cut or is something else."""
    host = host_of(file.url)

    def read() -> list[Json]:
        found: list[Json] = []
        headers = {"Accept": "application/fhir+ndjson"}
        with desk.session.download(file.url, headers=headers, bare=file.bare) as stream:
            for raw in batches_of(stream.chunks(), host):
                found += _checked(raw, type_, host)
        return found

    return persist(read, desk.patience)


def _checked(raw: bytes, type_: str, host: str) -> list[Json]:
    try:
        found = list(parse_lines(lines_of(raw)))
    except ValueError:
        found = [None]
    if any(not isinstance(each, dict) or each.get("resourceType") != type_ for each in found):
        raise RemoteTransientError(f"a line of a file of {type_} is none", host)
    return found
