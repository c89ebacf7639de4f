"""The derived variables as loaded: read from mappings/derived.yaml, proven, compiled once into a plan.

Takes from: declaration, cohort.variables, cohort.variable_proof.  Gives to: cohort.table, cohort.statistics.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from math import isnan
from pathlib import Path
from typing import Any

from adapter.cohort.answers import MARKS, NO, UNKNOWN
from adapter.cohort.variable_proof import check_variables
from adapter.cohort.variables import Kind, kind_of, make_compiler
from adapter.declaration import Declaration, load_declaration
from adapter.errors import DeclarationError, Json

BY = "_by"


@dataclass(frozen=True)
class Column:
    """One derived variable.

    Shapes:  unit     UCUM for a number, "" for a flag or a category
             of       the flag variable whose cases it is asked of; "" for everyone
             missing  what becomes of missing data, in words
             source   where the definition comes from
             marked   has a companion `<name>_by` that tells how the value was come by
             place, mark_place  where value and mark stand among what the steps find
    """

    name: str
    type: Kind
    unit: str
    label: Mapping[str, str]
    of: str
    missing: Mapping[str, str]
    source: str
    marked: bool
    origin: str
    place: int
    mark_place: int


@dataclass(frozen=True)
class Derivation:
    """Shapes:  columns  in the order of the file
    strata, not_usable  as declared: group -> category variable; names of flag variables
    work_out  what every step finds in one case; columns know their places
    """

    version: str
    columns: Sequence[Column]
    strata: Mapping[str, str]
    not_usable: Sequence[str]
    work_out: Callable[[Json], list[Any]]
    declaration: Declaration

    def only(self, names: Collection[str]) -> Derivation:
        """The same, working out these variables and no others."""
        return _compile(self.declaration, names)

    def row(self, case: Json) -> Json:
        """The variables of one case by name: flags True, False, None; numbers float, None; groups a word, None.

        Shapes:  <name>_by  "" as recorded, "midpoint", "derived" or "unusable"; only for marked columns
        """
        found = self.work_out(case)
        row: Json = {"case_id": case.get("case_id")}
        for column in self.columns:
            row[column.name] = plain(column, found[column.place])
            if column.marked:
                row[column.name + BY] = MARKS[found[column.mark_place]]
        return row


def plain(column: Column, value: Any) -> bool | float | str | None:
    """An answer as others write it; None where it is unknown."""
    if column.type == "flag":
        return None if value == UNKNOWN else value != NO
    if column.type == "category":
        return value or None
    return None if isnan(value) else value


def load_derivation(folder: Path) -> Derivation:
    """Read, prove and compile <folder>/derived.yaml.

    Errors:  DeclarationError with every problem as "file:line:col code message"
    """
    declaration = load_declaration(folder / "derived.yaml", "derived")
    if problems := list(check_variables(declaration)):
        raise DeclarationError(problems)
    return _compile(declaration, declaration.data["variables"])


def _compile(declaration: Declaration, names: Collection[str]) -> Derivation:
    data = declaration.data
    compiler = make_compiler(data)
    columns = []
    for name, variable in data["variables"].items():
        if name in names:
            marked = compiler.is_marked(name)
            places = compiler.variable(name), compiler.mark(name) if marked else -1
            columns.append(_column(declaration, name, variable, marked, places))
    work_out = compiler.plan.compile()
    return Derivation(data["version"], columns, data["strata"], data["not_usable"], work_out, declaration)


def _column(declaration: Declaration, name: str, variable: Json, marked: bool, places: tuple[int, int]) -> Column:
    return Column(
        name,
        kind_of(variable["rule"]),
        variable.get("unit", ""),
        variable["name"],
        variable.get("of", ""),
        declaration.data["missing_data"][variable["missing"]],
        declaration.data["sources"][variable["source"]],
        marked,
        f"{declaration.name}:{declaration.line(('variables', name))}",
        *places,
    )
