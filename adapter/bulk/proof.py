"""Is it all? What came, file by file, against what the manifest counts; without counts, against the server's own.

Takes from: store, bulk.desk, bulk.evidence.  Gives to: bulk.exporting.
Source: https://hl7.org/fhir/uv/bulkdata/STU2/export.html#response---complete-status (count)
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence

from adapter.bulk.desk import Desk
from adapter.bulk.evidence import count_whole, find_evidence
from adapter.errors import Json
from adapter.store import bulk

# Marks that are looked at together, eight bytes each; more are looked at in further passes, so memory stays small.
_MARKS_A_PASS = 2_000_000
_PARTS = 64


def check_counts(desk: Desk, files: Sequence[bulk.File]) -> tuple[list[Json], list[Json]]:
    """Every output file as a unit with its proof, and what is missing.

    A file that came twice under two addresses has the right number of lines: so different resources are counted too.
    """
    units: list[Json] = []
    missing: list[Json] = []
    outputs = [file for file in files if file.kind == "output"]
    for type_ in dict.fromkeys(file.type for file in outputs):
        mine = [file for file in outputs if file.type == type_]
        proof, problem = _judge(desk, type_, mine)
        units += [_unit(file, proof, problem) for file in mine]
        if problem:
            missing.append({"what": f"{len(mine)} export file(s) of {type_ or 'mixed types'}", "problem": problem})
    return units, missing


def find_left_out(desk: Desk, files: Sequence[bulk.File]) -> Iterator[Json]:
    """Types without a file, as units: the manifest says there are none, and the server counts some."""
    listed = {file.type for file in files if file.kind == "output"}
    for type_ in desk.types if "" not in listed else ():
        if type_ not in listed and (counted := count_whole(desk, type_)):
            problem = f"the manifest lists no file, and the server counts {counted}"
            yield {"stage": "export", "type": type_, "received": 0, "expected": counted, "complete": False,
                   "problem": problem}  # fmt: skip


def _judge(desk: Desk, type_: str, files: Sequence[bulk.File]) -> tuple[str, str]:
    """(proof, problem): one of them is empty."""
    if failed := next((file.problem for file in files if file.state == "failed"), ""):
        return "", failed
    came = _different(desk, files)
    counts = [file.expected for file in files]
    if None in counts:
        return find_evidence(desk, type_, came)
    expected = sum(each or 0 for each in counts)
    if came < expected:
        return "", f"the server counts {expected}, {came} different ones came"
    return "manifest", ""


def _different(desk: Desk, files: Sequence[bulk.File]) -> int:
    """How many different resources came."""
    passes = sum(file.received for file in files) // _MARKS_A_PASS + 1
    return sum(_count_marks(desk, files, turn, passes) for turn in range(passes))


def _count_marks(desk: Desk, files: Sequence[bulk.File], turn: int, passes: int) -> int:
    """Sorted into parts first: a set of all of them would take ten times the memory."""
    parts = [array("Q") for _ in range(_PARTS)]
    for marks in _stored(desk, files):
        for mark in marks:
            part = mark % (_PARTS * passes)
            if part % passes == turn:
                parts[part // passes].append(mark)
    return sum(len(set(part)) for part in parts)


def _stored(desk: Desk, files: Sequence[bulk.File]) -> Iterator[array[int]]:
    with desk.store.reading() as connection:
        for marks in bulk.marks(connection, desk.pull_id, [file.number for file in files]):
            yield array("Q", marks)


def _unit(file: bulk.File, proof: str, problem: str) -> Json:
    shown = {
        "stage": "export",
        "type": file.type,
        "file": file.number,
        "pages": 1,
        "received": file.received,
        "expected": file.expected,
        "complete": bool(proof),
        "proof": proof,
        "problem": file.problem or problem,
    }
    return {name: value for name, value in shown.items() if value is not None and value != ""}
