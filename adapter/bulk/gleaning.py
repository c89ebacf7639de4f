"""What a batch of lines says: that each is a resource, which ones, who is a candidate, what is ours. One look at each.

A line is parsed, looked at and let go before the next one: memory holds one resource and the lines' bytes.

Takes from: errors, hospital, resource, store, bulk.desk, bulk.people.  Gives to: bulk.reading, bulk.sifting.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any

from adapter.bulk.desk import Desk
from adapter.bulk.people import People, merged_patients
from adapter.errors import Json, RemoteTransientError
from adapter.hospital.matching import make_test, patient_of
from adapter.resource import parse_lines
from adapter.store import Connection, bulk, exported

MARK_BYTES = 8
# Above each patient's block in a file that is organised by patient (3.0).
_HEADER = "Parameters"


@dataclass
class Gleaned:
    """What a batch holds.

    Shapes:  marks       eight bytes for each resource: enough to see that one came twice
             headers     lines that are no resource of the export
             candidates  ids of patients with a diagnosis that the source asks for
             merged      (replaced patient, the one that stays)
             kept        candidates' resources
    """

    marks: bytes = b""
    headers: int = 0
    candidates: set[str] = field(default_factory=set)
    merged: list[tuple[str, str]] = field(default_factory=list)
    kept: list[exported.Kept] = field(default_factory=list)

    def write(self, connection: Connection, pull_id: str) -> None:
        """All but the marks, which stand beside the batch."""
        exported.name_candidates(connection, pull_id, sorted(self.candidates - {""}))
        exported.name_merged(connection, pull_id, self.merged)
        exported.keep(connection, pull_id, self.kept)


class Gleaner:
    """Looks at the lines of one export.

    Shapes:  people  None while it is not known who is a candidate: then candidates are looked for, and nothing is kept
    """

    def __init__(self, desk: Desk, people: People | None) -> None:
        self._desk, self._people = desk, people
        tests: dict[str, list[Any]] = {}
        for search in desk.source.candidates:
            tests.setdefault(search.type, []).append(make_test(search))
        self._tests = tests

    def glean(self, lines: list[bytes], type_: str, before: int, host: str) -> Gleaned:
        """Shapes:  type_   what the manifest says is in the file; "" for a file that mixes types
                 before  number of lines that came before these, for the message
        Errors:  RemoteTransientError with the line's number: a cut file or a log-in page looks the same and may pass
        """
        found, marks, seen = Gleaned(), [], 0
        look = self._look_for_people if self._people is None else self._keep
        try:
            for line, resource in zip(lines, parse_lines(lines), strict=False):
                named, id_ = _name(resource, type_)
                if named == _HEADER and not type_:
                    found.headers += 1
                elif id_:
                    marks.append(blake2b(f"{named}/{id_}".encode(), digest_size=MARK_BYTES).digest())
                    look(line, resource, found)
                else:
                    break
                seen += 1
        except ValueError:
            pass
        if seen < len(lines):
            told = f"line {before + seen + 1} of a file of {type_ or 'mixed types'} is no such resource"
            raise RemoteTransientError(told, host)
        found.marks = b"".join(marks)
        return found

    def sift(self, lines: list[bytes]) -> list[exported.Kept]:
        """The candidates' resources among lines that were checked before."""
        found = Gleaned()
        for line, resource in zip(lines, parse_lines(lines), strict=True):
            self._keep(line, resource, found)
        return found.kept

    def _look_for_people(self, _: bytes, resource: Json, found: Gleaned) -> None:
        type_ = resource["resourceType"]
        if type_ == "Patient" and "link" in resource:
            found.merged += merged_patients(resource)
        elif type_ in self._tests and any(test(resource) for test in self._tests[type_]):
            found.candidates.add(patient_of(resource))
        if self._desk.watch and self._desk.watch(patient := patient_of(resource)):
            found.candidates.add(patient)

    def _keep(self, line: bytes, resource: Json, found: Gleaned) -> None:
        if self._people is None:
            return
        patient = self._people.owner(resource)
        if patient is not None and self._desk.is_collected(resource):
            found.kept.append(self._sealed(patient, line, resource))

    def _sealed(self, patient: str, line: bytes, resource: Json) -> exported.Kept:
        key, seals = f"{resource['resourceType']}/{resource['id']}", self._desk.seals
        body = seals.seal(line, f"{self._desk.pull_id}/{key}")
        return exported.Kept(key, patient, _version(resource), seals.key_id, body)


def lines_of(raw: bytes) -> list[bytes]:
    """The lines of some bytes; blank ones are left out, JSON does not mind a carriage return."""
    return [line for line in raw.split(b"\n") if line and not line.isspace()]


def _name(resource: Any, type_: str) -> tuple[str, str]:
    """(type, id) of a resource; an empty id for what is none, or not of the type that was told."""
    if resource.__class__ is not dict:
        return "", ""
    named, id_ = resource.get("resourceType"), resource.get("id")
    if named.__class__ is not str or (type_ and named != type_):
        return "", ""
    return named, id_ if id_.__class__ is str else ""


def _version(resource: Json) -> str:
    """Sorts as versions do: by number where the server counts, then by time."""
    meta: Any = resource.get("meta")
    meta = meta if isinstance(meta, dict) else {}
    number, updated = str(meta.get("versionId", "")), str(meta.get("lastUpdated", ""))
    return f"{int(number) if number.isdecimal() and len(number) < 20 else 0:020d} {updated}"[:80]


def sift(desk: Desk, people: People) -> None:
    """Go through the lines that were kept before it was known who is a candidate; the others' are let go."""
    gleaner = Gleaner(desk, people)
    for file, offset, seal, body in _waiting(desk):
        kept = gleaner.sift(lines_of(desk.seals.unseal(body, bound_to(file, offset), seal)))
        with desk.store.writing() as connection:
            exported.keep(connection, desk.pull_id, kept)
            bulk.sifted(connection, file, offset)


def _waiting(desk: Desk) -> Iterator[tuple[bulk.File, int, str, bytes]]:
    while True:
        with desk.store.reading() as connection:
            found = bulk.next_unsifted(connection, desk.pull_id)
        if found is None:
            return
        yield found


def bound_to(file: bulk.File, offset: int) -> str:
    """Where the lines of a batch belong; sealed lines open nowhere else."""
    return f"{file.pull_id}/{file.number}/{offset}"
