"""The same Bundle from 32 senders at one moment, again and again: created once, the others get the same answer.

`python -m tests.battery.identical [--keys N] [--short]`: over HTTP against gunicorn (one process on SQLite, four on
PostgreSQL), and in the short form against the application in threads.
"""

from __future__ import annotations

import argparse
import http.client
import os
import re
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from adapter.parts import Knowledge
from adapter.store.cases import CASE_VERSIONS, CASES
from adapter.store.inbox import INBOX
from adapter.web import create_app
from tests.battery.figures import remark, tell
from tests.battery.grounds import KINDS, Ground, load_warm, open_grounds
from tests.battery.journeys import FHIR, bundle_of, count, fsck

AT_ONCE, KEYS, SHORT_KEYS = 32, 500, 4
ROOT = Path(__file__).parents[2]
PROCESSES = {"sqlite": 1, "postgresql": 4}
_LISTENING = re.compile(r"Listening at: http://127\.0\.0\.1:(\d+)")

Answer = tuple[int, bytes]
Sender = Callable[[bytes], Answer]


@dataclass
class Tally:
    """What was answered.

    Shapes:  created  keys that were created other than once
             unlike   keys whose answers say different things
    """

    statuses: Counter[int] = field(default_factory=Counter)
    created: int = 0
    unlike: int = 0

    def add(self, answers: list[Answer]) -> None:
        self.statuses.update(status for status, _ in answers)
        made = [body.count(b'"201 Created"') > 0 for status, body in answers if status == 200]
        self.created += sum(made) != 1
        self.unlike += len({body.replace(b'"201 Created"', b'"200 OK"') for _, body in answers}) != 1


def ask_at_once(senders: list[Sender], keys: int) -> Tally:
    """Every sender sends every key; nobody begins with a key before all have ended with the one before."""
    answers: list[list[Answer]] = [[(0, b"")] * len(senders) for _ in range(keys)]
    together = threading.Barrier(len(senders))

    def send_all(number: int, send: Sender) -> None:
        for key in range(keys):
            together.wait()
            answers[key][number] = send(bundle_of(key))

    threads = [threading.Thread(target=send_all, args=each) for each in enumerate(senders)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    tally = Tally()
    for key, each in enumerate(answers):
        tally.add(each)
        if len(set(status for status, _ in each)) > 1:
            remark(f"key {key}: {Counter(status for status, _ in each)}")
    return tally


@contextmanager
def over_http(ground: Ground, database: str) -> Iterator[list[Sender]]:
    """gunicorn as it is deployed, and senders with a connection each."""
    environment = {**os.environ, "CRMO_DATA": str(ground.folder), "CRMO_DATABASE_URL": ground.url}
    command = [sys.executable, "-m", "gunicorn", "app:app", "-k", "gthread", "--bind", "127.0.0.1:0", "--threads", "8"]
    command += ["--workers", str(PROCESSES[database]), "--timeout", "300"]
    with subprocess.Popen(
        command, cwd=ROOT, env={**environment, "CRMO_WORKER": "outside"}, stderr=subprocess.PIPE, text=True
    ) as service:
        if service.stderr is None:
            raise RuntimeError("the service has no pipe")
        port = next(int(found[1]) for line in service.stderr if (found := _LISTENING.search(line)))
        threading.Thread(target=lambda: [None for _ in service.stderr or ()], daemon=True).start()
        try:
            yield [_sender(port) for _ in range(AT_ONCE)]
        finally:
            service.terminate()
            service.wait(60)


def _sender(port: int) -> Sender:
    def send(raw: bytes) -> Answer:
        """Nothing came back (a worker that was just starting closes its connection): sent again, as a hospital does."""
        while True:
            opened = http.client.HTTPConnection("127.0.0.1", port, timeout=300)
            with closing(opened) as connection, suppress(http.client.RemoteDisconnected, ConnectionResetError):
                connection.request("POST", "/fhir", raw, {"Content-Type": FHIR, "X-CRMO-Source": "north"})
                answer = connection.getresponse()
                return answer.status, answer.read()

    return send


@contextmanager
def in_threads(ground: Ground, knowledge: Knowledge) -> Iterator[list[Sender]]:
    with ground.parts(knowledge) as parts:
        app = create_app(parts)

        def send(raw: bytes) -> Answer:
            answer = app.test_client().post("/fhir", data=raw, content_type=FHIR, headers={"X-CRMO-Source": "north"})
            return answer.status_code, answer.data

        yield [send] * AT_ONCE
        app.extensions["background"].shutdown()


def play(knowledge: Knowledge, database: str, keys: int, *, short: bool) -> bool:
    with open_grounds(database) as (grounds,):
        ground = grounds.empty()
        with in_threads(ground, knowledge) if short else over_http(ground, database) as senders:
            tally = ask_at_once(senders, keys)
        with ground.parts(knowledge) as parts:
            kept = {
                "cases": count(parts, CASES),
                "versions": count(parts, CASE_VERSIONS),
                "stored": count(parts, INBOX, INBOX.c.state == "stored"),
                "duplicates": count(parts, INBOX, INBOX.c.state == "duplicate"),
            }
        problems = fsck(ground, knowledge)
    once = {"cases": keys, "versions": keys, "stored": keys, "duplicates": keys * (AT_ONCE - 1)}
    return tell(
        "identical pushes",
        holds=kept == once and not (tally.created or tally.unlike or problems) and set(tally.statuses) == {200},
        database=database,
        at_once=AT_ONCE,
        keys=keys,
        answers=dict(tally.statuses),
        not_created_once=tally.created,
        unlike_answers=tally.unlike,
        kept=kept,
        fsck=len(problems),
        over="threads" if short else f"HTTP, {PROCESSES[database]} processes",
    )


def battery(knowledge: Knowledge, *, short: bool, keys: int = 0) -> bool:
    wanted = keys or (SHORT_KEYS if short else KEYS)
    return all([play(knowledge, database, wanted, short=short) for database in KINDS])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--keys", type=int, default=0)
    parser.add_argument("--short", action="store_true")
    asked = parser.parse_args()
    sys.exit(not battery(load_warm(), short=asked.short, keys=asked.keys))


if __name__ == "__main__":
    main()
