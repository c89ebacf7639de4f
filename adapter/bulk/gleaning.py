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
# Files whose lines may name one patient and be about somebody else, or nobody.
_OTHERS_NAMED = ("", "Patient", "Medication")


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
        types = {search.type for search in desk.source.candidates}
        self._tests = {
            type_: make_test([search for search in desk.source.candidates if search.type == type_]) for type_ in types
        }

    def glean(self, lines: list[bytes], type_: str, before: int, host: str) -> Gleaned:
        """Shapes:  type_   what the manifest says is in the file; "" for a file that mixes types
                 before  number of lines that came before these, for the message
        Errors:  RemoteTransientError with the line's number: a cut file or a log-in page looks the same and may pass
        """
        found, keys = Gleaned(), list[str]()
        look = self._look_for_people if self._people is None else self._keep
        try:
            for line, resource in zip(lines, parse_lines(lines), strict=False):
                if resource.__class__ is not dict:
                    break
                named, id_ = resource.get("resourceType"), resource.get("id")
                if not type_ and named == _HEADER:
                    found.headers += 1
                    continue
                # Of no type, of another one than the manifest says, or without an id: no line of this file.
                if named != type_ and (type_ or named.__class__ is not str):
                    break
                if id_.__class__ is not str or not id_:
                    break
                keys.append(f"{named}/{id_}")
                look(line, resource, named, found)
        except ValueError:
            pass
        seen = len(keys) + found.headers
        if seen < len(lines):
            told = f"line {before + seen + 1} of a file of {type_ or 'mixed types'} is no such resource"
            raise RemoteTransientError(told, host)
        found.marks = b"".join([blake2b(key.encode(), digest_size=MARK_BYTES).digest() for key in keys])
        return found

    def sift(self, lines: list[bytes], type_: str) -> list[exported.Kept]:
        """The candidates' resources among lines that were checked before."""
        found, people = Gleaned(), self._people
        skips = people is not None and type_ not in _OTHERS_NAMED
        ours = [line for line in lines if people.may_own(line)] if people and skips else lines
        for line, resource in zip(ours, parse_lines(ours), strict=True):
            self._keep(line, resource, resource["resourceType"], found)
        return found.kept

    def _look_for_people(self, _: bytes, resource: Json, type_: str, found: Gleaned) -> None:
        test = self._tests.get(type_)
        if type_ == "Patient" and "link" in resource:
            found.merged += merged_patients(resource)
        elif test and test(resource):
            found.candidates.add(patient_of(resource))
        if self._desk.watch and self._desk.watch(patient := patient_of(resource)):
            found.candidates.add(patient)

    def _keep(self, line: bytes, resource: Json, _: str, found: Gleaned) -> None:
        people = self._people
        if people is None or people.is_strangers(resource.get("subject")):
            return
        patient = people.owner(resource)
        if patient is not None and self._desk.is_collected(resource):
            found.kept.append(self._sealed(patient, line, resource))

    def _sealed(self, patient: str, line: bytes, resource: Json) -> exported.Kept:
        key, seals = f"{resource['resourceType']}/{resource['id']}", self._desk.seals
        body = seals.seal(line, f"{self._desk.pull_id}/{key}")
        return exported.Kept(key, patient, _version(resource), seals.key_id, body)


def lines_of(raw: bytes) -> list[bytes]:
    """The lines of some bytes; blank ones are left out, JSON does not mind a carriage return."""
    return [line for line in raw.split(b"\n") if line and not line.isspace()]


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
        kept = gleaner.sift(lines_of(desk.seals.unseal(body, bound_to(file, offset), seal)), file.type)
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
