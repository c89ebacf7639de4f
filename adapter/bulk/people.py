"""Who is a candidate, and who is whose other self: hospitals merge patients and say so by links.

Takes from: errors, hospital, store.  Gives to: the other rooms of bulk.
Source: https://hl7.org/fhir/R4/patient.html#links
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from adapter.errors import Json
from adapter.hospital.matching import patient_of
from adapter.store import Connection, exported

_NAMED = b"Patient/"


@dataclass
class People:
    """Who is a candidate, under the id that stays when the hospital merged patients.

    Shapes:  merged  replaced patient -> the one that stays, as the server linked them
    """

    candidates: frozenset[str]
    merged: Mapping[str, str]

    def staying(self, patient: str) -> str:
        """The one under whom a patient's records are now."""
        seen = {patient}
        while (following := self.merged.get(patient)) and following not in seen:
            patient = following
            seen.add(patient)
        return patient

    def is_strangers(self, subject: Any) -> bool:
        """Does it name somebody who is no candidate, in the plain way that nearly every line uses?"""
        reference = subject.get("reference") if subject.__class__ is dict else None
        return reference.__class__ is str and reference not in self._by_reference and reference.count("/") == 1

    def may_own(self, line: bytes) -> bool:
        """False only for a line in which one patient is named, by reference and without escapes, and is a stranger."""
        at = line.find(_NAMED)
        if at < 0 or b"\\" in line or line.find(_NAMED, at + len(_NAMED)) >= 0:
            return True
        named = line[at + len(_NAMED) : line.find(b'"', at)]
        return named in self._bytes or b"/" in named

    def owner(self, resource: Json) -> str | None:
        """The candidate a resource is about; "" when it is about nobody and may be pointed at; None when not ours."""
        subject = resource.get("subject")
        reference = subject.get("reference") if subject.__class__ is dict else None
        if reference in self._by_reference:
            return self._by_reference[reference]
        if self.is_strangers(subject):
            return None
        if resource["resourceType"] == "Medication":
            return ""
        patient = patient_of(resource)
        staying = self.staying(patient)
        if staying not in self.candidates or (resource["resourceType"] == "Patient" and patient != staying):
            return None
        return staying

    @cached_property
    def _bytes(self) -> frozenset[bytes]:
        return frozenset(each.encode() for each in (*self.candidates, *self.merged))

    @cached_property
    def _by_reference(self) -> dict[str, str]:
        """The plain way to name a patient, which nearly every line uses."""
        selves = {each: self.staying(each) for each in (*self.candidates, *self.merged)}
        return {f"Patient/{each}": staying for each, staying in selves.items() if staying in self.candidates}


def read_people(connection: Connection, pull_id: str) -> People:
    """The candidates found so far."""
    merged = exported.merged(connection, pull_id)
    found = People(frozenset(), merged)
    return People(frozenset(found.staying(each) for each in exported.candidates(connection, pull_id)), merged)


def merged_patients(patient: Json) -> Iterator[tuple[str, str]]:
    """(replaced, staying) of a Patient's links, by id."""
    links = patient.get("link")
    for link in links if isinstance(links, list) else []:
        other = link.get("other") if isinstance(link, dict) else None
        id_ = patient_of({"subject": other})
        if id_ and link.get("type") == "replaced-by":
            yield patient["id"], id_
        elif id_ and link.get("type") == "replaces":
            yield id_, patient["id"]
