"""A case as rows of tables: one table of cases, one for each list. What the columns are is read from the case schema.

Names that a list's members have for each other (the id of an imaging study) become numbers within the case, because a
hospital may have chosen them. Free words about the onset stay behind.

Takes from: case (schema), cohort (derived variables).  Gives to: the other files of this room.
Source: adapter/schemas/case.schema.json
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

from adapter.case.fields import field_schema, list_fields, read_field
from adapter.cohort import Derivation
from adapter.cohort.derivation import BY
from adapter.declaration import load_schema
from adapter.errors import Json

Type = Literal["text", "number", "boolean", "date"]
CASES = "cases"
DERIVED = "derived"

_NUMBERS = {"number", "integer"}
_LEFT_BEHIND = ("diagnosis.onset.text",)
_NAMES_OF_STUDIES = ("imaging_studies[].id", "imaging_lesions[].study")


@dataclass(frozen=True)
class Field:
    """A column.

    Shapes:  source  field of the case, or file:line of the derived variable
             words   allowed words, when there is a list
             said    label, description and treatment of missing data, each in both languages
    """

    table: str
    name: str
    type: Type
    unit: str
    words: tuple[str, ...]
    said: Mapping[str, Mapping[str, str]]
    source: str


_KEY = {
    "label": {"en": "Pseudonym", "fr": "Pseudonyme"},
    "description": {"en": "Registry pseudonym of the case.", "fr": "Pseudonyme du cas dans le registre."},
}
_NUMBER = {
    "label": {"en": "Number", "fr": "Numéro"},
    "description": {"en": "Place in the list of the case, from 1.", "fr": "Rang dans la liste du cas, à partir de 1."},
}
_SILENT = {
    "en": "Empty: not documented. unknown: asked, and unknown.",
    "fr": "Vide : non documenté. unknown : demandé, et inconnu.",
}
_BY = {
    "en": "How the value was come by: empty as recorded, midpoint of a partial date, derived, unusable.",
    "fr": "D'où vient la valeur : vide si enregistrée, midpoint milieu d'une date partielle, derived, unusable.",
}


class Sheets:
    """Every table with its columns, and the rows of one case in each."""

    def __init__(self, derivation: Derivation) -> None:
        self._derivation = derivation
        self._paths: dict[str, list[tuple[Field, str]]] = {CASES: _single_fields()}
        self._paths |= {name: _member_fields(name) for name in list_fields()}
        self._derived = list(_derived_fields(derivation))
        self.tables: dict[str, list[Field]] = {
            name: [_head(name, "case_id", _KEY), *([] if name == CASES else [_head(name, "number", _NUMBER)])]
            + [field for field, _ in paths]
            for name, paths in self._paths.items()
        }
        self.tables[CASES] += self._derived

    def rows(self, case: Json) -> dict[str, list[list[Any]]]:
        """Table -> rows, values in the order of its columns; None where the record is silent."""
        found: dict[str, list[list[Any]]] = {CASES: [self._case_row(case)]}
        studies = {each["id"]: number for number, each in enumerate(case.get("imaging_studies", []), 1) if "id" in each}
        for name in list_fields():
            members = case.get(name, [])
            found[name] = [
                [case["case_id"], number, *(self._value(member, name, path, studies) for _, path in self._paths[name])]
                for number, member in enumerate(members, 1)
            ]
        return found

    def _case_row(self, case: Json) -> list[Any]:
        derived = self._derivation.row(case)
        own = [next((_plain(value) for _, value in read_field(case, path)), None) for _, path in self._paths[CASES]]
        return [case["case_id"], *own, *(derived[field.name.removeprefix(f"{DERIVED}_")] for field in self._derived)]

    def _value(self, member: Json, name: str, path: str, studies: Mapping[Any, int]) -> Any:
        value = next((each for _, each in read_field(member, path)), None)
        if f"{name}[].{path}" in _NAMES_OF_STUDIES:
            return studies.get(value)
        return _plain(value)


def _plain(value: Any) -> Any:
    """Parsed JSON keeps decimals; tables for analysis hold them as they were written."""
    return float(value) if isinstance(value, Decimal) else value


def _single_fields() -> list[tuple[Field, str]]:
    sections = [name for name in load_schema("case")["properties"] if name not in (*list_fields(), "case_id")]
    return [(_field(CASES, path, path), path) for name in sections for path in _leaves(name)]


def _member_fields(name: str) -> list[tuple[Field, str]]:
    prefix = f"{name}[]."
    keys = (field_schema(f"{name}[]") or {}).get("properties", {})
    paths = [path for key in keys for path in _leaves(prefix + key)]
    return [(_field(name, path.removeprefix(prefix), path), path.removeprefix(prefix)) for path in paths]


def _leaves(path: str) -> Iterator[str]:
    schema = field_schema(path) or {}
    if path in _LEFT_BEHIND:
        return
    if schema.get("type") == "object":
        for key in schema["properties"]:
            yield from _leaves(f"{path}.{key}")
    else:
        yield path


def _field(table: str, path: str, source: str) -> Field:
    schema = field_schema(source) or {}
    french = schema.get("x-fr", {})
    said = {
        "label": {"en": schema.get("title", ""), "fr": french.get("title", "")},
        "description": {"en": schema.get("description", ""), "fr": french.get("description", "")},
        "missing": _SILENT,
    }
    kind = "number" if source in _NAMES_OF_STUDIES else _type(schema)
    return Field(table, path.replace(".", "_"), kind, _unit(source), _words(schema), said, source)


def _type(schema: Json) -> Type:
    if schema.get("format") == "partial-date":
        return "date"
    if schema.get("type") == "boolean" or isinstance(schema.get("const"), bool):
        return "boolean"
    return "number" if schema.get("type") in _NUMBERS else "text"


def _unit(source: str) -> str:
    return "as in the column unit" if source == "laboratory[].value" else ""


def _words(schema: Json) -> tuple[str, ...]:
    branches = schema.get("anyOf", [schema])
    return tuple(str(word) for branch in branches for word in branch.get("enum", []))


def _head(table: str, name: str, said: Mapping[str, Mapping[str, str]]) -> Field:
    return Field(table, name, "number" if name == "number" else "text", "", (), said, name)


def _derived_fields(derivation: Derivation) -> Iterator[Field]:
    """Derived variables, named apart so that none is taken for a field of the record."""
    kinds: dict[str, Type] = {"flag": "boolean", "number": "number", "category": "text"}
    for column in derivation.columns:
        description = {"en": f"Source: {column.source}", "fr": f"Source : {column.source}"}
        said = {"label": column.label, "description": description, "missing": column.missing}
        yield Field(CASES, f"{DERIVED}_{column.name}", kinds[column.type], column.unit, (), said, column.origin)
        if column.marked:
            told = {"label": column.label, "description": _BY}
            words = ("midpoint", "derived", "unusable")
            yield Field(CASES, f"{DERIVED}_{column.name}{BY}", "text", "", words, told, column.origin)
