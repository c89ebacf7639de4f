"""A hospital server that answers by script: each request takes the next answer, good or broken, from a list.

Run on loopback; remembers what it was asked, so that a test can say which requests were made.
"""

from __future__ import annotations

import gzip
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from adapter.hospital import Unit
from adapter.hospital.client import Hospital

Json = dict[str, Any]


@dataclass(frozen=True)
class Scripted:
    """One answer. `promised` is the Content-Length when it shall not be the true one."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    promised: int | None = None
    drop: bool = False
    delay_seconds: float = 0.0


def answer(resource: Json, status: int = 200, **headers: str) -> Scripted:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Scripted(status, json.dumps(resource).encode(), named)


def zipped(resource: Json) -> Scripted:
    return Scripted(200, gzip.compress(json.dumps(resource).encode()), {"Content-Encoding": "gzip"})


def searchset(*resources: Json, total: int | None = None, next_link: str | None = None) -> Json:
    bundle: Json = {"resourceType": "Bundle", "type": "searchset"}
    if total is not None:
        bundle["total"] = total
    if next_link is not None:
        bundle["link"] = [{"relation": "next", "url": next_link}]
    if resources:
        bundle["entry"] = [{"resource": each, "search": {"mode": "match"}} for each in resources]
    return bundle


def condition(id_: str, **elements: Any) -> Json:
    return {"resourceType": "Condition", "id": id_, "subject": {"reference": "Patient/p1"}, **elements}


def outcome(code: str, severity: str = "error") -> Json:
    return {"resourceType": "OperationOutcome", "issue": [{"severity": severity, "code": code}]}


GOOD = searchset(condition("a"), total=1)
NOW = datetime(2026, 1, 5, 8, 0, tzinfo=UTC)


def collect(hospital: Hospital) -> Unit:
    return hospital.collect("Condition", {"patient": "p1"})


def ids(unit: Unit) -> list[str]:
    return [resource["id"] for resource in unit.of_type("Condition")]


class ScriptedHospital:
    def __init__(self) -> None:
        self.base = ""
        self.script: list[Scripted | Callable[[str], Scripted]] = []
        self.requests: list[str] = []
        self.tokens: list[str | None] = []
        self.bodies: list[bytes] = []

    def says(self, *answers: Scripted | Callable[[str], Scripted]) -> None:
        self.script.extend(answers)

    def next_answer(self, path: str) -> Scripted:
        if not self.script:
            return answer(outcome("not-found"), 404)
        scripted = self.script.pop(0)
        return scripted(path) if callable(scripted) else scripted


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that gives up on a slow answer is part of the play."""


@contextmanager
def run_scripted_hospital() -> Iterator[ScriptedHospital]:
    hospital, stop = ScriptedHospital(), threading.Event()
    with _Server(("127.0.0.1", 0), _make_handler(hospital, stop)) as server:
        hospital.base = f"http://127.0.0.1:{server.server_address[1]}/fhir"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield hospital
        finally:
            stop.set()
            server.shutdown()
            thread.join()


def _make_handler(hospital: ScriptedHospital, stop: threading.Event) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_GET(self) -> None:
            self._respond()

        def do_POST(self) -> None:
            self._respond()

        def _respond(self) -> None:
            hospital.requests.append(f"{self.command} {self.path}")
            hospital.tokens.append(self.headers.get("Authorization"))
            hospital.bodies.append(self.rfile.read(int(self.headers.get("Content-Length") or 0)))
            scripted = hospital.next_answer(self.path)
            self.close_connection = scripted.drop or scripted.promised is not None
            if not scripted.drop:
                self._send(scripted)

        def _send(self, scripted: Scripted) -> None:
            self.send_response(scripted.status)
            for name, value in scripted.headers.items():
                self.send_header(name, value)
            length = len(scripted.body) if scripted.promised is None else scripted.promised
            self.send_header("Content-Length", str(length))
            self.end_headers()
            stop.wait(scripted.delay_seconds)
            self.wfile.write(scripted.body)

        def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
            pass

    return Handler
