"""The statistics as loaded: the rows of one published table, read from mappings/statistics.yaml and proven.

Takes from: declaration, cohort.derivation, cohort.proof.  Gives to: cohort.description.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from adapter.cohort.derivation import Derivation, load_derivation
from adapter.cohort.proof import check_statistics
from adapter.declaration import load_declaration
from adapter.errors import DeclarationError, Json, UsageError


@dataclass(frozen=True)
class Statistics:
    """The rows of one published table.

    Shapes:  rows, checks  as declared in statistics.yaml; every row with its unit and its denominator
    """

    like: str
    version: str
    title: Mapping[str, str]
    citation: str
    rows: Sequence[Json]
    checks: Sequence[Json]
    derivation: Derivation

    def variables(self, by: Sequence[str] = ()) -> set[str]:
        """What the table asks of a case, with what is not usable and these groups: nothing else need be worked out."""
        names = {self.derivation.strata[name] for name in by} | set(self.derivation.not_usable)
        for asked in (each for row in self.rows for each in (row, *row.get("also", []))):
            names |= {asked[key] for key in ("count", "measure", "of") if asked.get(key)}
            most = asked.get("most_frequent", {"all": "", "among": {}})
            names |= {most["all"], *most["among"].values()}
        return names - {""}


def load_statistics(folder: Path, like: str = "SA", derivation: Derivation | None = None) -> Statistics:
    """Read and prove <folder>/statistics.yaml, and choose the rows of one source.

    Shapes:  derivation  when it is loaded already; else it is loaded from the same folder
    Errors:  DeclarationError with every problem as "file:line:col code message"; UsageError for an unknown source
    """
    derivation = derivation or load_derivation(folder)
    columns = {column.name: column for column in derivation.columns}
    declaration = load_declaration(folder / "statistics.yaml", "statistics")
    if problems := list(check_statistics(declaration, columns)):
        raise DeclarationError(problems)
    data = declaration.data
    if like not in data["sources"]:
        raise UsageError(f"no published table '{like}'; known: {', '.join(sorted(data['sources']))}")
    rows = [_with_rules(row, derivation) for row in data["statistics"] if row["source"] == like]
    ids = {row["id"] for row in rows}
    checks = [check for check in data["checks"] if check["equals"] in ids]
    source = data["sources"][like]
    return Statistics(like, data["version"], source["title"], source["citation"], rows, checks, derivation)


def _with_rules(row: Json, derivation: Derivation) -> Json:
    """The row with what its variable declares: the denominator, unless the row has its own, and the unit."""
    by_name = {column.name: column for column in derivation.columns}
    column = by_name.get(row.get("measure") or row.get("count") or "")
    told = {"of": row.get("of", column.of if column else "")}
    return {**row, **told, **({"unit": column.unit} if column and column.unit else {})}
