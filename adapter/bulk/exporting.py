"""One export from its kick-off to the proof, and its end.

A job that the server has forgotten (404, 410), or whose files it no longer gives out, is asked for again.

Takes from: errors, hospital, store, the other rooms of bulk.  Gives to: pull, incremental.
Source: https://hl7.org/fhir/uv/bulkdata/STU2/export.html
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from adapter.bulk.desk import Desk
from adapter.bulk.gleaning import sift
from adapter.bulk.people import People, read_people
from adapter.bulk.proof import check_counts, find_left_out
from adapter.bulk.reading import GONE, read_file
from adapter.bulk.remarks import read_deleted, read_errors
from adapter.errors import Json, RemoteError
from adapter.hospital.bulk.job import await_manifest, kick_off, take_away
from adapter.hospital.bulk.manifest import File as Listed
from adapter.store import bulk

_RESTARTS = 2


@dataclass
class Exported:
    """What an export brought.

    Shapes:  units     one per file, with its proof, as JSON
             missing   [{"what", "problem"}] without a patient's value
             losses    those of `missing` that the server itself told
             whole     every file was read to its end: records may be judged
             since     the server's time of the export: where the next one begins
             deleted   "Type/id" of what the server says is gone (since the asked time)
    """

    units: list[Json] = field(default_factory=list)
    missing: list[Json] = field(default_factory=list)
    losses: list[Json] = field(default_factory=list)
    whole: bool = False
    since: str = ""
    deleted: tuple[str, ...] = ()

    @property
    def proven(self) -> bool:
        return self.whole and not self.missing


def run_export(desk: Desk) -> Exported:
    """Export, or go on with an export that was interrupted, to the last file.

    Errors:  RemoteError when the server refuses the export, or loses it again and again; Stopped
    """
    export = _begun(desk)
    while True:
        try:
            return _run(desk, export)
        except RemoteError as error:
            if error.status not in GONE or export.restarts == _RESTARTS:
                raise
        export = _ask(desk, export.restarts + 1)


def end_export(desk: Desk, exported: Exported) -> None:
    """Forget what was read. The server may delete its files only when nothing of them was missing."""
    with desk.store.reading() as connection:
        export = bulk.find(connection, desk.pull_id)
    if export and exported.proven:
        take_away(desk.session, export.status_url)
    with desk.store.writing() as connection:
        bulk.forget(connection, desk.pull_id)


def _begun(desk: Desk) -> bulk.Export:
    with desk.store.reading() as connection:
        found = bulk.find(connection, desk.pull_id)
    return found or _ask(desk, 0)


def _ask(desk: Desk, restarts: int) -> bulk.Export:
    status_url = kick_off(desk.session, desk.request(), desk.source.base)
    export = bulk.Export(desk.pull_id, "asked", status_url, "", desk.clock(), restarts)
    with desk.store.writing() as connection:
        bulk.forget(connection, desk.pull_id)
        bulk.begin(connection, export)
    return export


def _run(desk: Desk, export: bulk.Export) -> Exported:
    if export.state == "asked":
        _list(desk, export)
    with desk.store.reading() as connection:
        files = bulk.files(connection, desk.pull_id)
    if export.state == "listed":
        _read(desk, export, files)
    exported = Exported(since=export.transaction_time)
    exported.units, exported.missing = check_counts(desk, files)
    left_out = list(find_left_out(desk, files))
    exported.units += left_out
    exported.missing += [{"what": f"export file(s) of {each['type']}", "problem": each["problem"]} for each in left_out]
    exported.whole = not left_out and all(file.state == "read" for file in files if file.kind == "output")
    exported.losses = read_errors(desk, files)
    exported.missing += exported.losses
    exported.deleted = read_deleted(desk, files)
    return exported


def _list(desk: Desk, export: bulk.Export) -> None:
    """The whole manifest, in the order of reading: who is who first, what is shared last."""
    limit = desk.source.max_answer_bytes
    pages = list(
        await_manifest(desk.session, export.status_url, desk.patience, limit, lambda told: desk.step({"server": told}))
    )
    listed = sorted((file for page in pages for file in page.files), key=lambda file: _turn(desk, file))
    export.state, export.transaction_time = "listed", pages[0].transaction_time
    with desk.store.writing() as connection:
        bulk.list_files(connection, (_file(desk.pull_id, *numbered) for numbered in enumerate(listed, 1)))
        bulk.save(connection, export)


def _turn(desk: Desk, file: Listed) -> int:
    if file.type == "Medication":
        return 2
    return 0 if file.type in desk.deciding or not file.type else 1


def _file(pull_id: str, number: int, listed: Listed) -> bulk.File:
    return bulk.File(pull_id, number, listed.kind, listed.type, listed.url, listed.bare, listed.count)


def _read(desk: Desk, export: bulk.Export, files: list[bulk.File]) -> None:
    outputs = [file for file in files if file.kind == "output"]
    first = [file for file in outputs if file.type in desk.deciding or not file.type]
    _read_files(desk, first, None)
    with desk.store.reading() as connection:
        people = read_people(connection, desk.pull_id)
    sift(desk, people)
    _read_files(desk, [file for file in outputs if file not in first], people)
    export.state = "read"
    with desk.store.writing() as connection:
        bulk.save(connection, export)


def _read_files(desk: Desk, files: Iterable[bulk.File], people: People | None) -> None:
    for file in files:
        if file.state == "waiting":
            read_file(desk, file, people)
