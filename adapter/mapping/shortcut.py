"""The short way through a map: the same rules as the reader's, for resources of which nothing has to be said.

    def short(r, w, run, behind, find, number): …     returns the item; None, or an error, when anything is not as it
                                                      should be; True when it holds what forbids its use

What the short way cannot take goes the long way (mapping.reader), which says why: good data pays for no complaint.

Takes from: mapping.reader, taking, reads, familiar, code.  Gives to: mapping.intake.
"""

from __future__ import annotations

from collections import Counter

from adapter.canonical import BASE
from adapter.mapping.code import Code
from adapter.mapping.drops import Drop
from adapter.mapping.familiar import Question
from adapter.mapping.invariants import Invariant
from adapter.mapping.leftovers import Known, known_names
from adapter.mapping.reader import Reader, condition
from adapter.mapping.reads import Branch
from adapter.mapping.rules import Map, Rule, flatten
from adapter.mapping.taking import Targets

_BAIL = "return None"
_STRAIGHT = ("copy", "date", "code", "values", "concept")


def make_shortcut_code(
    mapping: Map, drops: list[Drop], invariants: list[Invariant], known: Rule | None, *, leftovers: bool
) -> Code:
    """Shapes:  known      the rule whose word the dispatch has found already, in `w`
    leftovers  what is not familiar is told to `behind`
    """
    code = Code(mapping.file.name)
    code.add(0, f"def short(r, w, run{', behind, find, number' if leftovers else ''}):", 1)
    names = known_names(mapping)
    said = _write_constants(code, names, drops)
    for number, drop in enumerate(drops):
        if not (drop.values and drop.element in said):
            _write_drop(code, drop, mapping.file.line(("drop", number)))
    for number, invariant in enumerate(invariants):
        asked = [*(f"{name!r} in r" for name in invariant.needs), f"{code.constant(invariant.broken, 'I')}(r)"]
        code.add(1, f"if {' and '.join(asked)}: {_BAIL}", mapping.file.line(("check", number)))
    if mapping.place != "root":
        code.add(1, f"if r['subject']['reference'] not in run.patient: {_BAIL}", 1)
    _Shortcut(code, mapping, known, names if leftovers else None, said).body()
    return code


def _write_constants(code: Code, names: Known, drops: list[Drop]) -> set[str]:
    """Elements that say what they always say: one look tells both what is dropped and what nobody reads."""
    said = {name: known.values for name, known in names.members.items() if known.values}
    for name, values in said.items():
        dropped = [value for drop in drops if drop.element == name for value in drop.values]
        fine = code.constant(frozenset(value for value in values if value not in dropped), "V")
        code.add(1, f"if r[{name!r}] not in {fine}: {_BAIL}", 1)
    return set(said)


def _write_drop(code: Code, drop: Drop, line: int) -> None:
    """Codings that a drop asks for are looked up in line."""
    if drop.values:
        values = code.constant(frozenset(drop.values), "D")
        code.add(1, f"if {drop.element!r} in r and r[{drop.element!r}] in {values}: {_BAIL}", line)
        return
    if drop.codings is None:
        code.add(1, f"if {condition(code, drop)}: {_BAIL}", line)
        return
    keys, loose = drop.codings
    listed = f"r[{drop.element!r}]" if drop.bare else f"r[{drop.element!r}]['coding']"
    asked = code.constant(frozenset(system for system, _ in keys) | loose, "D")
    exact = f"(k['system'], k['code']) in {code.constant(keys, 'D')}"
    spelled = f" or k['system'] in {code.constant(loose, 'D')}" if loose else ""
    found = f"k['system'] in {asked} and ({exact}{spelled})"
    code.add(1, f"if {drop.element!r} in r:", line)
    code.add(2, f"for k in {listed}:", line)
    code.add(3, f"if {found}: {_BAIL}", line)


class _Shortcut(Reader):
    """A rule that would tell something ends the function instead."""

    strict = True

    def __init__(self, code: Code, mapping: Map, known: Rule | None, names: Known | None, said: set[str]) -> None:
        super().__init__(code, mapping)
        self.known = known
        self.names, self.said = names, said
        self.bail = _BAIL
        self.shared: Counter[str] = Counter()

    def _end(self, item: str) -> None:
        if self.names is not None:
            # What may still give up comes before anybody counts.
            if item != "t":
                self.code.add(1, f"t = {item}", 1)
                item = "t"
            question = Question(self.code, "return behind(find, number, r) or t", self.held)
            certain = {"resourceType", *self.said}
            if "subject" in self.names.members and [*self.names.members["subject"].members] == ["reference"]:
                self.code.add(1, f"if len(r['subject']) != 1: {question.doubt}", 1)
                certain.add("subject")
            question.resource(1, self.names, certain)
        super()._end(item)

    def _unmapped(self, rule: Rule, variable: str) -> str:
        return _BAIL

    def _require(self, indent: int, rule: Rule, variable: str) -> None:
        looked_up = rule.kind == "leaf" and self._plain(rule) and not rule.codec.sure
        if rule.required is True and not looked_up:
            self.code.add(indent, f"if {variable} is None: {_BAIL}", rule.at)

    def _ending(self, indent: int, rule: Rule, target: str) -> None:
        if rule.otherwise is not None:
            self.code.add(indent, f"if {target} is None: {_BAIL}", rule.at)
        else:
            super()._ending(indent, rule, target)

    def _scope(self, indent: int, source: str, rules: tuple[Rule, ...], node: object) -> Targets:
        outer, self.shared = self.shared, Counter(_first_names(rules))
        values = super()._scope(indent, source, rules, node)  # type: ignore[arg-type]
        self.shared = outer
        return values

    def _rule(self, indent: int, source: str, rule: Rule, wanted: Branch, node: object) -> Targets:
        if rule is self.known:
            return self._put(node, rule, "w", None)  # type: ignore[arg-type]
        return super()._rule(indent, source, rule, wanted, node)  # type: ignore[arg-type]

    def _plain(self, rule: Rule) -> bool:
        """A look-up that fails ends the function, so it may stand where the value is needed."""
        settled = rule.default is None and rule.otherwise is None and not rule.quiet
        return rule.codec.name in _STRAIGHT and not rule.fhir.lazy and settled

    def _text(self, rule: Rule, variable: str) -> str:
        if rule.codec.name == "concept":
            exact, coding = rule.codec.exact(self.code), self.code.var("k")
            return f"{exact}[({coding} := {variable}['coding'][0])['system']][{coding}['code']]"
        known = rule.codec.known(self.code)
        return f"{known}[{variable}]" if known else rule.codec.read(self.code, variable)

    def _presence(self, source: str, branch: Rule, wanted: Branch) -> tuple[str, str]:
        """An element of which nobody else speaks is looked for only when the branches before it found nothing."""
        if branch.fhir.lazy and any(step.pick == "resolve" for step in branch.fhir.steps):
            return "", f"{branch.fhir.steps[0].name!r} in {source}"
        steps = branch.fhir.steps
        if len(steps) == 1 and steps[0].pick == "one" and self.shared[steps[0].name] == 1:
            return f"{source}[{steps[0].name!r}]", f"{steps[0].name!r} in {source}"
        return super()._presence(source, branch, wanted)

    def _first(self, indent: int, source: str, rule: Rule, wanted: Branch, targets: Targets) -> None:
        """Branches in a row; behind one that may find nothing the next ones stand one deeper."""
        branches = [each for each in rule.rules if each.from_fhir]
        word = "if"
        for number, branch in enumerate(branches):
            variable, present = self._presence(source, branch, wanted)
            self.code.add(indent, f"{word} {present}:", branch.at)
            self._take(indent + 1, branch, variable, targets, loud=not branch.quiet)
            if branch.kind == "group" and variable and not branch.quiet:
                missing = targets[next(flatten(branch)).case]
                self.code.add(indent + 1, f"if {missing} is None: {_BAIL}", branch.at)
            word = "elif"
            if branch.quiet and number + 1 < len(branches):
                found = dict.fromkeys(targets[next(flatten(each)).case] for each in branches)
                nothing = " and ".join(f"{target} is None" for target in found)
                self.code.add(indent, f"if {nothing}:", branch.at)
                indent, word = indent + 1, "if"

    def _take(self, indent: int, branch: Rule, variable: str, targets: Targets, *, loud: bool) -> None:
        if variable.endswith("]"):
            variable = self._named(indent, branch, variable)
        if not variable:
            self.code.add(indent, _BAIL, branch.at)
        elif branch.kind == "leaf" and self._plain(branch):
            self.code.add(indent, f"{targets[branch.case]} = {self._text(branch, variable)}", branch.at)
            for path, value in branch.given:
                self.code.add(indent, f"{targets[path]} = {value!r}", branch.at)
        elif branch.codec.name == "codings" and loud and not branch.fhir.lazy:
            coding, exact = self.code.var("k"), branch.codec.exact(self.code)
            self.code.add(indent, f"if len({variable}) != 1: {_BAIL}", branch.at)
            self.code.add(indent, f"{coding} = {variable}[0]", branch.at)
            text = f"{exact}[{coding}['system']][{coding}['code']]"
            self.code.add(indent, f"{targets[branch.case]} = {text}", branch.at)
        else:
            super()._take(indent, branch, variable, targets, loud=loud)

    def _named(self, indent: int, branch: Rule, element: str) -> str:
        """A variable for an element that is looked into more than once."""
        variable = self.code.var()
        self.code.add(indent, f"{variable} = {element}", branch.at)
        if branch.codec.name == "copy":
            self.code.add(indent, f"if {variable} is None: {_BAIL}", branch.at)
        return variable

    def _take_key(self, indent: int, branch: Rule, variable: str, target: str) -> None:
        name = self.code.var("i")
        system = f"{BASE}/identifier/{branch.codec.option['identifier']}"
        self.code.add(indent, f"{name} = {variable}['identifier']", branch.at)
        self.code.add(indent, f"if {name}['system'] != {system!r}: {_BAIL}", branch.at)
        self.code.add(indent, f"{target} = {name}['value']", branch.at)

    def _preferred(self, indent: int, group: Rule, variable: str) -> None:
        listed = self.lists[variable]
        systems = self.code.constant(frozenset(each for each, _ in self.mapping.tables[group.prefer].words), "S")
        other = f"len({listed}) > 1 and {variable}.get('system') not in {systems}"
        self.code.add(indent, f"if {other}: {_BAIL}", group.at)

    def _prepared(self, indent: int, group: Rule, raw: str) -> tuple[int, str]:
        prepare = group.codec.prepare
        if prepare is None or prepare.text:
            self.code.add(indent, _BAIL, group.at)
        else:
            kept = self.code.constant(prepare.kept, "U")
            self.code.add(indent, f"if ({self._measured(group)}, {raw}['code']) not in {kept}: {_BAIL}", group.at)
        return indent, raw

    def _take_member(self, indent: int, leaf: Rule, inside: Branch, target: str) -> None:
        if leaf.codec.name != "system":
            super()._take_member(indent, leaf, inside, target)
            return
        systems = self.mapping.systems
        aliases = frozenset(uri for uri, name in systems.names.items() if systems.uris[name] != uri)
        value = self._want(leaf, inside, target)
        self.code.add(indent, f"if {value} in {self.code.constant(aliases, 'A')}: {_BAIL}", leaf.at)


def _first_names(rules: tuple[Rule, ...]) -> list[str]:
    """The first step of every path that a scope reads."""
    leaves = [leaf for rule in rules for leaf in rule.leaves() if leaf.kind != "const" and leaf.from_fhir]
    return [leaf.fhir.steps[0].name for leaf in leaves if leaf.fhir.steps]
