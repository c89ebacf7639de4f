"""A hospital that exports in bulk, and does it wrong in every way that was seen in the field: one fault by name each.

Run on loopback. It remembers what it was asked, with which token, and whether its job was taken away too early.
"""

from __future__ import annotations

import gzip
import json
import threading
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from adapter.resource import dump_json
from adapter.synthetic.server import FhirServer
from tests.bulk_answers import (
    ALWAYS,
    ALWAYS_FILE,
    ALWAYS_POLL,
    FIRST_FILE,
    FIRST_KICKOFF,
    FIRST_POLL,
    IN_PARTS,
    LOST_FILE,
    NDJSON,
    TAGGED,
    TIME,
    Reply,
    outcome,
)

Json = dict[str, Any]


@dataclass
class Told:
    """What the server was asked."""

    requests: list[str] = field(default_factory=list)
    tokens: dict[str, str | None] = field(default_factory=dict)
    kickoffs: list[Json] = field(default_factory=list)
    ranges: list[str] = field(default_factory=list)
    deleted: int = 0
    seen: Counter[str] = field(default_factory=Counter)


class BulkHospital:
    """Shapes:  resources  by type, in the order of its lines
    fault      one of EXACT or LOUD
    searched   answers searches and reads, where the hospital does that as well
    """

    def __init__(self, resources: Iterable[Json], fault: str = "clean", files: int = 2) -> None:
        self.fault, self.told = fault, Told()
        self.elsewhere = ""
        self.searched: FhirServer | None = None
        self.changed: list[Json] = []
        self.deleted: list[str] = []
        self.resources, self.number = list(resources), files
        self.files: dict[str, tuple[str, list[Json]]] = {}
        self.export(self.resources)

    def export(self, resources: Iterable[Json]) -> None:
        """Make the files of a job; the next job's take their place."""
        by_type: dict[str, list[Json]] = {}
        for resource in resources:
            by_type.setdefault("" if self.fault == "types-mixed" else resource["resourceType"], []).append(resource)
        self.files = {
            f"{type_ or 'all'}-{number}": (type_, mine[number :: self.number])
            for type_, mine in by_type.items()
            for number in range(self.number)
        }

    def prepare(self, asked: Json) -> None:
        """What a job is about: what has changed, some patients, or everything."""
        named = {
            each["valueReference"]["reference"] for each in asked.get("parameter", []) if each["name"] == "patient"
        }
        if "_since" in asked or any(each["name"] == "_since" for each in asked.get("parameter", [])):
            self.export(self.changed)
        elif named:
            self.export(
                each for each in self.resources if _patient(each) in named or each["resourceType"] == "Medication"
            )
        else:
            self.export(self.resources)

    def first(self, what: str) -> bool:
        self.told.seen[what] += 1
        return self.told.seen[what] == 1

    def lines_of(self, name: str) -> list[Json]:
        lines = self.files[name][1]
        return lines if name != "Condition-0" else self._spoilt(lines)

    def _spoilt(self, lines: list[Json]) -> list[Json]:
        match self.fault:
            case "lines-twice":
                return [*lines, *lines[:3]]
            case "lines-twice-instead":
                return [lines[0], *lines[:-1]]
            case "lines-old-versions":
                old = [{**each, "meta": {"versionId": "1"}, "code": {"text": "an old word"}} for each in lines]
                new = [{**each, "meta": {"versionId": "12"}} for each in lines]
                return [*new, *old]
            case fault if fault in IN_PARTS:
                # Long enough that a part of it arrives before the connection breaks.
                return [{**each, "note": [{"text": "x" * 40_000}]} for each in lines]
            case "lines-without-id":
                return [{**lines[0], "id": ""}, *lines[1:]]
            case "file-endless-line":
                return [{**lines[0], "note": [{"text": "x" * 12_000_000}]}, *lines[1:]]
        return lines

    def body_of(self, name: str) -> bytes:
        """The file as it is when nothing goes wrong on the way."""
        end = b"\r\n" if self.fault == "file-crlf" else b"\n"
        texts = [dump_json(each) for each in self.lines_of(name)]
        if self.fault == "file-one-bad-line" and name == "Condition-0":
            texts[1] = b'{"resourceType": "Condition", "id": '
        if self.fault == "types-mixed":
            texts.insert(0, b'{"resourceType":"Parameters","parameter":[{"name":"header"}]}')
        between = end + end if self.fault == "file-blank-lines" else end
        return between.join(texts) + (b"" if self.fault == "file-no-last-line-end" else end)


def _patient(resource: Json) -> str:
    if resource["resourceType"] == "Patient":
        return f"Patient/{resource['id']}"
    return str(resource.get("subject", {}).get("reference", ""))


def kick_off(hospital: BulkHospital, base: str) -> Reply:
    fault = hospital.fault
    if hospital.first("kickoff") and fault in FIRST_KICKOFF:
        return FIRST_KICKOFF[fault]
    if fault in ALWAYS:
        return ALWAYS[fault]
    hospital.told.seen["jobs"] += 1
    return Reply(202, b"", {"Content-Location": f"{base}/jobs/{hospital.told.seen['jobs']}"})


def status(hospital: BulkHospital, base: str, job: str, page: int) -> Reply:
    first, fault = hospital.first(f"poll {job}"), hospital.fault
    if first and fault in FIRST_POLL:
        return FIRST_POLL[fault]
    if fault in ALWAYS_POLL:
        return ALWAYS_POLL[fault]
    if fault == "poll-job-lost-once" and job == "1":
        return Reply(404, outcome("not-found"))
    if fault == "manifest-page-pending" and page == 2 and hospital.first("second page"):
        return Reply(202, b"", {"Retry-After": "1"})
    return Reply(200, json.dumps(manifest(hospital, base, job, page)).encode(), {"Content-Type": "application/json"})


def manifest(hospital: BulkHospital, base: str, job: str, page: int) -> Json:
    root = "../files" if hospital.fault == "manifest-relative-urls" else f"{base}/files"
    if hospital.fault.startswith("other-origin"):
        root = hospital.elsewhere
    output = []
    for name, (type_, _) in hospital.files.items():
        shown = "Condition-0" if hospital.fault == "file-same-twice" and name == "Condition-1" else name
        item: Json = {"type": type_, "url": f"{root}/{shown}?job={job}", "count": len(hospital.files[name][1])}
        if not type_:
            del item["type"]
        if hospital.fault == "manifest-without-counts":
            del item["count"]
        output.append(item)
    said: Json = {"transactionTime": TIME, "request": f"{base}/$export", "requiresAccessToken": True, "output": output}
    if hospital.fault == "other-origin-without-token":
        said["requiresAccessToken"] = False
    if hospital.fault in ("manifest-errors", "manifest-warnings"):
        said["error"] = [{"type": "OperationOutcome", "url": f"{base}/files/{hospital.fault}"}]
    if hospital.deleted or hospital.fault == "manifest-deleted":
        said["deleted"] = [{"type": "Bundle", "url": f"{base}/files/deleted"}]
    if hospital.fault in ("manifest-paged", "manifest-page-pending"):
        half = len(output) // 2
        said["output"] = output[:half] if page == 1 else output[half:]
        said["link"] = [{"relation": "next", "url": f"{base}/jobs/{job}?page=2"}] if page == 1 else []
    if hospital.fault == "manifest-circle":
        said["link"] = [{"relation": "next", "url": f"{base}/jobs/{job}?page={3 - page}"}]
    return said


def small_file(hospital: BulkHospital, name: str) -> Reply:
    if name == "manifest-errors":
        return Reply(200, outcome("exception") + b"\n" + outcome("exception") + b"\n", NDJSON)
    if name == "manifest-warnings":
        return Reply(200, outcome("informational", "information") + b"\n", NDJSON)
    entries = [{"request": {"method": "DELETE", "url": each}} for each in hospital.deleted or ["Condition/gone"]]
    bundle = {"resourceType": "Bundle", "type": "transaction", "entry": entries}
    return Reply(200, json.dumps(bundle).encode() + b"\n", NDJSON)


def file(hospital: BulkHospital, name: str, job: str, asked: str, etag: str) -> Reply:
    if name not in hospital.files:
        return small_file(hospital, name)
    body = hospital.body_of(name)
    if name == "Condition-0":
        hospital.told.seen["file"] += 1
        if broken := _broken(hospital, body, job, hospital.told.seen["file"], asked, etag):
            return broken
    if hospital.fault == "file-gzip":
        return Reply(200, gzip.compress(body), {**NDJSON, "Content-Encoding": "gzip"})
    return Reply(200, body, NDJSON)


def _broken(hospital: BulkHospital, body: bytes, job: str, turn: int, asked: str, etag: str) -> Reply | None:
    fault = hospital.fault
    if turn == 1 and fault in FIRST_FILE:
        return FIRST_FILE[fault]
    if fault in ALWAYS_FILE:
        return ALWAYS_FILE[fault]
    if job == "1" and fault in LOST_FILE:
        return LOST_FILE[fault]
    if fault == "file-range-refused" and asked:
        return Reply(416, b"")
    if fault == "file-range" and asked and etag == '"v1"':
        start = int(asked.removeprefix("bytes=").removesuffix("-"))
        return Reply(206, body[start:], {**TAGGED, "Content-Range": f"bytes {start}-{len(body) - 1}/{len(body)}"})
    return _cut(fault, body, turn)


def _cut(fault: str, body: bytes, turn: int) -> Reply | None:
    half = body[: len(body) // 2]
    zipped = gzip.compress(body)
    cuts = {
        "file-cut": Reply(200, half, NDJSON, promised=len(body)),
        "file-cut-without-length": Reply(200, half, NDJSON, without_length=True),
        "file-short-once": Reply(200, half[: half.rfind(b"\n") + 1], NDJSON),
        "file-changed-between": Reply(200, half.replace(b"active", b"ACTIVE"), TAGGED, promised=len(body)),
        "file-gzip-cut": Reply(
            200, zipped[: len(zipped) // 2], {**NDJSON, "Content-Encoding": "gzip"}, without_length=True
        ),
        **dict.fromkeys(
            ("file-range", "file-range-ignored", "file-range-refused"), Reply(200, half, TAGGED, promised=len(body))
        ),
    }
    if fault == "file-short":
        return cuts["file-short-once"]
    if fault == "file-cut-again-and-again" and turn < 9:
        return Reply(200, body[: len(body) * turn // 9], NDJSON, promised=len(body))
    return cuts.get(fault) if turn == 1 else None


def answer(hospital: BulkHospital, path: str, headers: dict[str, str], body: bytes) -> Reply:
    parts, told = urlsplit(path), hospital.told
    told.tokens[f"{headers['Host']}{parts.path}"] = headers.get("Authorization")
    base = f"http://{headers['Host']}/fhir"
    query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
    steps = parts.path.removeprefix("/fhir/").split("/")
    if steps[-1] == "$export":
        asked = json.loads(body) if body else parse_qs(parts.query)
        told.kickoffs.append({"path": parts.path, "prefer": headers.get("Prefer", ""), "asked": asked})
        if hospital.fault == "patients-not-named" and "parameter" in asked:
            return Reply(400, outcome("not-supported"))
        hospital.prepare(asked)
        return kick_off(hospital, base)
    if steps[0] == "jobs":
        return status(hospital, base, steps[1], int(query.get("page", "1")))
    if hospital.searched and steps[0] != "files":
        code, resource = hospital.searched.answer("GET", base, f"{'/'.join(steps)}?{parts.query}")
        return Reply(code, dump_json(resource), {"Content-Type": "application/fhir+json"})
    told.ranges += [headers["Range"]] if "Range" in headers else []
    return file(hospital, steps[-1], query.get("job", ""), headers.get("Range", ""), headers.get("If-Range", ""))


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that stops reading is part of the play."""


@contextmanager
def run_bulk_hospital(hospital: BulkHospital) -> Iterator[str]:
    """Serve the hospital and, on another port, the place where some of them keep their files."""
    with _serve(hospital) as base, _serve(hospital) as elsewhere:
        hospital.elsewhere = f"{elsewhere}/files"
        yield base


@contextmanager
def _serve(hospital: BulkHospital) -> Iterator[str]:
    with _Server(("127.0.0.1", 0), _make_handler(hospital)) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}/fhir"
        finally:
            server.shutdown()
            thread.join()


def _make_handler(hospital: BulkHospital) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_GET(self) -> None:
            self._respond()

        def do_POST(self) -> None:
            self._respond()

        def do_DELETE(self) -> None:
            hospital.told.requests.append(f"DELETE {self.path}")
            if hospital.fault == "delete-unknown":
                self._send(Reply(404, outcome("not-found")))
                return
            hospital.told.deleted += 1
            self._send(Reply(202))

        def _respond(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            headers = dict(self.headers.items())
            hospital.told.requests.append(f"{self.command} {self.path}")
            self._send(answer(hospital, self.path, headers, body))

        def _send(self, reply: Reply) -> None:
            self.close_connection = reply.drop or reply.promised is not None or reply.without_length
            if reply.drop:
                return
            self.send_response(reply.status)
            for name, value in reply.headers.items():
                self.send_header(name, value)
            if reply.without_length:
                self.send_header("Connection", "close")
            else:
                length = len(reply.body) if reply.promised is None else reply.promised
                self.send_header("Content-Length", str(length))
            self.end_headers()
            self.wfile.write(reply.body)

        def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
            pass

    return Handler
