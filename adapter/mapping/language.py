"""The mapping language: YAML in, checked rules out. The only page that knows how a rule is spelled.

A map pairs one kind of resource with one place of the case. Its rules are pairs too: each says which case value
stands for which element, and by which codec; the same rule serves both directions.

Takes from: declaration, mapping.path, mapping.tables, mapping.codecs.  Gives to: mapping.check, writer, reader.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path as File
from typing import Any, Literal

from adapter.canonical import DATA_ABSENT_REASON
from adapter.declaration import Declaration, Pointer, load_declaration
from adapter.errors import DeclarationError, Json
from adapter.mapping.codecs import COPY, Codec, make_codec
from adapter.mapping.path import Path, PathError, Step, parse_path
from adapter.mapping.quantities import UnitList, load_units
from adapter.mapping.tables import Systems, Table, load_systems, load_tables

Kind = Literal["leaf", "const", "first", "choice", "each", "group"]
Place = Literal["root", "object", "list", "keyed", "join"]


@dataclass(frozen=True)
class Rule:
    """One pair. Unused fields keep their empty value; `spelled` is the YAML of the rule.

    `file` and `line` say where it is written; `at` the line of the map that brings it in, the same but in fragments.
    """

    id: str
    kind: Kind
    file: str
    line: int
    at: int
    spelled: Json = field(repr=False, default_factory=dict)
    case: Path = Path()
    fhir: Path = Path()
    codec: Codec = COPY
    const: Any = None
    rules: tuple[Rule, ...] = ()
    given: tuple[tuple[Path, Any], ...] = ()

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
    """A folder of mapping files, read."""

    maps: tuple[Map, ...]
    tables: dict[str, Table]
    systems: Systems


def load_language(folder: File) -> Language:
    """Read every map, fragment and table below a folder.

    Errors:  DeclarationError with every problem found in the files' shape
    """
    systems = load_systems(folder / "tables")
    tables = load_tables(folder / "tables", systems)
    fragments = {
        file.data["fragment"]: file
        for file in (load_declaration(path, "mapping") for path in sorted(folder.glob("fragments/*.yaml")))
    }
    reader = _Reader(systems, tables, load_units(folder / "tables"), fragments)
    problems: list[str] = []
    maps = []
    for path in sorted(folder.glob("*.map.yaml")):
        try:
            maps.append(reader.map(load_declaration(path, "mapping")))
        except DeclarationError as error:
            problems += error.problems
    if problems:
        raise DeclarationError(problems)
    return Language(tuple(sorted(maps, key=lambda each: each.get("order") or 0)), tables, systems)


class _Reader:
    def __init__(
        self, systems: Systems, tables: dict[str, Table], units: dict[str, UnitList], fragments: dict[str, Declaration]
    ) -> None:
        self.systems, self.tables, self.units, self.fragments = systems, tables, units, fragments
        self.problems: list[str] = []

    def map(self, file: Declaration) -> Map:
        self.problems = []
        data = file.data
        place, case, joined = _place(data["case"])
        rules = tuple(self.rules(file, data["rules"], ("rules",)))
        if self.problems:
            raise DeclarationError(self.problems)
        name = data["map"]
        return Map(name, file, data["resource"], place, case, joined, data["id"], rules, self.systems, self.tables)

    def rules(self, file: Declaration, listed: list[Json], at: Pointer) -> Iterator[Rule]:
        for number, spelled in enumerate(listed):
            here = (*at, number)
            try:
                yield from self._used(file, spelled, here) if "use" in spelled else [self._rule(file, spelled, here)]
            except PathError as error:
                self.problems.append(f"{file.at(here)} P003 {error}")
            except KeyError as error:
                self.problems.append(f"{file.at(here)} T001 there is no table or fragment {error}")

    def _rule(self, file: Declaration, spelled: Json, here: Pointer) -> Rule:
        inner = next((key for key in ("first", "choice", "rules") if key in spelled), None)
        kind: Kind = "each" if "each" in spelled else "const" if "const" in spelled else "leaf"
        if kind == "leaf" and inner:
            kind = "group" if inner == "rules" else inner
        rule = Rule(
            id=spelled.get("id", ""),
            kind=kind,
            file=file.name,
            line=file.line(here),
            at=file.line(here),
            spelled=spelled,
            case=parse_path(
                str(spelled.get("each", spelled.get("case", ""))).removeprefix("$.").removesuffix("[]"), {}
            ),
            fhir=parse_path(spelled.get("fhir", ""), self.systems.uris),
            codec=make_codec(spelled.get("via"), self.tables, self.units) if kind == "leaf" else COPY,
            const=spelled.get("const"),
            rules=tuple(self.rules(file, spelled[inner], (*here, inner))) if inner else (),
            given=tuple((parse_path(path, {}), value) for path, value in spelled.get("given", {}).items()),
        )
        return _expand(rule)

    def _used(self, file: Declaration, spelled: Json, here: Pointer) -> Iterator[Rule]:
        """The rules of a fragment, set below the places where it is used."""
        fragment = self.fragments[spelled["use"]]
        case = parse_path(spelled.get("case", ""), {})
        fhir = parse_path(spelled["fhir"], self.systems.uris)
        for rule in self.rules(fragment, fragment.data["rules"], ("rules",)):
            short = rule.id.rsplit(".", 1)[-1]
            if short in spelled.get("only", [short]):
                options = {**rule.spelled, **spelled.get("set", {}).get(short, {})}
                named = replace(rule, id=f"{spelled['id']}.{short}", spelled=options)
                yield _below(named, case, fhir, file.line(here))


def _place(text: str) -> tuple[Place, str, str]:
    if text == ".":
        return "root", "", ""
    name, _, rest = text.partition("[]")
    if rest:
        return "join", name, rest.removeprefix(".")
    if text.endswith("[]"):
        return "list", name, ""
    return ("keyed", text.removesuffix("{}"), "") if text.endswith("{}") else ("object", text, "")


def _below(rule: Rule, case: Path, fhir: Path, at: int) -> Rule:
    if rule.kind in ("first", "choice"):
        return replace(rule, at=at, rules=tuple(_below(branch, case, fhir, at) for branch in rule.rules))
    return replace(rule, at=at, case=case + rule.case, fhir=fhir + rule.fhir)


def _path(*names: str) -> Path:
    return Path(tuple(Step(name) for name in names))


def _expand(rule: Rule) -> Rule:
    """Codecs that pair objects (a Quantity, a Coding) become a group of plain pairs; `absent` becomes a choice."""
    if rule.absent:
        return _with_absence(rule)
    if rule.kind != "leaf" or rule.codec.name not in ("quantity", "coding"):
        return rule
    option = rule.codec.option or {}
    pairs = _CODING if rule.codec.name == "coding" else [_VALUE, _UNIT if "units" in option else _UNIT_IF_KNOWN]
    pairs = [*pairs, _COMPARATOR] if option.get("comparator") else pairs
    leaves = tuple(_part(rule, name, fhir, extra) for name, fhir, extra in pairs)
    return replace(rule, kind="group", rules=leaves)


def _with_absence(rule: Rule) -> Rule:
    """A word that FHIR carries as the reason why the element has no value (data-absent-reason)."""
    *parents, last = rule.fhir.steps
    reason = Path((*parents, Step(f"_{last.name}"), _ABSENT, Step("valueCode")))
    value = replace(rule, id=f"{rule.id}.value", spelled={k: v for k, v in rule.spelled.items() if k != "absent"})
    absent = replace(value, id=f"{rule.id}.absent", fhir=reason, codec=Codec("values", None, rule.absent, "checked"))
    return replace(rule, kind="choice", fhir=Path(), case=Path(), codec=COPY, rules=(value, absent))


def _part(rule: Rule, name: str, fhir: Path, extra: Json) -> Rule:
    return Rule(
        f"{rule.id}.{name}",
        "leaf",
        rule.file,
        rule.line,
        rule.at,
        extra,
        _path(name),
        fhir,
        Codec(extra.get("via", "copy")),
    )


_ABSENT = Step("extension", "slice", "url", DATA_ABSENT_REASON)
_UCUM = "http://unitsofmeasure.org"
_Pair = tuple[str, Path, Json]
_IN_UCUM: Json = {"with": {"system": _UCUM}, "also": ["unit"]}
_VALUE: _Pair = ("value", _path("value"), {"required": True})
_UNIT: _Pair = ("unit", _path("code"), {"required": True, **_IN_UCUM})
_UNIT_IF_KNOWN: _Pair = ("unit", _path("code"), _IN_UCUM)
_COMPARATOR: _Pair = ("comparator", _path("comparator"), {})
_LABEL = Path((Step("extension", "slice", "url", "https://crmo-registry.example/fhir/StructureDefinition/label"),))
_CODING: list[_Pair] = [
    ("system", _path("system"), {"required": True, "via": "system"}),
    ("code", _path("code"), {"required": True}),
    ("display", _LABEL + _path("valueString"), {"also": ["display"]}),
]
