"""The faults of the exporting hospital by name, and the answers by which some of them show.

Each was seen in the field: in issues of clients and servers, in manuals, behind proxies.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from email.utils import format_datetime

from tests.scripted_hospital import NOW

TIME = "2026-01-05T08:00:00.000+00:00"
LOGIN = b"<html><title>Connexion</title></html>"
NDJSON = {"Content-Type": "application/fhir+ndjson"}

# Faults that pass, or that a careful reader sees through: the export must come out exact.
EXACT = (
    "clean",
    "kickoff-429",
    "kickoff-500",
    "kickoff-cut",
    "poll-429",
    "poll-500",
    "poll-html",
    "poll-retry-after-seconds",
    "poll-retry-after-date",
    "poll-retry-after-hours",
    "poll-job-lost-once",
    "manifest-cut",
    "manifest-paged",
    "manifest-page-pending",
    "manifest-relative-urls",
    "manifest-warnings",
    "manifest-deleted",
    "file-429",
    "file-500",
    "file-reset",
    "file-cut",
    "file-cut-again-and-again",
    "file-cut-without-length",
    "file-html-once",
    "file-outcome-once",
    "file-short-once",
    "file-changed-between",
    "file-range",
    "file-range-ignored",
    "file-range-refused",
    "file-gzip",
    "file-gzip-cut",
    "file-crlf",
    "file-no-last-line-end",
    "file-blank-lines",
    "file-expired-once",
    "file-forbidden-once",
    "lines-twice",
    "lines-old-versions",
    "types-not-asked",
    "types-mixed",
    "other-origin-without-token",
    "delete-unknown",
)
# What cannot be recovered: it must be told, and the server's files must be left where they are.
LOUD = (
    "kickoff-400",
    "kickoff-without-address",
    "poll-410-always",
    "poll-never-ready",
    "manifest-without-counts",
    "manifest-circle",
    "manifest-errors",
    "file-short",
    "file-html",
    "file-same-twice",
    "file-403-always",
    "file-one-bad-line",
    "file-endless-line",
    "lines-without-id",
    "lines-twice-instead",
    "other-origin",
)


IN_PARTS = (
    "file-cut-again-and-again",
    "file-range",
    "file-range-ignored",
    "file-range-refused",
    "file-changed-between",
)


@dataclass
class Reply:
    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    promised: int | None = None
    drop: bool = False
    without_length: bool = False


def outcome(code: str, severity: str = "error") -> bytes:
    return json.dumps({"resourceType": "OperationOutcome", "issue": [{"severity": severity, "code": code}]}).encode()


TAGGED = {**NDJSON, "ETag": '"v1"'}
_HTML = {"Content-Type": "text/html"}
_SOON = {"Retry-After": format_datetime(NOW.replace(second=17), usegmt=True), "X-Progress": "30 %"}
FIRST_KICKOFF = {
    "kickoff-429": Reply(429, outcome("throttled"), {"Retry-After": "7"}),
    "kickoff-500": Reply(500, outcome("exception")),
    "kickoff-cut": Reply(drop=True),
}
ALWAYS = {"kickoff-400": Reply(400, outcome("not-supported")), "kickoff-without-address": Reply(202)}
FIRST_POLL = {
    "clean": Reply(202, b"", {"X-Progress": "just started"}),
    "poll-429": Reply(429, outcome("throttled"), {"Retry-After": "11"}),
    "poll-500": Reply(500, outcome("transient")),
    "poll-html": Reply(200, LOGIN, _HTML),
    "poll-retry-after-seconds": Reply(202, b"", {"Retry-After": "13", "X-Progress": "30 %"}),
    "poll-retry-after-date": Reply(202, b"", _SOON),
    "poll-retry-after-hours": Reply(202, b"", {"Retry-After": "80000"}),
    "manifest-cut": Reply(200, b'{"transactionTime": "2026-', {"Content-Type": "application/json"}),
}
ALWAYS_POLL = {"poll-410-always": Reply(410, outcome("deleted")), "poll-never-ready": Reply(202)}
FIRST_FILE = {
    "file-429": Reply(429, outcome("throttled"), {"Retry-After": "5"}),
    "file-500": Reply(500, b"x"),
    "file-reset": Reply(drop=True),
    "file-html-once": Reply(200, LOGIN, _HTML),
    "file-outcome-once": Reply(200, outcome("timeout"), NDJSON),
}
ALWAYS_FILE = {"file-html": Reply(200, LOGIN, NDJSON), "file-403-always": Reply(403, b"expired")}
LOST_FILE = {
    "file-expired-once": Reply(404, outcome("not-found")),
    "file-forbidden-once": Reply(403, b"<Error><Code>ExpiredToken</Code></Error>"),
}
