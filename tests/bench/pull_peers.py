"""One peer pulls every Condition of a server, in its documented way; prints one line of JSON. Runs in the peers' venv.

    python tests/bench/pull_peers.py fhirpy|fhirclient|fhir-pyrate BASE
    python tests/bench/pull_peers.py smart-fetch BASE PATIENTS

No name of ours is imported here: the peers' venv has none of our libraries.
"""

from __future__ import annotations

import contextlib
import gzip
import io
import json
import logging
import resource
import subprocess
import sys
import tempfile
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
        for file in sorted(Path(folder, "out").rglob("*Condition*.ndjson*")):
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


def main() -> None:
    warnings.simplefilter("ignore")
    logging.disable(logging.CRITICAL)
    name, base, *more = sys.argv[1:]
    rows: list[str] = []
    error, started = "", time.perf_counter()
    try:
        for row in PEERS[name](base, *map(int, more)):
            rows.append(row)
    except Exception as raised:  # noqa: BLE001
        error = f"{type(raised).__name__}: {str(raised)[:80]}"
    seconds = time.perf_counter() - started
    most = max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    sys.stdout.write(json.dumps({"rows": rows, "error": error, "seconds": seconds, "megabytes": most // 1024}))


if __name__ == "__main__":
    main()
