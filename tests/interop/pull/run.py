"""One hospital in several servers, pulled from each with the same command: the same resources and decisions must come.

The population is synthetic. The measure is our own small server; the others are not ours. What comes is compared by a
hash of each resource without `meta`, which belongs to the server. RESULTS.md says what held and what did not.

    python -m tests.interop.pull.run [NAME ...]
"""

from __future__ import annotations

import hashlib
import json
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from adapter.bootstrap import load_knowledge, open_parts
from adapter.config import load_settings
from adapter.demo import SEED
from adapter.examining import examine_source, explain_profile
from adapter.forecast import forecast_pull
from adapter.hospital import Search, Source, resolve_source
from adapter.parts import Knowledge, Parts
from adapter.pull import run_pull, start_pull
from adapter.store import cases, inbox
from adapter.synthetic import look_alikes, published_cohort
from adapter.synthetic.hospital import make_population
from adapter.synthetic.server import FhirServer, serve_resources
from tests.interop.pull.servers import SERVERS, Server, run_server

Json = dict[str, Any]
RESULTS = Path(__file__).parent / "RESULTS.md"
NAME = "interop"
IN_A_BUNDLE = 20


@dataclass
class Pulled:
    """What came of one server.

    Shapes:  exact    "Type/id" -> hash of the resource as it came, without meta
             plain    the same, with 1.50 and 1.5 taken for one number
             decided  case id -> decision
    """

    name: str
    origin: str
    report: Json
    forecast: Json
    findings: list[tuple[str, str, str]]
    exact: dict[str, str]
    plain: dict[str, str]
    decided: dict[str, str]
    seconds: float


def population(knowledge: Knowledge) -> list[Json]:
    made = [*published_cohort("SA", SEED), *(case for case, _ in look_alikes(SEED))]
    return make_population(made, knowledge.mappings, SEED).resources


def load(base: str, resources: list[Json]) -> None:
    """Put everything into a server, whoever is pointed at first."""
    order = ["Patient", "Medication"]
    ordered = sorted(resources, key=lambda each: each["resourceType"] not in order)
    for start in range(0, len(ordered), IN_A_BUNDLE):
        entries = [
            {"resource": each, "request": {"method": "PUT", "url": f"{each['resourceType']}/{each['id']}"}}
            for each in ordered[start : start + IN_A_BUNDLE]
        ]
        bundle = {"resourceType": "Bundle", "type": "transaction", "entry": entries}
        request = urllib.request.Request(  # noqa: S310  # our own loopback address
            base,
            json.dumps(bundle, default=float).encode(),
            {"Content-Type": "application/fhir+json"},
        )
        try:
            with urllib.request.urlopen(request, timeout=300) as answer:  # noqa: S310
                ended = json.loads(answer.read())
        except urllib.error.HTTPError as error:
            raise RuntimeError(f"a transaction was refused: {error.read()[:300]!r}") from None
        refused = [each for each in ended["entry"] if not each["response"]["status"].startswith("2")]
        if refused:
            raise RuntimeError(f"not loaded: {refused[:2]}")


@contextmanager
def fresh_parts(knowledge: Knowledge, base: str) -> Iterator[Parts]:
    """A registry of its own; one key for all, so that one child has one pseudonym."""
    with tempfile.TemporaryDirectory() as folder:
        key = Path(folder, "keys", "pseudonym.json")
        key.parent.mkdir(mode=0o700)
        key.write_text(json.dumps({"id": "interop", "secret": "5a" * 32}))
        key.chmod(0o600)
        with open_parts(load_settings({"CRMO_DATA": folder}), knowledge) as parts:
            yield replace(parts, sources={NAME: source_at(base)})


def source_at(base: str) -> Source:
    source = resolve_source(base, {})
    uncoded = Search("Condition", {"code": ("R69",)})
    return replace(source, name=NAME, candidates=(*source.candidates, uncoded))


def pull(knowledge: Knowledge, base: str, name: str, origin: str) -> Pulled:
    with fresh_parts(knowledge, base) as parts:
        findings = list(explain_profile(*examine_source(parts, NAME)))
        forecast = forecast_pull(parts, NAME)
        started = time.monotonic()
        report = run_pull(parts, start_pull(parts, NAME))
        seconds = time.monotonic() - started
        came = list(received(parts))
        with parts.store.reading() as connection:
            decided = {case["case_id"]: (decision or {})["status"] for case, decision in cases.current(connection)}
    exact = {key(each): digest(each, Exact) for each in came}
    plain = {key(each): digest(each, float) for each in came}
    return Pulled(name, origin, report, forecast, findings, exact, plain, decided, seconds)


def received(parts: Parts) -> Iterator[Json]:
    """Every resource as it was handed on by the pull, digits and all."""
    with parts.store.reading() as connection:
        for entry in inbox.entries(connection, limit=10_000):
            raw = inbox.read_raw(connection, entry.id, parts.seals)
            bundle = json.loads(raw or b"{}", parse_float=Exact)
            yield from (each["resource"] for each in bundle.get("entry", []))


class Exact(float):
    """A decimal that remembers how it was written."""

    def __new__(cls, text: Any) -> Exact:
        made = super().__new__(cls, text)
        made.text = str(text)  # type: ignore[attr-defined]
        return made


def key(resource: Json) -> str:
    return f"{resource['resourceType']}/{resource['id']}"


def digest(resource: Json, number: type) -> str:
    return hashlib.sha256(canonical({k: v for k, v in resource.items() if k != "meta"}, number).encode()).hexdigest()


def canonical(value: Any, number: type) -> str:
    if isinstance(value, dict):
        return "{" + ",".join(f"{json.dumps(k)}:{canonical(value[k], number)}" for k in sorted(value)) + "}"
    if isinstance(value, list):
        return "[" + ",".join(canonical(each, number) for each in value) + "]"
    if isinstance(value, float) and number is Exact:
        return str(getattr(value, "text", value))
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return repr(float(value))
    return json.dumps(value)


def differences(ours: dict[str, str], theirs: dict[str, str]) -> tuple[int, int, Counter[str]]:
    """Missing, further, and types of those that differ."""
    differ = Counter(name.partition("/")[0] for name in ours.keys() & theirs.keys() if ours[name] != theirs[name])
    return len(ours.keys() - theirs.keys()), len(theirs.keys() - ours.keys()), differ


def main(names: list[str]) -> int:
    knowledge = load_knowledge(load_settings({}))
    resources = population(knowledge)
    with serve_resources(FhirServer(resources)) as base:
        pulled = [pull(knowledge, base, "ours", "adapter.synthetic.server, the measure")]
    failed: dict[str, str] = {}
    for server in SERVERS:
        if names and server.name.lower() not in names:
            continue
        try:
            pulled.append(pull_server(knowledge, server, resources))
        except (RuntimeError, OSError) as error:
            failed[server.name] = str(error)
    text = render(len(resources), pulled, failed)
    sys.stdout.write(text)
    if not names:
        RESULTS.write_text(text, encoding="utf-8")
    same = [same_set(pulled[0], each) for each in pulled[1:]]
    return 0 if len(same) >= 2 and all(same) else 1


def pull_server(knowledge: Knowledge, server: Server, resources: list[Json]) -> Pulled:
    sys.stderr.write(f"{server.name}: start, load, doctor, pull\n")
    with run_server(server) as base:
        load(base, resources)
        return pull(knowledge, base, server.name, server.origin)


def same_set(ours: Pulled, theirs: Pulled) -> bool:
    """The same resources, up to how a number is spelled, and the same decisions; nothing missing."""
    return (ours.plain, ours.decided) == (theirs.plain, theirs.decided) and theirs.report["state"] == "complete"


def render(number: int, pulled: list[Pulled], failed: dict[str, str]) -> str:
    from tests.interop.pull.report import render_results

    return render_results(number, pulled, failed)


if __name__ == "__main__":
    sys.exit(main([each.lower() for each in sys.argv[1:]]))
