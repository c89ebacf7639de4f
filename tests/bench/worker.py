"""`make bench-worker`: four web processes are asked 1,000 times for pulls of 10 sources, while two workers run them.

Ten pulls must run, each once, and no question may be lost; then one is cancelled under way, and one worker is killed.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import requests

from adapter.synthetic.server import Answer, FhirServer, serve_resources
from tests.conftest import PostgreSQL

Json = dict[str, Any]
ROOT = Path(__file__).parents[2]
QUESTIONS, SOURCES, PATIENTS = 1_000, 10, 30
PATIENCE_SECONDS = 300


class SlowServer(FhirServer):
    """Answers after the gate was opened, and then takes its time."""

    def __init__(self) -> None:
        super().__init__(_resources(), page_cap=10)
        self.gate = threading.Event()
        self.seconds = 0.0

    def answer(self, method: str, base: str, target: str, body: bytes = b"") -> Answer:
        self.gate.wait(PATIENCE_SECONDS)
        time.sleep(self.seconds)
        return super().answer(method, base, target, body)


def _resources() -> Iterator[Json]:
    code = {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10", "code": "M86.3"}]}
    for number in range(PATIENTS):
        yield {"resourceType": "Patient", "id": f"p{number}", "gender": "female", "birthDate": "2001-05-14"}
        about = {"subject": {"reference": f"Patient/p{number}"}}
        yield {"resourceType": "Condition", "id": f"c{number}", **about, "code": code, "onsetDateTime": "2010-03"}


class Service:
    """The web processes, asked over HTTP."""

    def __init__(self, base: str) -> None:
        self.base = base

    def ask(self, path: str, body: Json | None = None, *, post: bool = False) -> tuple[int, Json]:
        answer = requests.request(
            "POST" if body or post else "GET", self.base + path, json=body, timeout=PATIENCE_SECONDS
        )
        return answer.status_code, answer.json()

    def states(self) -> Counter[str]:
        return Counter(each["state"] for each in self.ask("/pulls")[1]["pulls"])


def until(what: str, true: Callable[[], bool]) -> float:
    started = time.monotonic()
    while not true():
        if time.monotonic() - started > PATIENCE_SECONDS:
            sys.exit(f"waited in vain: {what}")
        time.sleep(0.02)
    return time.monotonic() - started


@contextmanager
def running(command: list[str], environment: dict[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    quiet: Json = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    with subprocess.Popen(command, env=environment, cwd=ROOT, **quiet) as process:
        try:
            yield process
        finally:
            process.terminate()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def bench(name: str, database_url: str, queue_url: str, closing: ExitStack) -> None:
    folder = Path(closing.enter_context(tempfile.TemporaryDirectory()))
    server = SlowServer()
    base = closing.enter_context(serve_resources(server))
    closing.callback(server.gate.set)
    (folder / "sources").mkdir()
    for number in range(SOURCES):
        (folder / "sources" / f"s{number}.yaml").write_text(f"source: s{number}\nbase: {base}\n", encoding="utf-8")
    urls = {"CRMO_DATABASE_URL": database_url or f"sqlite:///{folder}/registry.db", "CRMO_DATA": str(folder)}
    urls |= {"CRMO_QUEUE_URL": queue_url or f"sqlite:///{folder}/queue.db", "CRMO_WORKER": "outside"}
    environment, address = {**os.environ, **urls}, f"127.0.0.1:{_free_port()}"
    web = ["gunicorn", "app:app", "-w", "4", "-k", "gthread", "--threads", "4", "-b", address]
    closing.enter_context(running([sys.executable, "-m", *web], environment))
    service = Service(f"http://{address}")
    until("the service", lambda: _alive(service))
    worker = [sys.executable, "-m", "adapter", "worker", "--pulls-at-once", "8"]
    first = closing.enter_context(running(worker, environment))
    closing.enter_context(running(worker, environment))
    _ask_a_thousand(name, service, server)
    _cancel(service, server)
    _kill(service, server, first)


def _alive(service: Service) -> bool:
    try:
        return service.ask("/livez")[0] == 200
    except requests.ConnectionError:
        return False


def _ask_a_thousand(name: str, service: Service, server: SlowServer) -> None:
    started = time.monotonic()
    with ThreadPoolExecutor(32) as many:
        answers = list(many.map(lambda n: service.ask("/pulls", {"source": f"s{n % SOURCES}"}), range(QUESTIONS)))
    seconds = time.monotonic() - started
    until("ten that run", lambda: service.states() == {"running": SOURCES})
    server.gate.set()
    until("ten that are complete", lambda: service.states() == {"complete": SOURCES})
    pulls = service.ask("/pulls")[1]["pulls"]
    asked, attempts = sum(each["asked"] for each in pulls), sum(each["attempts"] for each in pulls)
    statuses = dict(Counter(status for status, _ in answers))
    tell(f"{name}: {QUESTIONS} questions for {SOURCES} sources in {seconds:.1f} s, answered {statuses}")
    tell(f"  {SOURCES} ran together and are complete; {attempts} were begun; {QUESTIONS - asked} questions lost")


def _cancel(service: Service, server: SlowServer) -> None:
    server.seconds = 0.1
    pull = service.ask("/pulls", {"source": "s0"})[1]["id"]
    until("it runs", lambda: service.ask(f"/pulls/{pull}")[1]["progress"] is not None)
    service.ask(f"/pulls/{pull}/cancel", post=True)
    seconds = until("it is cancelled", lambda: service.ask(f"/pulls/{pull}")[1]["state"] == "cancelled")
    tell(f"  cancelled {seconds:.2f} s after it was wished")


def _kill(service: Service, server: SlowServer, first: subprocess.Popen[bytes]) -> None:
    """Both workers take pulls; one dies; the other asks again for what it left when the leases have run out."""
    server.seconds = 0.3
    pulls = [service.ask("/pulls", {"source": f"s{number}"})[1]["id"] for number in range(SOURCES)]
    until("all run", lambda: service.states()["running"] == SOURCES)
    first.send_signal(signal.SIGKILL)
    server.seconds = 0.0
    until("all are complete", lambda: all(service.ask(f"/pulls/{each}")[1]["state"] == "complete" for each in pulls))
    attempts = Counter(service.ask(f"/pulls/{each}")[1]["attempts"] for each in pulls)
    tell(f"  one of two workers killed: all {SOURCES} complete; {attempts[2]} of them were taken over")


def tell(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def main() -> None:
    with ExitStack() as closing:
        bench("SQLite", "", "", closing)
    if Path("/usr/lib/postgresql").exists() or shutil.which("initdb"):
        postgresql = PostgreSQL()
        with ExitStack() as closing:
            closing.callback(postgresql.stop)
            bench("PostgreSQL", postgresql.make_database(), postgresql.make_database(), closing)


if __name__ == "__main__":
    main()
