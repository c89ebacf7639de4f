"""How one branch of a rule takes its value: from the variable that holds the element to the case's own.

Takes from: mapping.code, mapping.rules, mapping.reads.  Gives to: mapping.reader.
"""

from __future__ import annotations

from dataclasses import replace

from adapter.canonical import BASE
from adapter.mapping.code import Code
from adapter.mapping.path import Path, Step, parse_path
from adapter.mapping.reads import Branch, Held, write_reads
from adapter.mapping.rules import Map, Rule, flatten

Targets = dict[Path, str]
_MISS = (KeyError, IndexError, TypeError)


class Taking:
    """The lines of a reader under construction.

    Shapes:  named   rules that the lines name by number when they tell the run what failed
             source  variable of the object being read
             lists   of a coding chosen among several, the variable of the whole list
             values  texts of the case values read so far, by place
             strict  what is not as it should be ends the function
             recording  the run is told which branch each value came by
             held    variables that hold members whole, for who asks further
    """

    strict = False

    def __init__(self, code: Code, mapping: Map, *, recording: bool = False) -> None:
        self.code, self.mapping, self.recording = code, mapping, recording
        self.named: list[Rule] = []
        self.bail = "return None"
        self.source = "r"
        self.lists: dict[str, str] = {}
        self.values = Targets()
        self.held: Held = {}

    def _want(self, rule: Rule, wanted: Branch, variable: str = "") -> str:
        if not rule.fhir.steps:
            return self.source
        return wanted.want(rule.fhir, variable or self.code.var(), rule.at)

    def _name(self, rule: Rule) -> int:
        if rule not in self.named:
            self.named.append(rule)
        return self.named.index(rule)

    def _unmapped(self, rule: Rule, variable: str) -> str:
        return f"run.unmapped({self._name(rule)}, {variable})"

    def _presence(self, source: str, branch: Rule, wanted: Branch) -> tuple[str, str]:
        if branch.fhir.lazy:
            variable = self.code.var("y")
            path = self.code.constant(branch.fhir, "P")
            there = f"{branch.fhir.steps[0].name!r} in {source}"
            return variable, f"{there} and ({variable} := run.collect({source}, {path})) is not None"
        variable = self._want(branch, wanted)
        if branch.prefer:
            self._want_list(branch, variable, wanted)
        return variable, f"{variable} is not None"

    def _want_list(self, branch: Rule, variable: str, wanted: Branch) -> None:
        """Several codings may stand there: the whole list is needed when the first is not of a system we prefer."""
        *parents, last = branch.fhir.steps
        self.lists[variable] = wanted.want(Path((*parents, Step(last.name))), self.code.var("l"), branch.at)

    def _take(self, indent: int, branch: Rule, variable: str, targets: Targets, *, loud: bool) -> None:
        line = branch.at
        if branch.kind == "group":
            self._take_group(indent, branch, variable, targets)
        elif branch.codec.name == "key":
            self._take_key(indent, branch, variable, targets[branch.case])
        elif branch.codec.concept and not branch.quiet:
            self._take_concept(indent, branch, variable, targets[branch.case], loud=loud)
        else:
            target = targets[branch.case]
            self.code.add(indent, f"{target} = {branch.codec.read(self.code, variable)}", line)
            if loud and not branch.codec.sure and not branch.quiet:
                self.code.add(indent, f"if {target} is None: {self._unmapped(branch, variable)}", line)
        for path, value in branch.given:
            self.code.add(indent, f"{targets[path]} = {value!r}", line)

    def _take_key(self, indent: int, branch: Rule, variable: str, target: str) -> None:
        """The name that we write beside the reference is taken as it is; else the reference is followed."""
        name = self.code.var("i")
        system = f"{BASE}/identifier/{branch.codec.option['identifier']}"
        self.code.add(indent, f"{name} = {variable}.get('identifier')", branch.at)
        ours = f"{name} is not None and {name}.get('system') == {system!r}"
        followed = f"run.key({self._name(branch)}, {variable})"
        self.code.add(indent, f"{target} = {name}['value'] if {ours} else {followed}", branch.at)

    def _take_concept(self, indent: int, branch: Rule, variable: str, target: str, *, loud: bool) -> None:
        """The first coding is looked up in line; everything else about the concept is left to the table."""
        coding = self.code.var("k")
        miss = self.code.constant(_MISS, "MISS")
        self.code.add(indent, "try:", branch.at)
        self.code.add(indent + 1, f"{coding} = {variable}['coding'][0]", branch.at)
        exact = branch.codec.exact(self.code)
        self.code.add(indent + 1, f"{target} = {exact}[{coding}['system']][{coding}['code']]", branch.at)
        self.code.add(indent, f"except {miss}:", branch.at)
        self.code.add(indent + 1, f"{target} = {branch.codec.read(self.code, variable)}", branch.at)
        if loud:
            self.code.add(indent + 1, f"if {target} is None: {self._unmapped(branch, variable)}", branch.at)

    def _preferred(self, indent: int, group: Rule, variable: str) -> None:
        table = self.mapping.tables[group.prefer]
        name = self.code.constant(table, "T")
        if listed := self.lists.get(variable):
            systems = self.code.constant(frozenset(system for system, _ in table.words), "S")
            condition = f"len({listed}) > 1 and {variable}.get('system') not in {systems}"
            self.code.add(indent, f"if {condition}: {variable} = run.prefer({listed}, {name})", group.at)
        else:
            self.code.add(indent, f"{variable} = run.prefer({variable}, {name})", group.at)

    def _take_group(self, indent: int, group: Rule, variable: str, targets: Targets) -> None:
        if group.prefer:
            self._preferred(indent, group, variable)
        if group.codec.prepare:
            indent, variable = self._prepared(indent, group, variable)
        inside, after = Branch(), self.code.beside()
        outer, self.code, source, self.source = self.code, after, self.source, variable
        for inner in group.rules:
            if inner.kind == "group" and inner.codec.prepare:
                held = self._want(inner, inside)
                after.add(indent, f"if {held} is not None:", inner.at)
                whole = replace(inner, case=group.case + inner.case, fhir=group.fhir + inner.fhir)
                self._take_group(indent + 1, whole, held, targets)
            else:
                for leaf in flatten(inner):
                    self._take_member(indent, leaf, inside, targets[group.case + leaf.case])
        self.code, self.source = outer, source
        write_reads(outer, indent, variable, inside, strict=self.strict)
        outer.lines += after.lines

    def _prepared(self, indent: int, group: Rule, raw: str) -> tuple[int, str]:
        """Lines that bring a quantity to the unit kept; what follows stands one deeper."""
        prepare, variable = self.code.constant(group.codec.prepare, "prepare"), self.code.var("q")
        self.code.add(indent, f"{variable} = {prepare}({raw}, {self._measured(group)})", group.at)
        self.code.add(indent, f"if {variable} is None: {self._unmapped(group, raw)}", group.at)
        self.code.add(indent, "else:", group.at)
        return indent + 1, variable

    def _take_member(self, indent: int, leaf: Rule, inside: Branch, target: str) -> None:
        value = self._want(leaf, inside, target if leaf.codec.name == "copy" else "")
        if value != target:
            text = leaf.codec.read(self.code, value)
            self.code.add(indent, f"{target} = {text} if {value} is not None else None", leaf.at)

    def _measured(self, group: Rule) -> str:
        """Which row of the unit list applies: the value of another field, else the list's own name."""
        option = group.codec.option
        return self.values[parse_path(option["by"], {})] if "by" in option else repr(option["units"])
