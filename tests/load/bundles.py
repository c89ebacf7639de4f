"""What is sent under load: Bundles of thirty entries and about 32 kB, each of a child nobody has seen before."""

from __future__ import annotations

from typing import Any

from adapter.bootstrap import load_knowledge
from adapter.config import load_settings
from adapter.hospital.matching import patient_of
from adapter.resource import dump_json
from adapter.synthetic.hospital import make_population
from tests.sample_cases import make_case

Json = dict[str, Any]
ENTRIES, BYTES = 30, 32_000
BASE = "https://hospital.invalid/fhir"
_MARK = "0000000000"


class Bundles:
    """Makes the bytes of one Bundle after another; the same number gives the same bytes."""

    def __init__(self, run: str) -> None:
        """Shapes:  run  makes the children of this run others than those of every other run"""
        self._run = run
        self._parts = dump_json(_bundle()).split(_MARK.encode())

    def make(self, number: int) -> bytes:
        return f"{self._run}{number:0{len(_MARK) - len(self._run)}d}".encode().join(self._parts)


def _bundle() -> Json:
    knowledge = load_knowledge(load_settings({}))
    population = make_population([make_case(number) for number in range(40)], knowledge.mappings, seed=3)
    about: dict[str, list[Json]] = {}
    for resource in population.resources:
        about.setdefault(patient_of(resource) or "", []).append(resource)
    children = [held for patient, held in about.items() if patient and _is_a_child_of_ours(held)]
    held = max(children, key=lambda each: min(len(each), ENTRIES))
    held = sorted(held, key=lambda each: each["resourceType"] not in ("Patient", "Condition"))[:ENTRIES]
    old = next(each["id"] for each in held if each["resourceType"] == "Patient")
    entries = [_entry(each) for each in held]
    bundle: Json = {"resourceType": "Bundle", "type": "transaction", "entry": entries}
    text = dump_json(bundle).decode().replace(old, f"p-{_MARK}")
    found: Json = _parsed(text)
    patient = next(e["resource"] for e in found["entry"] if e["resource"]["resourceType"] == "Patient")
    patient["identifier"] = [{"system": "urn:oid:1.2.250.1.999.1.1", "value": f"IPP-{_MARK}"}]
    _fill_up(found)
    return found


def _is_a_child_of_ours(held: list[Json]) -> bool:
    return {"Patient", "Condition", "Observation", "ImagingStudy"} <= {each["resourceType"] for each in held}


def _entry(resource: Json) -> Json:
    kind = resource["resourceType"]
    url = f"{BASE}/{kind}/{resource['id']}"
    return {"fullUrl": url, "resource": resource, "request": {"method": "PUT", "url": f"{kind}/{resource['id']}"}}


def _fill_up(bundle: Json) -> None:
    """Narratives, as real servers send them, until the Bundle is as large as it should be."""
    lacking = (BYTES - len(dump_json(bundle))) // len(bundle["entry"])
    words = ("Ce dossier est imaginaire ; il n'y a pas d'enfant derrière. " * 20)[: max(lacking - 100, 0)]
    for entry in bundle["entry"] if words else ():
        div = f'<div xmlns="http://www.w3.org/1999/xhtml"><p>{words}</p></div>'
        entry["resource"]["text"] = {"status": "generated", "div": div}


def _parsed(text: str) -> Json:
    from adapter.resource import parse_json

    found, _ = parse_json(text.encode())
    return found  # type: ignore[no-any-return]
