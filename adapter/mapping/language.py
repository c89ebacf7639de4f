"""The mapping language: YAML in, checked rules out. The only page that knows how a rule is spelled.

A map pairs one kind of resource with one place of the case. Its rules are pairs too: each says which case value
stands for which element, and by which codec; the same rule serves both directions.

Takes from: declaration, mapping.path, mapping.tables, mapping.codecs.  Gives to: mapping.check, writer, reader.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path as File

from adapter.declaration import Declaration, Pointer
from adapter.errors import Json
from adapter.mapping.codecs import COPY, make_codec
from adapter.mapping.expansion import below, expand
from adapter.mapping.files import Folder, read_folder
from adapter.mapping.grammar import check_grammar
from adapter.mapping.overlays import Overlay
from adapter.mapping.path import Path, PathError, parse_path
from adapter.mapping.rules import Kind, Language, Map, Place, Rule
from adapter.mapping.spelling import did_you_mean
from adapter.mapping.splicing import around, exchange, moved


def load_language(path: File) -> Language:
    """Read every map, fragment and table below a folder; what cannot be read stands in `problems`.

    Errors:  DeclarationError when nothing can be read without what is broken (systems.yaml)
    """
    return read_language(read_folder(path))


def read_language(folder: Folder) -> Language:
    """The maps of a folder whose files are read."""
    reader = _Reader(folder)
    maps = [reader.map(file) for file in folder.maps]
    ordered = tuple(sorted(maps, key=lambda each: each.get("order") or 0))
    laid = folder.overlay.problems if folder.overlay else []
    problems = tuple(dict.fromkeys([*folder.problems, *laid, *reader.problems]))
    return Language(ordered, folder.tables, folder.systems, folder, problems, frozenset(reader.incomplete))


class _Reader:
    def __init__(self, folder: Folder) -> None:
        self.folder, self.systems, self.tables = folder, folder.systems, folder.tables
        self.problems: list[str] = []
        self.incomplete: set[str] = set()

    def map(self, file: Declaration) -> Map:
        data, known = file.data, len(self.problems)
        place, case, joined = _place(data["case"])
        rules, name = tuple(self.rules(file, data["rules"], ("rules",), "map")), data["map"]
        if self.folder.overlay and (changed := self.folder.overlay.of_map(name)):
            rules = self._overlaid(self.folder.overlay, name, changed, rules, file.line(("rules",)))
        if len(self.problems) > known:
            self.incomplete.add(name)
        return Map(name, file, data["resource"], place, case, joined, data["id"], rules, self.systems, self.tables)

    def rules(self, file: Declaration, listed: list[Json], at: Pointer, inside: str) -> Iterator[Rule]:
        """The rules of a list; one that cannot be read is told and left out."""
        for number, spelled in enumerate(listed):
            yield from self._read(file, spelled, (*at, number), inside)

    def _read(self, file: Declaration, spelled: Json, here: Pointer, inside: str) -> Iterator[Rule]:
        if misspelt := list(check_grammar(spelled, inside, "fragment" in file.data)):
            self.problems += [self._told(file, here, spelled, *each) for each in misspelt]
            return
        try:
            yield from self._used(file, spelled, here) if "use" in spelled else [self._rule(file, spelled, here)]
        except PathError as error:
            key = next((key for key in ("each", "case", "fhir") if f"'{spelled.get(key)}'" in str(error)), "fhir")
            self.problems.append(self._told(file, here, spelled, key, error.code, str(error)))
        except KeyError as error:
            self._unknown(file, here, spelled, str(error.args[0]))

    def _overlaid(
        self, overlay: Overlay, name: str, changed: Json, rules: tuple[Rule, ...], line: int
    ) -> tuple[Rule, ...]:
        """The rules with those of an overlay; errors at run time name the line that these stand in for."""
        ids = [leaf.id for rule in rules for leaf in rule.leaves()]
        for verb in ("replace", "add"):
            for number, spelled in enumerate(changed.get(verb, ())):
                here: Pointer = ("maps", name, verb, number)
                if (spelled["id"] in ids) is not (verb == "replace"):
                    known = f"{did_you_mean(spelled['id'], ids)}" if verb == "replace" else ": `replace` it"
                    text = f"map '{name}' has {'no' if verb == 'replace' else 'a'} rule '{spelled['id']}'{known}"
                    overlay.told((*here, "id"), "O002" if verb == "replace" else "O003", text)
                    continue
                inside = around(rules, spelled["id"])
                made = tuple(each for each in self._read(overlay.file, spelled, here, inside))
                rules = exchange(rules, spelled["id"], made) if verb == "replace" else (*rules, *moved(made, line))
        return rules

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
            case=_case_path(spelled),
            fhir=parse_path(spelled.get("fhir", ""), self.systems.uris),
            codec=make_codec(spelled.get("via"), self.tables, self.folder.units) if kind == "leaf" else COPY,
            const=spelled.get("const"),
            rules=tuple(self.rules(file, spelled[inner], (*here, inner), kind)) if inner else (),
            declared=file,
            pointer=here,
            given=tuple((parse_path(path, {}), value) for path, value in spelled.get("given", {}).items()),
        )
        return expand(rule)

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
                yield below(named, case, fhir, file.line(here))


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
