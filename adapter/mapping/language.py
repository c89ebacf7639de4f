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
from adapter.declaration import Declaration, Pointer
from adapter.errors import Json
from adapter.mapping.codecs import COPY, Codec, make_codec
from adapter.mapping.files import Folder, read_folder
from adapter.mapping.grammar import check_grammar
from adapter.mapping.path import HERE, Path, PathError, Step, parse_path
from adapter.mapping.spelling import did_you_mean
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


def load_language(path: File) -> Language:
    """Read every map, fragment and table below a folder; what cannot be read stands in `problems`.

    Errors:  DeclarationError when nothing can be read without what is broken (systems.yaml)
    """
    folder = read_folder(path)
    reader = _Reader(folder)
    maps = [reader.map(file) for file in folder.maps]
    ordered = tuple(sorted(maps, key=lambda each: each.get("order") or 0))
    problems = tuple(dict.fromkeys([*folder.problems, *reader.problems]))
    return Language(ordered, folder.tables, folder.systems, folder, problems, frozenset(reader.incomplete))


class _Reader:
    def __init__(self, folder: Folder) -> None:
        self.folder, self.systems, self.tables = folder, folder.systems, folder.tables
        self.problems: list[str] = []
        self.incomplete: set[str] = set()

    def map(self, file: Declaration) -> Map:
        data, known = file.data, len(self.problems)
        place, case, joined = _place(data["case"])
        rules = tuple(self.rules(file, data["rules"], ("rules",), "map"))
        name = data["map"]
        if len(self.problems) > known:
            self.incomplete.add(name)
        return Map(name, file, data["resource"], place, case, joined, data["id"], rules, self.systems, self.tables)

    def rules(self, file: Declaration, listed: list[Json], at: Pointer, inside: str) -> Iterator[Rule]:
        """The rules of a list; one that cannot be read is told and left out."""
        for number, spelled in enumerate(listed):
            here = (*at, number)
            if misspelt := list(check_grammar(spelled, inside, "fragment" in file.data)):
                self.problems += [self._told(file, here, spelled, *each) for each in misspelt]
                continue
            try:
                yield from self._used(file, spelled, here) if "use" in spelled else [self._rule(file, spelled, here)]
            except PathError as error:
                key = next((key for key in ("each", "case", "fhir") if f"'{spelled.get(key)}'" in str(error)), "fhir")
                self.problems.append(self._told(file, here, spelled, key, error.code, str(error)))
            except KeyError as error:
                self._unknown(file, here, spelled, str(error.args[0]))

    def _told(self, file: Declaration, here: Pointer, spelled: Json, key: str, code: str, text: str) -> str:
        return f"{file.at((*here, key))} {code} {spelled['id']}: {text}"

    def _unknown(self, file: Declaration, here: Pointer, spelled: Json, name: str) -> None:
        """A table, unit list or fragment that is not there; one whose own file is broken is told there."""
        if "use" in spelled:
            code, key, kind, known = "F001", "use", "fragment", [*self.folder.fragments]
        else:
            code, key, kind, known = "T001", "via", "table or unit list", [*self.tables, *self.folder.units]
        self.incomplete.add(file.name.split(".")[0])
        if name not in self.folder.unread:
            text = f"there is no {kind} '{name}'{did_you_mean(name, known)}"
            self.problems.append(self._told(file, here, spelled, key, code, text))

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
            codec=make_codec(spelled.get("via"), self.tables, self.folder.units) if kind == "leaf" else COPY,
            const=spelled.get("const"),
            rules=tuple(self.rules(file, spelled[inner], (*here, inner), kind)) if inner else (),
            declared=file,
            pointer=here,
            given=tuple((parse_path(path, {}), value) for path, value in spelled.get("given", {}).items()),
        )
        return _expand(rule)

    def _used(self, file: Declaration, spelled: Json, here: Pointer) -> Iterator[Rule]:
        """The rules of a fragment, set below the places where it is used."""
        fragment = self.folder.fragments[spelled["use"]]
        case = parse_path(spelled.get("case", ""), {})
        fhir = parse_path(spelled["fhir"], self.systems.uris)
        for rule in self.rules(fragment, fragment.data["rules"], ("rules",), "map"):
            short = rule.id.rsplit(".", 1)[-1]
            if short in spelled.get("only", [short]):
                options = {**rule.spelled, **spelled.get("set", {}).get(short, {})}
                named = replace(rule, id=f"{spelled['id']}.{short}", spelled=options)
                yield _below(named, case, fhir, file.line(here))


def _case_path(spelled: Json) -> Path:
    text = str(spelled.get("each", spelled.get("case", "")))
    return parse_path(text.removeprefix("$.").removesuffix("[]"), {})


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
