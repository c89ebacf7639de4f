"""The bulk export's part of the public score: every named fault of the exporting hospital, played against ours."""

from __future__ import annotations

import tempfile
from pathlib import Path

from adapter.errors import RemoteError
from tests.bulk_answers import EXACT, LOUD
from tests.bulk_hospital import BulkHospital
from tests.unit.test_bulk_faults import OURS, exported_from, records, strangers, truth

HEAD = """
## Bulk export

{count} faults of a server that exports: at the kick-off, while it is polled, in the manifest, in its files and lines.
`file-…-once` passes, the others stay. "deleted" says whether the job was taken away: only an exact one may be.

| fault | ours | deleted |
|---|---|---|
"""


def play(fault: str) -> tuple[str, bool]:
    """The letter of the table, and whether the job was deleted."""
    hospital = BulkHospital([*records(), *strangers(fault)], fault)
    with tempfile.TemporaryDirectory() as folder:
        try:
            exported, brought = exported_from(hospital, Path(folder), [])
        except RemoteError:
            return "L", bool(hospital.told.deleted)
    if exported.missing:
        return "L", bool(hospital.told.deleted)
    exact = brought == {patient: truth(patient) for patient in OURS}
    return "E" if exact else "**S**", bool(hospital.told.deleted)


def render() -> str:
    """The section, as Markdown."""
    scores = {fault: play(fault) for fault in (*EXACT, *LOUD)}
    lines = [f"| `{fault}` | {letter} | {'yes' if gone else 'no'} |" for fault, (letter, gone) in scores.items()]
    letters = [letter for letter, _ in scores.values()]
    summary = f"\n{letters.count('E')} exact, {letters.count('L')} loud, {letters.count('**S**')} silent.\n"
    return HEAD.format(count=len(scores)) + "\n".join(lines) + "\n" + summary
