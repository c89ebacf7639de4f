"""Programs that we did not write read the registry over HTTP, each with a token of its own: they get what is stored.

The registry asks everybody who he is (CRMO_ACCESS=required) and holds cases of two sites; the clients are of one. What
each got is compared with the rows of the database: exactly the same ids, none of the other site, none that was erased.

    python -m tests.interop.clients.run        after `make interop-clients` has put the clients under build/clients
"""

from __future__ import annotations

import gzip
import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from adapter import inbound
from adapter.bootstrap import load_knowledge, open_parts
from adapter.config import load_settings
from adapter.parts import Parts
from adapter.resource import dump_json
from adapter.store import inbox, keeping
from adapter.store.cases import CASES
from adapter.store.resources import LIVING, RESOURCES
from adapter.synthetic import synthesize
from adapter.tokens import make_key

HERE, BUILD = Path(__file__).parent, Path("build/clients").absolute()
MADE, SEED = 40, 11
NORTH, SOUTH = "north", "south"
OF_KNOWN_SEX = "Patients whose sex is known"
Found = dict[str, list[str]]


def fill(parts: Parts) -> None:
    """Cases of two sites; some were changed since, one was erased."""
    made = [case for case in synthesize(MADE, seed=SEED) if case.get("opposition") != "opposed"]
    for number, case in enumerate(made):
        source = NORTH if number % 3 else SOUTH
        assert inbound.receive_case(parts, dump_json(case), source).accepted
        if number % 5 == 1:
            changed = {**case, "patient": {**case["patient"], "sex": "female"}, "sequelae": []}
            assert inbound.receive_case(parts, dump_json(changed), source).accepted
    with parts.store.writing() as connection:
        keeping.erase(connection, made[1]["case_id"], parts.clock())


def stored(parts: Parts, *where: sa.ColumnElement[bool]) -> Found:
    """Ids of what is there of the one site, by a look at the table."""
    query = sa.select(RESOURCES.c.type, RESOURCES.c.id, RESOURCES.c.case_id, RESOURCES.c.body)
    query = query.join(CASES, CASES.c.case_id == RESOURCES.c.case_id).where(LIVING, *where)
    found: Found = {}
    with parts.store.reading() as connection:
        for type_, id_, case_id, body in connection.execute(query).all():
            if inbox.fed_by(connection, case_id, NORTH):
                found.setdefault(type_, []).append(id_)
                if body.get("gender") in ("female", "male"):
                    found.setdefault(OF_KNOWN_SEX, []).append(id_)
    return {type_: sorted(ids) for type_, ids in found.items()}


def register(folder: Path, data: Path) -> Path:
    """A client with keys of its own; the file is the client's, the service gets the public half."""
    now = datetime.now(UTC)
    keys, public = folder / "own-keys.jwks", folder / "public-keys.json"
    own = [make_key("ES384", now), make_key("RS384", now)]
    keys.write_text(json.dumps({"keys": [{**key.private(), "key_ops": ["sign"]} for key in own]}))
    keys.chmod(0o600)
    public.write_text(json.dumps({"keys": [key.public() for key in own]}))
    command = [sys.executable, "-m", "adapter", "--data", str(data), "clients", "add", NORTH]
    subprocess.run([*command, "--scope", "system/*.rs", "--key-set", str(public)], check=True)
    return keys


@contextmanager
def service(data: Path) -> Iterator[str]:
    """The service as an operator starts it, until the end of the block: its FHIR base."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    base = f"http://127.0.0.1:{port}"
    own = {"CRMO_DATA": str(data), "CRMO_PORT": str(port), "CRMO_ACCESS": "required", "CRMO_PUBLIC_URL": base}
    command = [sys.executable, "-m", "adapter", "serve"]
    with (data / "service.log").open("wb") as log:
        process = subprocess.Popen(command, env={**os.environ, **own}, stdout=log, stderr=log)
    try:
        _wait(f"{base}/readyz", process)
        yield f"{base}/fhir"
    finally:
        process.terminate()
        process.wait(60)


def _wait(address: str, process: subprocess.Popen[bytes]) -> None:
    for _ in range(900):
        try:
            urllib.request.urlopen(address, timeout=5).close()  # noqa: S310  # our own loopback address
            return
        except (urllib.error.URLError, OSError):
            if process.poll() is not None:
                raise SystemExit("the service ended at once: see service.log") from None
            time.sleep(0.1)
    raise SystemExit("the service does not answer")


def run_program(command: list[str], base: str, keys: Path, folder: Path) -> Found:
    out = folder / "came.json"
    subprocess.run([*command, base, NORTH, str(keys), str(out)], check=True, timeout=600)
    came: Found = json.loads(out.read_text())
    return came


def run_smart_fetch(base: str, keys: Path, folder: Path, *more: str) -> Found:
    """A bulk export into files, each line looked at."""
    target = folder / "fetched"
    shutil.rmtree(target, ignore_errors=True)
    own = ["--fhir-url", base, "--smart-client-id", NORTH, "--smart-key", str(keys)]
    command = [str(BUILD / "bin" / "smart-fetch"), "bulk", *own, "--no-default-filters", *more, str(target)]
    subprocess.run(command, check=True, timeout=600, stdout=subprocess.DEVNULL)
    found: Found = {}
    for file in target.glob("*.ndjson*"):
        if file.name.startswith("log."):
            continue
        text = gzip.decompress(file.read_bytes()) if file.suffix == ".gz" else file.read_bytes()
        for line in text.splitlines():
            resource: dict[str, Any] = json.loads(line)
            found.setdefault(resource["resourceType"], []).append(resource["id"])
    return found


def told(name: str, came: Found, there: Found, types: list[str]) -> bool:
    """One line for a client: what it got, and whether that is what there is."""
    wrong = [type_ for type_ in types if sorted(came.get(type_, [])) != there.get(type_, [])]
    wrong += [type_ for type_ in came if type_ not in types and came[type_]]
    count = sum(len(ids) for ids in came.values())
    line = {"client": name, "types": len(types), "resources": count, "same ids": not wrong, "wrong": wrong}
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()
    return not wrong


def main() -> int:
    folder = BUILD / "registry"
    shutil.rmtree(folder, ignore_errors=True)
    data = folder / "data"
    data.mkdir(parents=True)
    with open_parts(load_settings({"CRMO_DATA": str(data)}), load_knowledge(load_settings({}))) as parts:
        fill(parts)
        there, eligible = stored(parts), stored(parts, CASES.c.status == "eligible")
    of_known_sex = {"Patient": there.pop(OF_KNOWN_SEX)}
    keys = register(folder, data)
    python, six = str(BUILD / "bin" / "python"), [type_ for type_ in there if type_ != "Provenance"]
    # Types that smart-fetch knows of, of those the registry keeps.
    its = ["Patient", "Condition", "Procedure", "Observation"]
    held = []
    with service(data) as base:
        came = run_program([python, str(HERE / "run_fhirpy.py")], base, keys, folder)
        held.append(told("fhirpy 2.3.1, searches", came, there, six))
        came = run_program([python, str(HERE / "run_fhirclient.py")], base, keys, folder)
        but_one = [type_ for type_ in there if type_ != "MedicationStatement"]
        held.append(told("fhirclient 4.4.0, searches", came, there, but_one))
        came = run_program(["node", str(BUILD / "node" / "run_kit.mjs")], base, keys, folder)
        held.append(told("fhir-kit-client 2.0.3, searches", came, there, list(there)))
        came = run_smart_fetch(base, keys, folder)
        held.append(told("smart-fetch 1.0.3, bulk", came, there, its))
        came = run_smart_fetch(base, keys, folder, "--type", "Patient", "--type-filter", "Patient?gender=female,male")
        held.append(told("smart-fetch 1.0.3, bulk with a filter", came, of_known_sex, ["Patient"]))
        came = run_smart_fetch(base, keys, folder, "--group", "eligible")
        held.append(told("smart-fetch 1.0.3, bulk of the Group eligible", came, eligible, its))
    return 0 if all(held) else 1


if __name__ == "__main__":
    sys.exit(main())
