"""A registry with something on every page, served over HTTP for a real browser: pulled, pushed, quarantined, judged."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from werkzeug.serving import make_server

from adapter.access.commands import write_down
from adapter.credentials import hash_password
from adapter.parts import Parts
from adapter.pull import run_pull, start_pull
from adapter.store import people
from adapter.synthetic import look_alikes, published_cohort
from adapter.synthetic.hospital import make_population
from adapter.synthetic.server import FhirServer, serve_resources
from adapter.web import create_app
from tests.sample_bundles import make_bundle

LOGIN, PASSWORD = "anne", "an untold word of hers"
SEED = 7


def fill(parts: Parts, *, children: int = 8) -> None:
    """A pull that is complete, one that cannot be; Bundles that are stored, quarantined, unreadable."""
    made = [*published_cohort("SA", SEED)[:children], *(case for case, _ in look_alikes(SEED)[:children])]
    population = make_population(made, parts.knowledge.mappings, SEED)
    with serve_resources(FhirServer(population.resources)) as base:
        parts.sources.add({"source": "chu-imaginaire", "base": base})  # type: ignore[attr-defined]
        run_pull(parts, start_pull(parts, "chu-imaginaire"))
    send(parts, "direct", pushes())


def send(parts: Parts, source: str, bodies: Iterable[bytes]) -> None:
    application = create_app(parts)
    client = application.test_client()
    for body in bodies:
        client.post("/fhir", data=body, content_type="application/fhir+json", headers={"X-CRMO-Source": source})
    application.extensions["background"].shutdown()


def pushes() -> Iterator[bytes]:
    yield json.dumps(make_bundle()).encode()
    yield json.dumps(make_bundle()).encode()
    yield b'{"resourceType": "Bundle", "type": "transaction", "entry": [{"resource": {"resourceType": "Patient"'
    yield json.dumps({"resourceType": "Bundle", "type": "letter"}).encode()


def let_in(parts: Parts, login: str = LOGIN, role: str = "admin") -> None:
    with parts.store.writing() as connection:
        person = people.Person(login, role, hash_password(PASSWORD), None, None, 0, parts.clock(), None)
        people.add(connection, person)
        write_down(parts, connection, "people add")


@contextmanager
def serving(parts: Parts) -> Iterator[str]:
    """Base address of the service, which asks who everybody is."""
    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    application = create_app(parts, ask_who=True)
    server = make_server("127.0.0.1", 0, application, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
        application.extensions["background"].shutdown()
