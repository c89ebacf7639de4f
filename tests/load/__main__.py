"""`make load`: Bundles of 30 entries and 32 kB, fully validated, each of a new child, on a timetable; then too many.

Prints one JSON line for each figure. The program that sends shares the processor with the service, so its own work is
in the figures. `--seconds 60` for a short look; `--processes 2 --database-url postgresql://…` for PostgreSQL.
"""

from __future__ import annotations

import argparse
import json
import os
import secrets
import sys
import tempfile
from pathlib import Path

from tests.battery.figures import tell
from tests.load.bundles import BYTES, ENTRIES, Bundles
from tests.load.sending import Health, Sample, send, statuses, waits
from tests.load.service import Service, serving

RATE, P99_MS, RECOVERY_SECONDS = 25.0, 500, 10
_CALLERS, _CROWD = 64, 400


class Load:
    """Shapes:  accepted  how many Bundles the service said it had taken"""

    def __init__(self, service: Service) -> None:
        self.service = service
        self.bundles = Bundles(secrets.token_hex(2))
        self.next = 0
        self.accepted = 0

    def send(self, count: int, rate: float, threads: int) -> list[Sample]:
        numbers = range(self.next, self.next + count)
        self.next += count
        samples = send(self.service.address, self.bundles.make, numbers, rate, threads)
        self.accepted += sum(each.status == 200 for each in samples)
        return samples

    def steady(self, rate: float, seconds: int) -> bool:
        samples = self.send(int(rate * seconds), rate, _CALLERS)
        wait, errors = waits(samples), sum(each.status != 200 for each in samples)
        late = round(max(each.sent - each.due for each in samples) * 1000)
        holds = errors == 0 and wait["p99_ms"] <= P99_MS
        heads = {"rate": rate, "sent": len(samples), "statuses": statuses(samples), "errors": errors}
        return tell("load.steady", holds=holds, **heads, **wait, sent_late_max_ms=late, bytes=BYTES, entries=ENTRIES)

    def capacity(self, seconds: int) -> float:
        """What comes back a second when eight callers ask without a pause."""
        samples = self.send(int(RATE * seconds), 0, 8)
        taken = sum(each.status == 200 for each in samples)
        rate = taken / max(each.answered for each in samples)
        tell("load.capacity", holds=taken == len(samples), a_second=round(rate, 1), statuses=statuses(samples))
        return rate

    def overload(self, rate: float, seconds: int) -> bool:
        with Health(self.service.address) as health:
            samples = self.send(int(rate * seconds), rate, _CROWD)
        refused = [each for each in samples if each.status in (429, 503)]
        polite = sum(bool(each.retry_after) for each in refused)
        taken = [each for each in samples if each.status == 200]
        healthy = set(health.statuses) == {200}
        holds = len(taken) + polite == len(samples) and healthy
        told = {"rate": round(rate, 1), "sent": len(samples), "statuses": statuses(samples), "with_retry_after": polite}
        told |= {"livez": dict(health.statuses), "livez_max_ms": round(health.slowest * 1000)}
        return tell("load.overload", holds=holds, **told, taken=waits(taken), refused=waits(refused))

    def recovery(self, rate: float) -> bool:
        samples = self.send(int(rate * 2 * RECOVERY_SECONDS), rate, _CALLERS)
        refused = [each.due for each in samples if each.status != 200]
        seconds = round(max(refused, default=0.0), 1)
        return tell("load.recovery", holds=seconds <= RECOVERY_SECONDS, seconds_to_recover=seconds,
                    rate=round(rate, 1), statuses=statuses(samples), **waits(samples[len(samples) // 2 :]))  # fmt: skip

    def truth(self) -> bool:
        """After a stop: as many cases as were confirmed, and no broken promise."""
        code = self.service.end()
        found = self.service.run("fsck", "--json")
        listed = self.service.run("case", "list", "--json")
        kept = len(json.loads(listed.stdout))
        holds = code == 0 and found.returncode == 0 and kept == self.accepted
        return tell("load.truth", holds=holds, confirmed=self.accepted, cases=kept, exit=code, fsck=found.returncode)


def main() -> int:
    parser = argparse.ArgumentParser(description="Load, then overload")
    parser.add_argument("--seconds", type=int, default=600)
    parser.add_argument("--rate", type=float, default=RATE)
    parser.add_argument("--overload-seconds", type=int, default=60)
    parser.add_argument("--processes", default="1")
    parser.add_argument("--threads", default="8")
    parser.add_argument("--database-url", default="")
    told = parser.parse_args()
    settings = {"CRMO_PROCESSES": told.processes, "CRMO_THREADS": told.threads}
    if told.database_url:
        os.environ["CRMO_DATABASE_URL"] = told.database_url
    with tempfile.TemporaryDirectory(prefix="crmo-load-") as folder, serving(Path(folder), **settings) as service:
        load = Load(service)
        load.send(20, 0, 1)  # what is compiled at first use is compiled now
        good = [load.steady(told.rate, told.seconds)]
        capacity = load.capacity(min(20, told.seconds))
        good.append(load.overload(4 * capacity, told.overload_seconds))
        good.append(load.recovery(min(told.rate, capacity / 2)))
        good.append(load.truth())
    return 0 if all(good) else 1


if __name__ == "__main__":
    sys.exit(main())
