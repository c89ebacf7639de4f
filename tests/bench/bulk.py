"""Bulk export: checked NDJSON lines a second, durably taken, and the memory that takes.

    python -m tests.bench.bulk [--lines 1000000] [--gzip]

The server runs in a process of its own and sends files made beforehand. What is timed: from the kick-off to the proof,
every line parsed and checked (JSON, type, id), counted against the manifest, each batch committed to SQLite with its
place; lines of deciding types kept sealed, the candidates' lines sorted out. Memory is the peak of the pulling process.
"""

from __future__ import annotations

import argparse
import gzip
import json
import resource
import subprocess
import sys
import tempfile
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

FILES_A_TYPE = 2
# Of ten lines; one patient in a hundred has our disease.
MIX = {"Patient": 1, "Condition": 3, "Observation": 5, "MedicationStatement": 1}


def line(type_: str, number: int) -> str:
    patient = number % max(1, number // 10 + 1)
    made: dict[str, Any] = {"resourceType": type_, "id": f"{type_[0].lower()}{number:08d}"}
    made["meta"] = {"versionId": "3", "lastUpdated": "2026-01-05T08:00:00.000+00:00"}
    if type_ != "Patient":
        made["subject"] = {"reference": f"Patient/p{patient:08d}"}
    code = "M86.3" if patient % 100 == 0 else "E11.9"
    made["code"] = {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10", "code": code}], "text": "x" * 250}
    return json.dumps(made, separators=(",", ":"))


def make_files(lines: int) -> dict[str, tuple[str, int, bytes]]:
    """name -> (type, number of lines, bytes)"""
    made = {}
    for type_, part in MIX.items():
        count = lines * part // sum(MIX.values()) // FILES_A_TYPE
        for file in range(FILES_A_TYPE):
            text = "\n".join(line(type_, number) for number in range(file * count, (file + 1) * count))
            made[f"{type_}-{file}"] = (type_, count, text.encode() + b"\n")
    return made


def serve(lines: int, zipped: bool) -> None:
    """Serve until the parent goes away."""
    files = make_files(lines)
    packed = {name: gzip.compress(body, 1) if zipped else body for name, (_, _, body) in files.items()}

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            base = f"http://{self.headers['Host']}/fhir"
            name = self.path.partition("?")[0].rpartition("/")[2]
            if name == "$export":
                self._send(202, b"", {"Content-Location": f"{base}/job"})
            elif name == "job":
                output = [
                    {"type": type_, "url": f"{base}/files/{each}", "count": count}
                    for each, (type_, count, _) in files.items()
                ]
                said = {"transactionTime": "2026-01-05T08:00:00Z", "requiresAccessToken": False, "output": output}
                self._send(200, json.dumps(said).encode(), {"Content-Type": "application/json"})
            else:
                extra = {"Content-Encoding": "gzip"} if zipped else {}
                self._send(200, packed[name], {"Content-Type": "application/fhir+ndjson", **extra})

        def do_DELETE(self) -> None:
            self._send(202, b"", {})

        def _send(self, status: int, body: bytes, headers: dict[str, str]) -> None:
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        tell(server.server_address[1])
        sys.stdin.read()
        server.shutdown()


def pull(base: str) -> None:
    """Export once; prints what it took as JSON."""
    from dataclasses import replace
    from datetime import UTC, datetime

    from adapter.bulk import Desk, end_export, find_exported, run_export
    from adapter.hospital import Patience, Search, resolve_source
    from adapter.hospital.session import open_session
    from adapter.sealing import load_seals
    from adapter.store import open_store

    source = replace(resolve_source(base, {}), candidates=(Search("Condition", {"code": ("M86.3", "M863")}),))
    with tempfile.TemporaryDirectory() as folder:
        store = open_store(f"sqlite:///{folder}/registry.db")
        before = peak_mb()
        with open_session(source, lambda name: None, Patience()) as session:
            desk = Desk(store, load_seals(Path(folder) / "seal"), source, session, Patience(), "p",
                        lambda: datetime.now(UTC))  # fmt: skip
            started = time.perf_counter()
            exported = run_export(desk)
            seconds = time.perf_counter() - started
            told = {
                "lines": sum(unit["received"] for unit in exported.units),
                "proven": exported.proven,
                "candidates": len(find_exported(desk)),
                "seconds": round(seconds, 2),
                "before_mb": before,
                "peak_mb": peak_mb(),
            }
            end_export(desk, exported)
            told["seconds_with_end"] = round(time.perf_counter() - started, 2)
        store.close()
    told["cpu_seconds"] = round(time.process_time(), 2)
    tell(json.dumps(told))


def tell(what: object) -> None:
    sys.stdout.write(f"{what}\n")
    sys.stdout.flush()


def peak_mb() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def run(lines: int, zipped: bool) -> dict[str, Any]:
    """One round: a server, a puller, the figures."""
    here = [sys.executable, "-m", "tests.bench.bulk"]
    told = ["--lines", str(lines), *(["--gzip"] if zipped else [])]
    with subprocess.Popen([*here, "serve", *told], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout
        port = int(server.stdout.readline())
        done = subprocess.run(
            [*here, "pull", "--base", f"http://127.0.0.1:{port}/fhir"], capture_output=True, text=True, check=True
        )
        server.terminate()
    figures: dict[str, Any] = json.loads(done.stdout)
    return {**figures, "lines_a_second": round(figures["lines"] / figures["seconds"])}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", nargs="?", default="run", choices=["run", "serve", "pull"])
    parser.add_argument("--lines", type=int, default=1_000_000)
    parser.add_argument("--gzip", action="store_true")
    parser.add_argument("--base", default="")
    given = parser.parse_args()
    if given.what == "serve":
        serve(given.lines, given.gzip)
    elif given.what == "pull":
        pull(given.base)
    else:
        tell(json.dumps(run(given.lines, given.gzip)))


if __name__ == "__main__":
    main()
