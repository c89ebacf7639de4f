"""What mapping files say, as data: rules, maps, and the folder of them.

Takes from: declaration, mapping.path, mapping.codecs, mapping.tables.  Gives to: the rest of this package.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from adapter.declaration import Declaration, Pointer
from adapter.errors import Json
from adapter.mapping.codecs import COPY, Codec
from adapter.mapping.files import Folder
from adapter.mapping.path import HERE, Path, parse_path
from adapter.mapping.tables import Systems, Table

Kind = Literal["leaf", "const", "first", "choice", "each", "group"]
Place = Literal["root", "object", "list", "keyed", "join"]

# FHIR allows an id 64 characters; what a map adds to the case's own takes the rest (checked: I001).
CASE_ID_LENGTH = 39


@dataclass(frozen=True)
class Rule:
    """One pair. Unused fields keep their empty value; `spelled` is the YAML of the rule.

    `group` is the case place of the innermost object that a flattened pair belongs to.
    `file` and `line` say where it is written; `at` the line of the map that brings it in, the same but in fragments.
    """

    id: str
    kind: Kind
    file: str
    line: int
    at: int
    spelled: Json = field(repr=False, default_factory=dict)
    case: Path = HERE
    fhir: Path = HERE
    codec: Codec = COPY
    const: Any = None
    rules: tuple[Rule, ...] = ()
    given: tuple[tuple[Path, Any], ...] = ()
    declared: Declaration | None = field(default=None, repr=False, compare=False)
    pointer: Pointer = field(default=(), repr=False, compare=False)
    group: Path | None = None

    def __getattr__(self, name: str) -> Any:
        # Options that most rules do not use (required, default, otherwise, missing, direction, quiet, …).
        if name.startswith("_"):
            raise AttributeError(name)
        return self.spelled.get(name.rstrip("_").replace("_", "-"))

    @property
    def origin(self) -> str:
        return f"{self.file}:{self.line}"

    @property
    def to_fhir(self) -> bool:
        return bool(self.direction != "from-fhir")

    @property
    def from_fhir(self) -> bool:
        return bool(self.direction != "to-fhir")

    def leaves(self) -> Iterator[Rule]:
        """This rule and every rule inside it, outermost first."""
        yield self
        for rule in self.rules:
            yield from rule.leaves()


@dataclass(frozen=True)
class Map:
    """One mapping file. `case` is the member of the case; `field` the item's member when the map joins onto it."""

    name: str
    file: Declaration
    resource: str
    place: Place
    case: str
    field: str
    id: str
    rules: tuple[Rule, ...]
    systems: Systems
    tables: dict[str, Table]

    def get(self, key: str) -> Any:
        return self.file.data.get(key)


@dataclass(frozen=True)
class Language:
    """A folder of mapping files, read.

    Shapes:  problems    what could not be read, as "file:line:col code rule: message"
             incomplete  maps of which rules are missing here because they could not be read
    """

    maps: tuple[Map, ...]
    tables: dict[str, Table]
    systems: Systems
    folder: Folder
    problems: tuple[str, ...] = ()
    incomplete: frozenset[str] = frozenset()

    def leaves(self) -> Iterator[Rule]:
        """Every rule of every map, inner ones too."""
        for mapping in self.maps:
            for rule in mapping.rules:
                yield from rule.leaves()


def flatten(rule: Rule) -> Iterator[Rule]:
    """The plain pairs of a rule, with their places seen from where the rule stands."""
    if rule.kind != "group":
        yield rule
        return
    for inner in rule.rules:
        for leaf in flatten(inner):
            also = tuple(rule.fhir + also_path(each) for each in leaf.also or ())
            spelled = {**leaf.spelled, "also": also} if also else leaf.spelled
            group = rule.case + (leaf.group or HERE)
            yield replace(leaf, case=rule.case + leaf.case, fhir=rule.fhir + leaf.fhir, spelled=spelled, group=group)


def also_path(spelled: str | Path) -> Path:
    return spelled if isinstance(spelled, Path) else parse_path(spelled, {})
