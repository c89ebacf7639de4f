"""The README as data: its tables, its files and its console sessions, which are run and held against what they show.

A block "```json child.json" is a file. In a block "```console" a line "$ …" is a command and the rest is what came
out; "…" alone on a line stands for any lines, inside a line for any characters. What changes from run to run (times,
ids, pseudonyms, ports) is compared by its form. "```console clone" is run in a copy of the clone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"

_BLOCK = re.compile(
    r"^(?P<indent> *)```(?P<kind>\w+)(?: (?P<name>\S+))?\n(?P<text>.*?)^(?P=indent)```$", re.MULTILINE | re.DOTALL
)
# What is different in every run, and what it looks like.
_VOLATILE = {
    r"C-[A-Z2-7]{20}": r"C-[A-Z2-7]{20}",
    r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}": r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}",
    r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[.\d]*(?:\+00:00|Z)": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[.\d]*(?:\+00:00|Z)",
    r"\d{4}-\d\d-\d\d \d\d:\d\d": r"\d{4}-\d\d-\d\d \d\d:\d\d",
    r"127\.0\.0\.1:\d+": r"127\.0\.0\.1:\d+",
    r"k-[0-9a-f]{8}": r"k-[0-9a-f]{8}",
    r"\b[0-9a-f]{16}\b": r"[0-9a-f]{16}",
    r"map\.yaml:\d+": r"map\.yaml:\d+",
    r"table\.yaml:\d+": r"table\.yaml:\d+",
}
_PIECES = re.compile("|".join(f"({pattern})" for pattern in (*_VOLATILE, "…")))


@dataclass(frozen=True)
class Block:
    """One fenced block."""

    kind: str
    name: str
    text: str


@dataclass(frozen=True)
class Step:
    """One command of a session, and what the README says comes out."""

    command: str
    shown: str


def blocks(kind: str = "") -> list[Block]:
    text = README.read_text(encoding="utf-8")
    found = (Block(match["kind"], match["name"] or "", dedent(match["text"])) for match in _BLOCK.finditer(text))
    return [block for block in found if kind in ("", block.kind)]


def steps(block: Block) -> Iterator[Step]:
    for part in re.split(r"^\$ ", block.text, flags=re.MULTILINE)[1:]:
        command, _, shown = part.partition("\n")
        yield Step(command, shown)


def expected(shown: str) -> re.Pattern[str]:
    """What is shown, as a pattern of what may come out."""
    lines = []
    for line in shown.rstrip("\n").split("\n"):
        lines.append(r"(?:.*\n)*?" if line.strip() == "…" else _line(line) + r"[ \r]*\n")
    return re.compile("".join(lines) + r"\s*\Z")


def _line(line: str) -> str:
    pattern, at = "", 0
    for match in _PIECES.finditer(line):
        pattern += re.escape(line[at : match.start()])
        pattern += ".*?" if match[0] == "…" else list(_VOLATILE.values())[(match.lastindex or 1) - 1]
        at = match.end()
    return pattern + re.escape(line[at:].rstrip())


def table(heading: str) -> list[list[str]]:
    """The cells of the first table below a heading, without its head."""
    text = README.read_text(encoding="utf-8")
    below = re.split(rf"^#+ {re.escape(heading)}$", text, flags=re.MULTILINE)
    rows = re.search(r"(?:^\|.*\n)+", below[1], re.MULTILINE) if len(below) == 2 else None
    listed = rows[0].splitlines()[2:] if rows else []
    return [[cell.strip() for cell in re.split(r"(?<!\\)\|", row)[1:-1]] for row in listed]


def codes(cell: str) -> list[str]:
    """What stands between backticks."""
    return re.findall(r"`([^`]+)`", cell)
