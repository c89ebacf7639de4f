"""Our side of the bench: collect the Conditions of given patients, durably; prints one line of JSON.

python -m tests.bench.pull_ours BASE PATIENTS [--connections 8] [--in-a-list 10]
"""

from __future__ import annotations

import json
import resource
import sys
import tempfile
import time
from pathlib import Path

from adapter.crawl.engine import Crawl
from adapter.crawl.plan import Plan
from adapter.hospital import Patience
from adapter.hospital.client import open_hospital
from adapter.store import candidates, units
from tests.faults.ours import open_parts, source_of

PULL = "bench"


def main() -> None:
    base, patients = sys.argv[1], int(sys.argv[2])
    source = source_of(base, connections=8, page_size=500, hasty=False)
    with tempfile.TemporaryDirectory() as folder, open_parts(Path(folder)) as parts:
        started = time.perf_counter()
        with parts.store.writing() as connection:
            candidates.add(connection, PULL, [f"p{each:05}" for each in range(patients)])
        with open_hospital(source, parts.secret, Patience()) as hospital:
            plan, crawl = Plan(parts, source, PULL), Crawl(parts, hospital, PULL)
            plan.note("collect")
            crawl.run("collect", lambda: True)
        seconds = time.perf_counter() - started
        with parts.store.reading() as connection:
            told = units.count(connection, PULL)
    megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    whole = told["made"] == told["complete"]
    sys.stdout.write(json.dumps({"rows": told["received"], "seconds": seconds, "megabytes": megabytes, "whole": whole}))


if __name__ == "__main__":
    main()
