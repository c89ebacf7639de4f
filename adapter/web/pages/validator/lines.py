"""A text in numbered lines beside its findings: all of them when they are few, else those around what was found.

Takes from: checking.  Gives to: validator.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from adapter.web.pages.validator.checking import Finding

# A text of more lines than this is shown in parts.
_ALL = 1_500
_AROUND = 3
# Of a longer line only this much is shown, from a little before what was found in it.
_WIDTH, _BEFORE = 300, 80


@dataclass(frozen=True)
class Line:
    """Shapes:  number    1-based; skipped  lines left out before this one
    cut       there is more of the line than is shown
    findings  numbers of what was found here
    """

    number: int
    text: str
    skipped: int
    cut: bool
    severity: str
    findings: list[int] = field(default_factory=list)


@dataclass(frozen=True)
class Lines:
    """Shapes:  total  lines of the text; left  lines left out after the last one shown"""

    shown: list[Line]
    total: int
    left: int


def number_lines(text: bytes, findings: Iterable[Finding]) -> Lines:
    """Cut at line feeds only, as places are counted."""
    there = defaultdict(list)
    for finding in findings:
        if finding.issue.line:
            there[finding.issue.line].append(finding)
    rows = text.split(b"\n")
    wanted = sorted(_wanted(there, len(rows)))
    shown = list(_lines(rows, wanted, there))
    return Lines(shown, len(rows), len(rows) - (wanted[-1] if wanted else 0))


def _wanted(there: Iterable[int], total: int) -> Iterable[int]:
    if total <= _ALL:
        return range(1, total + 1)
    around = {line + step for line in there for step in range(-_AROUND, _AROUND + 1)} | set(range(1, 2 * _AROUND))
    return {line for line in around if 1 <= line <= total}


def _lines(rows: list[bytes], wanted: list[int], there: dict[int, list[Finding]]) -> Iterator[Line]:
    before = 0
    for number in wanted:
        found = there.get(number, [])
        text = rows[number - 1].decode("utf-8", "replace").rstrip("\r")
        start = max(0, found[0].issue.column - _BEFORE) if found and len(text) > _WIDTH else 0
        part = text[start : start + _WIDTH]
        yield Line(
            number,
            f"{'…' if start else ''}{part}",
            number - before - 1,
            start + len(part) < len(text),
            found[0].issue.severity if found else "",
            [each.number for each in found],
        )
        before = number
