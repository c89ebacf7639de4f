"""One patient's resources on their way from the registry's clean FHIR to a hospital's.

Takes from: canonical, errors.  Gives to: the other files of this room.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from typing import Any, TypeVar

from adapter.canonical import code_system
from adapter.errors import Json

T = TypeVar("T")

OBSERVATION = code_system("crmo-observation")
SCT = "http://snomed.info/sct"
ICD10 = "http://hl7.org/fhir/sid/icd-10"
CIM10 = "https://smt.esante.gouv.fr/terminologie-cim-10"
DCM = "http://dicom.nema.org/resources/ontology/DCM"
CONDITION_CATEGORY = "http://terminology.hl7.org/CodeSystem/condition-category"
VER_STATUS = "http://terminology.hl7.org/CodeSystem/condition-ver-status"


class Turns:
    """Lets every spelling have its turn: a topic's options come round in a circle that starts by chance."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self._next: dict[str, int] = {}

    def take(self, topic: str, options: Sequence[T]) -> T:
        place = self._next.setdefault(topic, self._rng.randrange(len(options)))
        self._next[topic] = place + 1
        return options[place % len(options)]


class Dossier:
    """The Patient and what belongs to it.

    Shapes:  number  counts the patients of the hospital, from 1
             base    address under which the hospital would publish itself
    """

    def __init__(self, number: int, patient: Json, resources: list[Json], turns: Turns, rng: random.Random) -> None:
        self.number, self.patient, self.resources = number, patient, resources
        self.turns, self.rng = turns, rng

    @property
    def patient_id(self) -> str:
        return str(self.patient["id"])

    def all(self) -> list[Json]:
        return [self.patient, *self.resources]

    def of(self, type_: str) -> list[Json]:
        return [each for each in self.resources if each["resourceType"] == type_]

    def observed(self, *codes: str) -> Iterator[Json]:
        """Observations under one of the registry's own codes."""
        for each in self.of("Observation"):
            if any(coding.get("system") == OBSERVATION and coding.get("code") in codes for coding in codings(each)):
                yield each

    def add(self, type_: str, **elements: Any) -> Json:
        """A further resource about this patient. `subject` is set; an element given as None is left out."""
        resource = {"resourceType": type_, "id": self.new_id(), "subject": self.subject(), **elements}
        resource = {name: value for name, value in resource.items() if value is not None}
        self.resources.append(resource)
        return resource

    def subject(self) -> Json:
        return {"reference": f"Patient/{self.patient_id}"}

    def new_id(self) -> str:
        return f"{self.rng.getrandbits(48):012x}"

    def take(self, topic: str, options: Sequence[T]) -> T:
        return self.turns.take(topic, options)


def concept(system: str, code: str, display: str = "", text: str = "") -> Json:
    coding = {"system": system, "code": code} | ({"display": display} if display else {})
    return {"coding": [coding]} | ({"text": text} if text else {})


def codings(resource: Json, element: str = "code") -> list[Json]:
    found = (resource.get(element) or {}).get("coding", [])
    return list(found)


def code_in(resource: Json, system: str, element: str = "code") -> str:
    """The code an element has in a system; "" without one."""
    return next((coding["code"] for coding in codings(resource, element) if coding.get("system") == system), "")


def ver_status(code: str) -> Json:
    return concept(VER_STATUS, code)
