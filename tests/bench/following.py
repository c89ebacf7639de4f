"""What a day of changes costs: `python -m tests.bench.following [PATIENTS]`, requests since last against all.

One patient in a hundred is created, changed, poorer by a record, or merged. Nobody is judged: what is counted is what
the hospital is asked, and whether exactly those are collected whom a change concerns.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from adapter.errors import Json
from adapter.hospital import Patience, resolve_source
from adapter.hospital.client import open_hospital
from adapter.incremental import Memory, open_taking
from adapter.parts import Parts
from adapter.store import candidates
from adapter.synthetic.server import serve_resources
from tests.faults.ours import open_parts
from tests.moving_hospital import MovingHospital

NAME = "chu-imaginaire"
OBSERVATIONS = 4


def record(number: int) -> Iterator[Json]:
    about = {"subject": {"reference": f"Patient/p{number}"}}
    code = {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10", "code": "M86.3"}]}
    yield {"resourceType": "Patient", "id": f"p{number}"}
    yield {"resourceType": "Condition", "id": f"c{number}", **about, "code": code}
    for turn in range(OBSERVATIONS):
        yield {"resourceType": "Observation", "id": f"o{number}-{turn}", **about, "code": {"text": "CRP"}}


def move(hospital: MovingHospital, patients: int) -> set[str]:
    """A day's changes; returns the ids of those whom they concern."""
    each = max(1, patients // 400)
    concerned = set()
    for turn in range(each):
        for resource in record(patients + turn):
            hospital.put(resource)
        changed, poorer, replaced = turn, patients // 2 + turn, patients - 1 - 2 * turn
        hospital.put({**list(record(changed))[1], "onsetDateTime": "2016"})
        hospital.delete("Observation", f"o{poorer}-1")
        hospital.merge(f"p{replaced}", f"p{replaced - 1}")
        concerned |= {f"p{number}" for number in (patients + turn, changed, poorer, replaced, replaced - 1)}
    return concerned


def take(parts: Parts, hospital: MovingHospital, base: str, pull_id: str, since: str) -> tuple[int, set[str]]:
    """One pull without judgement: how often the hospital was asked, and who was collected."""
    source, memory = replace(resolve_source(base, {}), name=NAME), Memory(parts, NAME)
    hospital.asked.clear()
    with open_hospital(source, parts.secret, Patience()) as opened:
        taking = open_taking(parts, opened, pull_id, since, memory)
        taking.take(lambda stage: True)
        asked = len(hospital.asked)
        with parts.store.reading() as connection:
            found = candidates.waiting(connection, pull_id)
        for patient in found:
            memory.keep(pull_id, patient, taking.of(patient).resources, None)
        if served_at := taking.served_at():
            memory.begin(pull_id, served_at)
        memory.end(pull_id, taking.begin, complete=True)
    return asked, set(found)


def main() -> None:
    patients = int(sys.argv[1]) if len(sys.argv) > 1 else 2000
    hospital = MovingHospital(resource for number in range(patients) for resource in record(number))
    with (
        tempfile.TemporaryDirectory() as folder,
        open_parts(Path(folder)) as parts,
        serve_resources(hospital) as base,
    ):
        full, _ = take(parts, hospital, base, "full", "all")
        concerned = move(hospital, patients)
        asked, found = take(parts, hospital, base, "incremental", "last")
    told = {"patients": patients, "full": full, "incremental": asked, "share": round(asked / full, 4)}
    sys.stdout.write(json.dumps({**told, "concerned": len(concerned), "found_exactly": found == concerned}) + "\n")


if __name__ == "__main__":
    main()
