"""Look at every line once: what it is, whose it is, and, when it is a candidate's, to which partition it goes.

Every line is counted in exactly one of six ways, and what cannot be used is named by file and line, without a value.

Takes from: resource, hospital.matching, screen.chunks, screen.finder.  Gives to: screen.
"""

from __future__ import annotations

import zlib
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Set
from dataclasses import dataclass, field
from typing import Any

from adapter.hospital.matching import patient_of
from adapter.resource import parse_lines
from adapter.screen.chunks import Chunk, blocks_of
from adapter.screen.finder import Finder

# How a line is counted: received is their sum.
KINDS = ("screened", "not_collected", "other_patients", "without_patient", "unattached", "unreadable")
# Drugs stand apart, without a patient; statements point at them.
LINKED = "Medication"

Lines = dict[int, list[bytes]]
Keep = Callable[[Lines, list[bytes]], None]


@dataclass
class Scattered:
    """What came of a chunk.

    Shapes:  counts  by kind
             lines   of the chunk, empty ones included: the numbers of the chunks behind it start there
             faults  (line within the chunk, rule): what could not be used
             linked  ids of the drugs that candidates' statements point at
    """

    chunk: Chunk
    counts: Counter[str] = field(default_factory=Counter)
    lines: int = 0
    faults: list[tuple[int, str]] = field(default_factory=list)
    linked: set[str] = field(default_factory=set)


def partition_of(patient_id: str, partitions: int) -> int:
    """The same on every machine and in every run; Python's own hash is not."""
    return zlib.crc32(patient_id.encode()) % partitions


@dataclass(frozen=True)
class Scatter:
    """Shapes:  candidates  ids of patients
    types       of the resources that are collected of a candidate
    """

    finder: Finder
    candidates: Set[str]
    types: frozenset[str]
    partitions: int

    def run(self, chunk: Chunk, keep: Keep) -> Scattered:
        """Shapes:  keep  given, block by block, the lines by partition, and the lines of drugs"""
        done = Scattered(chunk)
        for block in blocks_of(chunk):
            kept: Lines = defaultdict(list)
            drugs: list[bytes] = []
            for number, (line, value) in enumerate(_parsed(block.lines), block.first):
                kind = self._sort(line, value, kept, drugs, done.linked)
                if kind.startswith("fault:"):
                    done.faults.append((number, kind.removeprefix("fault:")))
                    kind = "unattached" if kind == "fault:no-patient" else "unreadable"
                done.counts[kind] += 1
            done.lines = block.first - 1 + len(block.lines)
            if block.broken:
                done.lines += 1
                done.faults.append((done.lines, "compressed-file-breaks"))
                done.counts["unreadable"] += 1
            keep(kept, drugs)
        done.counts.pop("empty", None)
        return done

    def _sort(self, line: bytes, value: Any, kept: Lines, drugs: list[bytes], linked: set[str]) -> str:
        if value is None and not line.strip():
            return "empty"
        kind = value.get("resourceType") if isinstance(value, dict) else None
        if not isinstance(kind, str):
            return "fault:json" if value is None else "fault:no-resource"
        if kind == "Bundle":
            return "fault:bundle"
        if not (patient_id := patient_of(value)):
            if kind == LINKED:
                drugs.append(line)
            return "fault:no-patient" if self.finder.is_match(value) else "without_patient"
        if patient_id not in self.candidates:
            return "other_patients"
        if kind not in self.types:
            return "not_collected"
        kept[partition_of(patient_id, self.partitions)].append(line)
        if drug := linked_id(value.get("medicationReference")):
            linked.add(drug)
        return "screened"


def linked_id(reference: Any) -> str:
    """The id of the drug a reference points at; "" when it points at none that stands apart."""
    target = reference.get("reference") if isinstance(reference, dict) else None
    head, found, rest = target.rpartition(f"{LINKED}/") if isinstance(target, str) else ("", "", "")
    return rest.partition("/")[0] if found and (not head or head.endswith("/")) else ""


def linked_lines(lines: Iterable[bytes], wanted: Set[str]) -> Iterator[tuple[str, bytes]]:
    """(id, line) of the drugs that somebody points at."""
    for line, value in _parsed(lines):
        if isinstance(value, dict) and value.get("id") in wanted:
            yield value["id"], line


def _parsed(lines: Iterable[bytes]) -> Iterator[tuple[bytes, Any]]:
    """Each line with its value; None for what is no JSON (and for null, which is no resource either)."""
    for line in lines:
        try:
            value = next(parse_lines((line,)))
        except ValueError:
            value = None
        yield line, value
