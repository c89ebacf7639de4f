"""Whoever objects to research is not collected: looked at when the Patients are here, before anything else is asked.

Takes from: errors, hospital, parts, store, handing.  Gives to: plan.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from adapter.crawl.handing import Handed, Taken
from adapter.hospital import Source
from adapter.hospital.matching import patient_of
from adapter.hospital.opposition import Opposition
from adapter.parts import Parts
from adapter.store import Connection, candidates, units
from adapter.store.units import Stage

_LOOKED_AT: tuple[Stage, ...] = ("patients", "consents")
_UNSURE = "Consent: {problem}"


@dataclass
class _Sorted:
    """Shapes:  unsure  patient -> why nobody knows whether he objects"""

    clear: list[str] = field(default_factory=list)
    opposed: list[str] = field(default_factory=list)
    unsure: dict[str, str] = field(default_factory=dict)


def find_unopposed(parts: Parts, source: Source, pull_id: str) -> list[str]:
    """Who may be collected. The others are settled: opposed, or failed where the wish could not be read in full.

    Errors:  ConfigError when the source's list of objections cannot be read
    """
    opposition = source.opposition
    with parts.store.reading() as connection:
        if opposition is None:
            return candidates.everybody(connection, pull_id)
        found = _sort(connection, parts, source, opposition, pull_id)
    with parts.store.writing() as connection:
        for patient in found.opposed:
            candidates.settle(connection, pull_id, patient, "opposed")
        for patient, problem in found.unsure.items():
            candidates.settle(connection, pull_id, patient, "failed", problem)
    return found.clear


def _sort(connection: Connection, parts: Parts, source: Source, opposition: Opposition, pull_id: str) -> _Sorted:
    found = _Sorted()
    asked = units.ended(connection, pull_id, "consents")
    proven = {patient for unit in asked if unit.state == "complete" for patient in unit.patients or ()}
    problems = {patient: unit.problem for unit in asked if unit.state != "complete" for patient in unit.patients or ()}
    taken = Taken(connection, parts, pull_id, source.base, _LOOKED_AT)
    for patient in candidates.waiting(connection, pull_id):
        if opposition.asks_consents and patient not in proven:
            found.unsure[patient] = _UNSURE.format(problem=problems.get(patient) or "was not answered")
            continue
        handed = taken.of(connection, patient, "")
        # A Patient who could not be read says nothing about his wish; he is told as missing when all are judged.
        if handed.problem:
            continue
        (found.opposed if _objects(opposition, handed, patient, parts.today()) else found.clear).append(patient)
    return found


def _objects(opposition: Opposition, handed: Handed, patient: str, day: date) -> bool:
    consents = [each for key, each in handed.resources.items() if key.startswith("Consent/")]
    mine = [each for each in consents if patient_of(each) == patient]
    return bool(opposition.verdict(handed.resources[f"Patient/{patient}"], mine, day))
