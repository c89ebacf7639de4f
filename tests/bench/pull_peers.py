"""One peer pulls every Condition of a server, in its documented way; prints one line of JSON. Runs in the peers' venv.

    python tests/bench/pull_peers.py fhirpy|fhirclient|fhir-pyrate BASE
    python tests/bench/pull_peers.py smart-fetch BASE PATIENTS
    python tests/bench/pull_peers.py NAME - LIMIT [PATIENTS]

No name of ours is imported here: the peers' venv has none of our libraries.
"""

from __future__ import annotations

import contextlib
import gzip
import io
import json
import logging
import os
import resource
import signal
import subprocess
import sys
import tempfile
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

PAGE = 100
Rows = Iterator[str]


def fhirpy(base: str) -> Rows:
    from fhirpy import SyncFHIRClient

    for each in SyncFHIRClient(base).resources("Condition").limit(PAGE):
        yield f"{each['resourceType']}/{each.get('id')}"


def fhirclient(base: str) -> Rows:
    from fhirclient import client
    from fhirclient.models.condition import Condition

    server = client.FHIRClient(settings={"app_id": "bench", "api_base": f"{base}/"}).server
    for each in Condition.where({"_count": str(PAGE)}).perform_resources_iter(server):
        yield f"{each.resource_type}/{each.id}"


def fhir_pyrate(base: str) -> Rows:
    from fhir_pyrate import Pirate

    pirate = Pirate(auth=None, base_url=base, print_request_url=False)
    with contextlib.redirect_stderr(io.StringIO()):
        for bundle in pirate.steal_bundles("Condition", {"_count": PAGE}):
            for entry in bundle.entry or []:
                yield f"{entry.resource.resourceType}/{entry.resource.id}"


def smart_fetch(base: str, patients: int) -> Rows:
    """A crawl by patient, into a folder of NDJSON; its exit code is its word."""
    program = Path(sys.executable).with_name("smart-fetch")
    with tempfile.TemporaryDirectory() as folder:
        ids = Path(folder, "ids.csv")
        ids.write_text("id\n" + "".join(f"p{each:05}\n" for each in range(patients)))
        options = ["--export-mode", "crawl", "--type", "Patient,Condition", "--hydration-tasks", "none"]
        command = [str(program), "export", *options, "--fhir-url", base, "--id-file", str(ids), f"{folder}/out"]
        ended = subprocess.run(command, capture_output=True, text=True, check=False)
        files = {file.resolve() for file in Path(folder, "out").rglob("*Condition*.ndjson*")}  # some are links
        for file in sorted(files):
            yield from _ids_in(file)
        if ended.returncode:
            raise RuntimeError(f"exit code {ended.returncode}")


def _ids_in(file: Path) -> Rows:
    data = file.read_bytes()
    for line in (gzip.decompress(data) if file.suffix == ".gz" else data).splitlines():
        each = json.loads(line)
        yield f"{each['resourceType']}/{each.get('id')}"


PEERS: dict[str, Callable[..., Rows]] = {
    "fhirpy": fhirpy,
    "fhirclient": fhirclient,
    "fhir-pyrate": fhir_pyrate,
    "smart-fetch": smart_fetch,
}


def run(name: str, base: str, patients: list[int]) -> dict[str, object]:
    """One pull: its rows, its error, its cost."""
    rows: list[str] = []
    error, started = "", time.perf_counter()
    try:
        for row in PEERS[name](base, *patients):
            rows.append(row)
    except Exception as raised:  # noqa: BLE001
        error = f"{type(raised).__name__}: {str(raised)[:80]}"
    seconds = time.perf_counter() - started
    most = max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return {"rows": rows, "error": error, "seconds": seconds, "megabytes": most // 1024}


def run_forked(name: str, base: str, patients: list[int], limit: float) -> dict[str, object]:
    """The same in a child, which is killed when it hangs; what was imported once serves every child."""
    reading, writing = os.pipe()
    if not (child := os.fork()):
        os.setsid()
        with os.fdopen(writing, "w") as out:
            out.write(json.dumps(run(name, base, patients)))
        os._exit(0)
    os.close(writing)
    watch = threading.Timer(limit, lambda: os.killpg(child, signal.SIGKILL))
    watch.start()
    with os.fdopen(reading) as told:
        text = told.read()
    watch.cancel()
    os.waitpid(child, 0)
    result: dict[str, object] = json.loads(text) if text else {"hangs": True}
    return result


def main() -> None:
    """With "-" for BASE, bases are read from the standard input, one a line, and each is pulled in at most LIMIT s."""
    warnings.simplefilter("ignore")
    logging.disable(logging.CRITICAL)
    name, base, *more = sys.argv[1:]
    if base != "-":
        sys.stdout.write(json.dumps(run(name, base, [int(each) for each in more])))
        return
    limit, *patients = map(int, more)
    for line in sys.stdin:
        sys.stdout.write(json.dumps(run_forked(name, line.strip(), patients, limit)) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
