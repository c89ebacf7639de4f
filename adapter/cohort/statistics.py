"""The statistics as loaded: read from mappings/statistics.yaml, proven, compiled once.

Takes from: declaration, cohort.variables, cohort.sites, cohort.proof.  Gives to: cohort.description.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from adapter.cohort.answers import Answer, Variable
from adapter.cohort.proof import check_statistics
from adapter.cohort.sites import Sites
from adapter.cohort.variables import compile_variable
from adapter.declaration import load_declaration
from adapter.errors import DeclarationError, Json, UsageError


@dataclass(frozen=True)
class Statistics:
    """The rows of one published table.

    Shapes:  rows, checks  as declared in statistics.yaml
    """

    like: str
    version: str
    rows: Sequence[Json]
    checks: Sequence[Json]
    variables: Mapping[str, Variable]
    sites: Sites


def load_statistics(folder: Path, like: str = "SA") -> Statistics:
    """Read and prove <folder>/statistics.yaml, and choose the rows of one source.

    Errors:  DeclarationError with every problem as "file:line:col code message"; UsageError for an unknown source
    """
    declaration = load_declaration(folder / "statistics.yaml", "statistics")
    if problems := list(check_statistics(declaration)):
        raise DeclarationError(problems)
    data = declaration.data
    rows = [row for row in data["statistics"] if row["source"] == like]
    if not rows:
        known = sorted({row["source"] for row in data["statistics"]})
        raise UsageError(f"no published table '{like}'; known: {', '.join(known)}")
    ids = {row["id"] for row in rows}
    sites = Sites(tuple(data["localisation"]), data["regions"])
    variables = {name: compile_variable(declared, sites) for name, declared in data["variables"].items()}
    checks = [check for check in data["checks"] if check["equals"] in ids]
    return Statistics(like, data["version"], rows, checks, variables, sites)


class Questions:
    """One case under questioning; every variable is worked out once."""

    def __init__(self, case: Json, variables: Mapping[str, Variable]) -> None:
        self._case, self._variables = case, variables
        self._answers: dict[str, Answer] = {}

    def ask(self, name: str) -> Answer:
        if name not in self._answers:
            self._answers[name] = self._variables[name](self._case, self.ask)
        return self._answers[name]
