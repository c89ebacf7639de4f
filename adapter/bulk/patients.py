"""Each candidate's record, put together again out of the export's files.

Takes from: errors, resource, hospital, store, bulk.desk, bulk.people.  Gives to: pull.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from adapter.bulk.desk import Desk
from adapter.bulk.people import read_people
from adapter.errors import Json, RemoteError
from adapter.hospital.client import is_id
from adapter.hospital.matching import patient_of
from adapter.hospital.patients import Collected, with_centre
from adapter.hospital.politeness import QuietHour
from adapter.resource import parse_json
from adapter.store import exported

_ANY_SIZE = 1 << 30


def find_exported(desk: Desk) -> dict[str, bool]:
    """Ids of the candidates, in order, and whether their record was handed over before an interruption."""
    with desk.store.reading() as connection:
        people = read_people(connection, desk.pull_id)
        settled = exported.candidates(connection, desk.pull_id)
    selves: dict[str, list[str]] = {}
    for each in settled:
        selves.setdefault(people.staying(each), []).append(each)
    return {patient: all(settled[each] for each in selves[patient]) for patient in sorted(selves)}


def collect_exported(desk: Desk, patient: str) -> Collected:
    """Everything the export holds about a candidate, and the drugs it points at.

    Exports by patient or group leave drugs out, which are nobody's: those are read one by one.

    Errors:  QuietHour
    """
    with desk.store.reading() as connection:
        kept = exported.kept_of(connection, desk.pull_id, [patient])
        found = {each.key: _opened(desk, each) for each in kept}
        drugs = exported.kept_by_key(connection, desk.pull_id, sorted(_drugs(found.values())))
    found |= {each.key: _opened(desk, each) for each in drugs}
    try:
        found |= dict(_read_drugs(desk, sorted(set(_drugs(found.values())) - set(found))))
    except QuietHour:
        raise
    except RemoteError as error:
        return Collected(problem=f"Medication: {error}")
    if unreadable := sorted(key.partition("/")[0] for key, resource in found.items() if resource is None):
        return Collected(problem=f"{unreadable[0]}: a line of the export that breaks the rules of JSON")
    resources = {_split(key): resource for key, resource in found.items() if resource}
    if ("Patient", patient) not in resources:
        return Collected(problem="the export holds a diagnosis of a patient and not the Patient")
    resources["Patient", patient] = with_centre(resources["Patient", patient], desk.source.centre)
    return Collected({key: _about(resource, patient) for key, resource in resources.items()})


def settle(desk: Desk, patient: str) -> None:
    """The record was received: it is not handed over again, and not kept here."""
    with desk.store.writing() as connection:
        people = read_people(connection, desk.pull_id)
        selves = [each for each in exported.candidates(connection, desk.pull_id) if people.staying(each) == patient]
        exported.settle(connection, desk.pull_id, [*selves, patient])


def _opened(desk: Desk, kept: exported.Kept) -> Json | None:
    """With every digit: only now is it read to be kept. None when it says a thing twice, or has absurd numbers."""
    line = desk.seals.unseal(kept.body, f"{desk.pull_id}/{kept.key}", kept.seal)
    resource, _ = parse_json(line, max_bytes=_ANY_SIZE)
    return resource if isinstance(resource, dict) else None


def _read_drugs(desk: Desk, keys: Iterable[str]) -> Iterator[tuple[str, Json]]:
    """Those that the server has; a drug that is not there is data."""
    for key in keys:
        type_, id_ = _split(key)
        resource = desk.read(type_, id_) if type_ == "Medication" and is_id(id_) else None
        if resource:
            yield key, resource


def _split(key: str) -> tuple[str, str]:
    type_, _, id_ = key.partition("/")
    return type_, id_


def _drugs(resources: Iterable[Json | None]) -> Iterator[str]:
    for resource in resources:
        named: Any = resource.get("medicationReference") if resource else None
        reference = named.get("reference") if isinstance(named, dict) else None
        if isinstance(reference, str):
            yield "/".join(reference.split("/_history/")[0].split("/")[-2:])


def _about(resource: Json, patient: str) -> Json:
    """What is still filed under a patient who was merged into this one is this one's: the server's link says so."""
    named = patient_of(resource)
    if resource["resourceType"] == "Patient" or named in ("", patient):
        return resource
    element = "subject" if resource.get("subject") else "patient"
    return resource | {element: {"reference": f"Patient/{patient}"}}
