"""Rules to a Python function that reads a resource into a part of the case.

    def read(r, run): …     returns the item (or None when a required part is missing); `run` is told what failed

Takes from: mapping.language, reads, tree, code.  Gives to: mapping.engine.
"""

from __future__ import annotations

from adapter.mapping.code import Code
from adapter.mapping.drops import Drop
from adapter.mapping.path import parse_path
from adapter.mapping.reads import Branch, write_reads
from adapter.mapping.rules import Map, Rule, flatten
from adapter.mapping.taking import Taking, Targets
from adapter.mapping.tree import Leaf, Node, Repeat, write_object


def make_reader_code(mapping: Map, drops: list[Drop], *, recording: bool = False) -> tuple[Code, list[Rule]]:
    """The code, and the rules it names by number when it tells the run what failed.

    Shapes:  recording  the run is told, too, which branch each value came by
    """
    code = Code(mapping.file.name)
    reader = Reader(code, mapping, recording=recording)
    code.add(0, "def read(r, run):", 1)
    for number, drop in enumerate(drops):
        says = condition(code, drop) + (" and not run.at[0].own" if drop.hospital_only else "")
        code.add(1, f"if {says}: return run.dropped({number})", mapping.file.line(("drop", number)))
    if mapping.place != "root":
        code.add(1, "s = r.get('subject')", 1)
        code.add(1, "if s is None or s.get('reference') not in run.patient:", 1)
        code.add(2, "if not run.speaks_of_the_patient(r): return run.stranger()", 1)
    reader.body()
    return code, reader.named


def condition(code: Code, drop: Drop) -> str:
    """When a resource is dropped: in line where that is no more than a look at one value."""
    if drop.values:
        return f"r.get({drop.element!r}) in {code.constant(drop.values, 'D')}"
    return f"{drop.element!r} in r and {code.constant(drop.test, 'D')}(r)"


class Reader(Taking):
    """Shapes:  fed  lines that tell of items for other lists, once nothing can stop the item any more"""

    def body(self) -> None:
        code, node = self.code, Node()
        self.fed = code.beside()
        values = self._scope(1, "r", self.mapping.rules, node)
        by_name = {".".join(step.name for step in path.steps): text for path, text in values.items()}
        if self.mapping.place == "join":
            self._read_parent()
            self._end(f"(r, p, {by_name['']})")
        elif self.mapping.place == "keyed":
            self._end(f"({by_name['key']}, {by_name['value']})")
        else:
            write_object(code, 1, node, "t", frozenset())
            code.lines += self.fed.lines
            self._end("t")

    def _end(self, item: str) -> None:
        self.code.add(1, f"return {item}", 1)

    def _read_parent(self) -> None:
        wanted = Branch()
        parent = parse_path(self.mapping.get("parent")["fhir"], self.mapping.systems.uris)
        wanted.want(parent, "p", self.mapping.file.line(("parent",)))
        write_reads(self.code, 1, "r", wanted, strict=self.strict)

    def _scope(self, indent: int, source: str, rules: tuple[Rule, ...], node: Node) -> Targets:
        """Read what the rules name in `source`; put the values under `node` and return their texts by case path."""
        wanted, values, around, self.source = Branch(), Targets(), self.source, source
        outer, self.code = self.code, self.code.beside()
        for rule in rules:
            if rule.kind == "each":
                self._each(indent, rule, wanted, node)
            elif rule.kind != "const" and rule.from_fhir:
                values |= self._rule(indent, source, rule, wanted, node)
                self.values = values
        write_reads(outer, indent, source, wanted, strict=self.strict, held=self.held)
        outer.lines += self.code.lines
        self.code, self.source = outer, around
        return values

    def _rule(self, indent: int, source: str, rule: Rule, wanted: Branch, node: Node) -> Targets:
        if rule.kind == "leaf" and self._plain(rule):
            variable = self._want(rule, wanted)
            self._require(indent, rule, variable)
            guard = None if rule.required is True else variable
            return self._put(node, rule, self._text(rule, variable), guard)
        branches = rule.rules if rule.kind in ("first", "choice") else (rule,)
        targets = self._targets(indent, rule, branches)
        self._ways(indent, source, rule, branches, wanted, targets)
        first = next(iter(targets.values()))
        self._ending(indent, rule, first)
        sure = rule.required is True or rule.default is not None or rule.otherwise is not None
        for case, target in targets.items():
            if case.steps:
                node.put(case, Leaf(target, None if sure and target == first else target, rule.at))
        return targets

    def _text(self, rule: Rule, variable: str) -> str:
        """The value of a plain rule as one expression."""
        return rule.codec.read(self.code, variable)

    def _put(self, node: Node, rule: Rule, text: str, guard: str | None) -> Targets:
        if rule.case.steps:
            node.put(rule.case, Leaf(text, guard, rule.at))
        return {rule.case: text}

    def _plain(self, rule: Rule) -> bool:
        return rule.codec.sure and not rule.fhir.lazy and rule.default is None and rule.otherwise is None

    def _targets(self, indent: int, rule: Rule, branches: tuple[Rule, ...]) -> Targets:
        """One variable for each case place that the rule may fill, all empty at first."""
        targets = Targets()
        for branch in branches:
            places = [leaf.case for leaf in flatten(branch)] + [path for path, _ in branch.given]
            for case in places:
                targets.setdefault(case, self.code.var("x"))
        self.code.add(indent, " = ".join([*targets.values(), "None"]), rule.at)
        return targets

    def _ways(
        self, indent: int, source: str, rule: Rule, branches: tuple[Rule, ...], wanted: Branch, targets: Targets
    ) -> None:
        """Try the branches: in a choice the element present decides, in a first the first word found."""
        if rule.kind == "first":
            self._first(indent, source, rule, wanted, targets)
            return
        word = "if"
        for branch in (each for each in branches if each.from_fhir):
            variable, present = self._presence(source, branch, wanted)
            self.code.add(indent, f"{word} {present}:", branch.at)
            self._take(indent + 1, branch, variable, targets, loud=rule.otherwise is None)
            self._note(indent + 1, branch, targets)
            word = "elif"

    def _first(self, indent: int, source: str, rule: Rule, wanted: Branch, targets: Targets) -> None:
        """Each branch is tried while nothing was found; when none knows a word, the first that had something tells."""
        branches = [each for each in rule.rules if each.from_fhir]
        found = list(dict.fromkeys(targets[next(flatten(branch)).case] for branch in branches))
        nothing = " and ".join(f"{target} is None" for target in found)
        for number, branch in enumerate(branches):
            if number == 1:
                self.code.add(indent, f"if {nothing}:", branch.at)
                indent += 1
            variable, present = self._presence(source, branch, wanted)
            self.code.add(indent, f"if {nothing} and {present}:" if number > 1 else f"if {present}:", branch.at)
            self._take(indent + 1, branch, variable, targets, loud=False)
            self._note(indent + 1, branch, targets)
        if rule.otherwise is None:
            self._unmapped_all(indent, branches, wanted, nothing)

    def _note(self, indent: int, branch: Rule, targets: Targets) -> None:
        """Of the branches of a rule the one that had a word tells so, when a trace was asked for."""
        if self.recording:
            something = " or ".join(f"{targets[leaf.case]} is not None" for leaf in flatten(branch))
            told = f"run.took({self.source}, {self.code.constant(branch, 'B')})"
            self.code.add(indent, f"if {something}: {told}", branch.at)

    def _unmapped_all(self, indent: int, branches: list[Rule], wanted: Branch, nothing: str) -> None:
        for branch in branches:
            if not branch.quiet and not branch.fhir.lazy and not branch.codec.sure:
                variable = self._want(branch, wanted)
                told = self._unmapped(branch, variable)
                self.code.add(indent, f"if {nothing} and {variable} is not None: {told}", branch.at)

    def _ending(self, indent: int, rule: Rule, target: str) -> None:
        """What happens when nothing was found."""
        if rule.default is not None:
            self.code.add(indent, f"if {target} is None: {target} = {rule.default!r}", rule.at)
        if rule.otherwise is not None:
            self.code.add(indent, f"if {target} is None:", rule.at)
            self.code.add(indent + 1, f"{target} = {rule.otherwise!r}", rule.at)
            self.code.add(indent + 1, f"run.unclassified({self._name(rule)})", rule.at)
        self._require(indent, rule, target)

    def _require(self, indent: int, rule: Rule, variable: str) -> None:
        if rule.required is True:
            self.code.add(indent, f"if {variable} is None:", rule.at)
            self.code.add(indent + 1, f"run.lacks({self._name(rule)})", rule.at)
            self.code.add(indent + 1, self.bail, rule.at)

    def _each(self, indent: int, rule: Rule, wanted: Branch, node: Node) -> None:
        source = self._want(rule, wanted)

        def body(code: Code, indent: int, listed: str) -> None:
            item, target, inner = code.var("i"), code.var("t"), Node()
            number = code.var("n") if self.recording else ""
            numbered = f"{number}, {item} in enumerate({source})" if number else f"{item} in {source}"
            code.add(indent, f"for {numbered}:", rule.at)
            outer, self.code, bail, self.bail = self.code, code, self.bail, "continue"
            self._scope(indent + 1, item, rule.rules, inner)
            self.code, self.bail = outer, bail
            write_object(code, indent + 1, inner, target, frozenset())
            code.add(indent + 1, f"{listed}.append({target})", rule.at)
            if number:
                code.add(indent + 1, f"run.made({target}, {number}, {item})", rule.at)

        if rule.feed:
            self._feed(indent, rule, source, body)
        else:
            node.put(rule.case, Repeat(source, body, rule.at))

    def _feed(self, indent: int, rule: Rule, source: str, body: object) -> None:
        """Items for another list of the case; it takes those it does not know yet."""
        listed, name = self.code.var("L"), rule.case.steps[-1].name
        self.code.add(indent, f"{listed} = []", rule.at)
        self.code.add(indent, f"if {source}:", rule.at)
        body(self.code, indent + 1, listed)  # type: ignore[operator]
        self.fed.add(1, f"if {listed}: run.feed(r, {name!r}, {listed}, {tuple(rule.feed)!r})", rule.at)
