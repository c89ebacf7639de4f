"""What differs between two versions of the mappings: rules and rows of tables, added, removed or changed.

Takes from: mapping.rules.  Gives to: web.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from adapter.errors import Json
from adapter.mapping.laws import pairs_of
from adapter.mapping.rules import Language


@dataclass(frozen=True)
class Difference:
    """Shapes:  name    rule, or table and word
    origin  file:line, where it stands now; where it stood, when it was removed
    """

    kind: Literal["rule", "row"]
    change: Literal["added", "removed", "changed"]
    name: str
    origin: str


def find_differences(before: Language, after: Language) -> list[Difference]:
    """Rules first, then rows of tables, each by name."""
    return [*_compare("rule", _rules(before), _rules(after)), *_compare("row", _rows(before), _rows(after))]


Said = Mapping[str, tuple[Any, str]]


def _compare(kind: Literal["rule", "row"], before: Said, after: Said) -> Iterator[Difference]:
    for name in sorted(before.keys() | after.keys()):
        if name not in before:
            yield Difference(kind, "added", name, after[name][1])
        elif name not in after:
            yield Difference(kind, "removed", name, before[name][1])
        elif before[name][0] != after[name][0]:
            yield Difference(kind, "changed", name, after[name][1])


def _rules(language: Language) -> Said:
    """What a rule says, wherever it stands in its file."""
    told: dict[str, tuple[Any, str]] = {}
    for mapping in language.maps:
        for rule in mapping.rules:
            for pair in pairs_of(rule):
                said = (pair.case.fhirpath, pair.fhir.fhirpath, pair.codec.name, str(pair.spelled))
                told[f"{mapping.name}: {pair.id}"] = (said, pair.origin)
    return told


def _rows(language: Language) -> Said:
    told: dict[str, tuple[Json, str]] = {}
    for name, table in language.tables.items():
        for row in table.file.data.get("rows", []):
            told[f"{name}: {row['word']}"] = (row, table.origins.get(row["word"], table.file.name))
    return told
