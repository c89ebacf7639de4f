"""The hospital as a process of its own: `python -m tests.faults --mode clean`; prints its base address."""

from __future__ import annotations

import argparse
import random
import sys
from dataclasses import replace

from tests.faults.catalogue import MODES
from tests.faults.hospital import Habits, Hospital, refuse, tell
from tests.faults.modes import LOGIN, Mode
from tests.faults.wire import Asked, Server, Told, serve


def chaos(seed: int, share: float) -> Mode:
    """A part of all answers fails, in nine ways."""
    draw = random.Random(seed)  # noqa: S311

    def strike(hospital: Hospital, asked: Asked, number: int, told: Told) -> Told | None:
        if draw.random() >= share:
            return None
        hospital.count("faults")
        half = replace(told, body=told.body[: len(told.body) // 2])
        return draw.choice(
            [
                refuse(429, "throttled", Retry_After="0"),
                refuse(500, "exception"),
                Told(b"down", 503, kind="text/plain"),
                Told(reset=True),
                replace(half, promised=len(told.body)),
                half,
                Told(LOGIN, kind="text/html"),
                refuse(200, "timeout"),
                refuse(410, "expired") if number > 0 else tell({"resourceType": "Bundle", "type": "searchset"}),
            ]
        )

    return Mode("chaos", "exact", "a part of all answers fails", Habits(offset=True), strike)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--mode", default="clean")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--share", type=float, default=0.1)
    for name, default in (("patients", 200), ("each", 12), ("cap", 100), ("letters", 600)):
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--latency", type=float, default=0.0)
    told = parser.parse_args()
    known = {mode.name: mode for mode in MODES}
    mode = chaos(told.seed, told.share) if told.mode == "chaos" else known[told.mode]
    hospital = mode.open(told.patients, told.each, told.cap, told.letters)
    if told.mode == "clean":
        hospital.rendered = {}
        hospital.index()
    server = Server(hospital.answer, told.latency)
    server.keeps_list = False
    with serve(server) as base:
        sys.stdout.write(f"{base}\n")
        sys.stdout.flush()
        sys.stdin.read()  # until whoever started us closes it
        faults = hospital.strikes.get("faults", 0)
        sys.stdout.write(f"{server.requests} {server.most_at_once} {faults}\n")


if __name__ == "__main__":
    main()
