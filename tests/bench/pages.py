"""`make bench-pages`: the pages of a registry of 100,000 cases and 200,000 sendings, each asked for many times.

The registry is made once under build/ like that of `make bench-cohort`. Milliseconds at the server, by the 95th of a
hundred; the plain JSON list of cases is asked in the same run as a measure of the machine.
"""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from flask.testing import FlaskClient

from adapter.bootstrap import load_knowledge, open_parts
from adapter.config import load_settings
from adapter.errors import Issue
from adapter.resource import dump_json
from adapter.store import open_store
from adapter.web import create_app
from tests.bench.cohort import make_registry

CASES, SENDINGS, TIMES = 100_000, 200_000, 40
FOLDER = Path("build/bench-pages")
_STATES = ("stored", "stored", "stored", "duplicate", "superseded", "quarantined")


def main() -> None:
    settings = load_settings({"CRMO_DATA": str(FOLDER), "CRMO_DATABASE_URL": f"sqlite:///{FOLDER}/registry.db"})
    knowledge = load_knowledge(settings)
    if not (FOLDER / "registry.db").exists():
        FOLDER.mkdir(parents=True, exist_ok=True)
        make_registry(FOLDER / "registry.db", CASES, knowledge)
        add_sendings(FOLDER / "registry.db")
    open_store(settings.database_url).close()
    with open_parts(settings, knowledge) as parts:
        client = create_app(parts).test_client()
        for figure in figures(client):
            print(json.dumps(figure))  # noqa: T201


def figures(client: FlaskClient) -> Iterator[dict[str, object]]:
    case_id = client.get("/cases?limit=1").get_json()["cases"][0]["case_id"]
    for address in ("/cases?limit=50", *addresses(case_id)):
        first = once(lambda address=address: client.get(address))  # type: ignore[misc]
        status = wait_for(client, address)
        times = sorted(once(lambda address=address: client.get(address)) for _ in range(TIMES))  # type: ignore[misc]
        p95 = times[int(0.95 * TIMES) - 1]
        yield {"page": address, "status": status, "first_ms": round(first, 1), "p95_ms": round(p95, 1)}


def wait_for(client: FlaskClient, address: str) -> int:
    """Its status once what it counts in the background has come."""
    while "data-refresh" in (answer := client.get(address)).text:
        time.sleep(1)
    return answer.status_code


def addresses(case_id: str) -> tuple[str, ...]:
    case = f"/ui/cases/{case_id}"
    lists = ("/", "/ui/inbox", "/ui/inbox?state=quarantined", "/ui/inbox/causes", "/ui/cases", "/ui/sources")
    filtered = ("/ui/cases?status=eligible", "/ui/cases?sex=female", f"/ui/cases?after={case_id}")
    others = ("/ui/cohort", "/ui/mapping", "/ui/validator", "/ui/audit", "/ui/people", "/ui/api")
    return (*lists, *filtered, case, f"{case}/versions", f"{case}/fhir", *others)


def once(act: Callable[[], object]) -> float:
    """Milliseconds."""
    started = time.perf_counter()
    act()
    return 1000 * (time.perf_counter() - started)


def add_sendings(file: Path) -> None:
    """Inbox entries in several states, with findings, from three hospitals."""
    with sqlite3.connect(file) as database:
        database.execute("PRAGMA synchronous=OFF")
        names = [row[1] for row in database.execute("PRAGMA table_info(inbox)")]
        seed = dict(zip(names, database.execute("SELECT * FROM inbox WHERE id = 'seed'").fetchone(), strict=True))
        row = f"INSERT INTO inbox ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})"  # noqa: S608
        database.executemany(row, ([*{**seed, **each}.values()] for each in sendings()))
        found = [(each["id"], number) for number, each in enumerate(sendings())]
        database.executemany("INSERT INTO issues VALUES (?, 0, ?, ?, 'mapping', ?)", (issue(*each) for each in found))
        database.executemany(
            "INSERT INTO unread VALUES (?, ?, 2)", ((name, f"Patient.part{n % 40}") for name, n in found)
        )
    database.close()


def issue(name: object, number: int) -> tuple[object, ...]:
    """An error for what is in quarantine, a remark for the rest."""
    severity = "error" if _STATES[number % len(_STATES)] == "quarantined" else "information"
    rule = f"bench:rule-{number % 60}"
    told = Issue(severity, "value", f"Bundle.entry[{number % 30}].resource", rule, "A rule of the bench.", "mapping")
    return name, severity, rule, dump_json(asdict(told)).decode()


def sendings() -> Iterator[dict[str, object]]:
    now = datetime.now(UTC)
    for number in range(SENDINGS):
        at = datetime.fromtimestamp(now.timestamp() - 60 * number, UTC).strftime("%Y-%m-%d %H:%M:%S.%f")
        yield {
            "id": f"sending-{number:06}",
            "state": _STATES[number % len(_STATES)],
            "source": f"chu-{number % 3}",
            "received_at": at,
            "content_hash": f"{number:064x}",
            "message_key": f"key-{number}",
        }


if __name__ == "__main__":
    main()
