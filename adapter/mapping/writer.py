"""Rules to a Python function that writes resources from a case.

    def write(case, S, out): …      S is the case's id as FHIR allows it; `out` receives one resource per item

Takes from: mapping.language, reads, tree, code.  Gives to: mapping.engine.
"""

from __future__ import annotations

from typing import Any

from adapter.canonical import BASE, DATA_ABSENT_REASON, extension
from adapter.errors import Json
from adapter.mapping.code import Code
from adapter.mapping.codecs import Pointing
from adapter.mapping.path import Path, Step, parse_path
from adapter.mapping.reads import Branch, write_reads
from adapter.mapping.rules import Language, Map, Rule, also_path, flatten
from adapter.mapping.tree import Leaf, Node, Repeat, write_object

_ABSENT = Step("extension", "slice", "url", DATA_ABSENT_REASON)


def make_writer_code(mapping: Map, language: Language) -> Code:
    """Shapes:  language  the maps that this one may point at"""
    code = Code(mapping.file.name)
    _Writer(code, mapping, {each.name: each for each in language.maps}).write()
    return code


class _Writer:
    def __init__(self, code: Code, mapping: Map, maps: dict[str, Map]) -> None:
        self.code, self.mapping, self.maps = code, mapping, maps
        self.hoisted: dict[str, str] = {}

    def write(self) -> None:
        head, self.code = self.code, self.code.beside()
        indent, item = self._loop(self.code)
        node = Node()
        self._head(node)
        self._scope(indent, item, self.mapping.rules, node, "t")
        self.code.add(indent, "out(t)", 1)
        head.add(0, "def write(case, S, out):", 1)
        for text, name in self.hoisted.items():
            head.add(1, f"{name} = {text}", 1)
        head.lines += self.code.lines

    def _loop(self, code: Code) -> tuple[int, str]:
        mapping = self.mapping
        if mapping.place == "root":
            return 1, "case"
        code.add(1, f"d = case.get({mapping.case!r})", 1)
        code.add(1, "if not d: return", 1)
        if mapping.place == "object":
            return 1, "d"
        code.add(1, "n = 0", 1)
        code.add(1, "for k, d in d.items():" if mapping.place == "keyed" else "for d in d:", 1)
        code.add(2, "n += 1", 1)
        if mapping.place == "join":
            code.add(2, f"d = d.get({mapping.field!r})", 1)
            code.add(2, "if d is None: continue", 1)
        return 2, "d"

    def _head(self, node: Node) -> None:
        node.put(_one("resourceType"), Leaf(repr(self.mapping.resource), None, 1))
        node.put(_one("meta"), Leaf(self.code.constant(make_meta(self.mapping), "META"), None, 1))
        line = self.mapping.file.line(("id",))
        node.put(_one("id"), Leaf(_template(self.mapping.id), None, line))
        if parent := self.mapping.get("parent"):
            reference = f"{parent['resource']}/{self.maps[parent['map']].id}"
            path = parse_path(parent["fhir"], self.mapping.systems.uris) + _one("reference")
            node.put(path, Leaf(_template(reference), None, self.mapping.file.line(("parent",))))

    def _scope(self, indent: int, item: str, rules: tuple[Rule, ...], node: Node, target: str) -> None:
        """Read what the rules need from `item`, then bind the object they make to `target`."""
        wanted = Branch()
        outer, self.code = self.code, self.code.beside()
        for rule in rules:
            if rule.to_fhir:
                self._rule(indent, rule, wanted, node)
        write_reads(outer, indent, item, wanted)
        outer.lines += self.code.lines
        self.code = outer
        write_object(outer, indent, node, target, frozenset())

    def _rule(self, indent: int, rule: Rule, wanted: Branch, node: Node) -> None:
        if rule.kind == "const":
            node.put(rule.fhir, Leaf(self._const(rule.const), None, rule.at))
        elif rule.kind == "each":
            self._each(rule, wanted, node)
        elif rule.kind in ("first", "choice"):
            self._choice(indent, rule, wanted, node)
        else:
            for leaf in flatten(rule):
                self._leaf(indent, leaf, self._source(leaf, wanted), node, self._group_guard(leaf, wanted))

    def _const(self, value: Any) -> str:
        """Constants are made once: for good, or once a case when they speak of it."""
        text = _json_text(value)
        if isinstance(value, str) and "{" not in value:
            return text
        if "{S}" not in text:
            return self.hoisted.get(text) or self.hoisted.setdefault(text, self.code.constant(value))
        return self.hoisted.setdefault(text, f"c{len(self.hoisted)}")

    def _source(self, leaf: Rule, wanted: Branch) -> str:
        if not leaf.case.steps:
            return "d"
        first = leaf.case.steps[0].name
        if self.mapping.place == "keyed" and first in ("key", "value"):
            return "k" if first == "key" else "d"
        return wanted.want(leaf.case, self.code.var(), leaf.at)

    def _group_guard(self, leaf: Rule, wanted: Branch) -> str | None:
        """The object that a required member hangs on; None when that is the item itself."""
        if leaf.group is None or not leaf.group.steps:
            return None
        return wanted.want(leaf.group, self.code.var(), leaf.at)

    def _leaf(self, indent: int, leaf: Rule, source: str, node: Node, group: str | None = None) -> None:
        guard: str | None = group if leaf.required or source in ("d", "k") else source
        if leaf.default is not None and guard:
            self.code.add(indent, f"if {source} == {leaf.default!r}: {source} = None", leaf.at)
        text, whole = self._text(leaf, source)
        path = leaf.fhir + _one("coding") if leaf.codec.concept else leaf.fhir
        for key, value in (leaf.with_ or {}).items():
            node.put(Path(leaf.fhir.steps[:-1]) + parse_path(key, {}), Leaf(self._const(value), guard, leaf.at))
        node.put(path, Leaf(text, guard, leaf.at, whole))
        for also in leaf.also or ():
            node.put(also_path(also), Leaf(text, guard, leaf.at))
        if leaf.missing:
            self._missing(indent, leaf, source, node)

    def _text(self, leaf: Rule, source: str) -> tuple[str, str]:
        if leaf.codec.name == "key":
            return f"{self.code.constant(self._key(leaf), 'key')}(case, S, {source})", ""
        return leaf.codec.write(self.code, source)

    def _key(self, leaf: Rule) -> Pointing:
        option = leaf.codec.option
        target = self.maps[option["map"]]
        system = f"{BASE}/identifier/{option['identifier']}"
        return Pointing(target.case, option["field"], system, f"{target.resource}/{target.id}")

    def _missing(self, indent: int, leaf: Rule, source: str, node: Node) -> None:
        """R4 wants the element, the case has none: say why instead of inventing a value."""
        variable = self.code.var("m")
        self.code.add(indent, f"{variable} = {leaf.missing!r} if {source} is None else None", leaf.at)
        *parents, last = leaf.fhir.steps
        path = Path((*parents, Step(f"_{last.name}"), _ABSENT, Step("valueCode")))
        node.put(path, Leaf(variable, variable, leaf.at))

    def _choice(self, indent: int, rule: Rule, wanted: Branch, node: Node) -> None:
        """Branches in order: a value is written by the first that may, the last one by whatever it is."""
        branches = [(each, _needs(each)) for each in rule.rules if each.to_fhir]
        taken: list[tuple[str, set[Path]]] = []
        for number, (branch, needs) in enumerate(branches):
            conditions = [f"{guard} is None" for guard, known in taken if known & needs]
            conditions += self._given(branch, wanted)
            contested = any(needs & others for _, others in branches[number + 1 :])
            guards = []
            for leaf in flatten(branch):
                group = self._group_guard(leaf, wanted)
                if group and conditions:
                    group = self._guarded(indent, branch, group, conditions)
                source = self._source(leaf, wanted)
                every = [*conditions, leaf.codec.accepts(self.code, source)] if contested else list(conditions)
                every += [f"{source} != {rule.default!r}"] if rule.default is not None else []
                guards.append(self._guarded(indent, leaf, source, every))
                self._leaf(indent, leaf, guards[-1], node, group or (guards[0] if every else None))
            taken.append((guards[0], needs))

    def _given(self, branch: Rule, wanted: Branch) -> list[str]:
        conditions = []
        for path, value in branch.given:
            variable = wanted.want(path, self.code.var("g"), branch.at)
            conditions.append(f"{variable} {'is' if value in (None, True, False) else '=='} {value!r}")
        return conditions

    def _guarded(self, indent: int, rule: Rule, source: str, conditions: list[str]) -> str:
        """A variable that holds the value only if this branch is the one to write it."""
        every = [each for each in conditions if each]
        if not every:
            return source
        variable = self.code.var("b")
        self.code.add(indent, f"{variable} = {source} if {' and '.join(every)} else None", rule.at)
        return variable

    def _each(self, rule: Rule, wanted: Branch, node: Node) -> None:
        if rule.spelled["each"].startswith("$."):
            source = f"case.get({rule.case.steps[-1].name!r})"
        else:
            source = wanted.want(rule.case, self.code.var("s"), rule.at)

        def body(code: Code, indent: int, listed: str) -> None:
            item = code.var("i")
            code.add(indent, f"for {item} in {source}:", rule.at)
            for path, value in (rule.unless or {}).items():
                code.add(indent + 1, f"if {item}.get({path!r}) == {value!r}: continue", rule.at)
            outer, self.code, target = self.code, code, code.var("t")
            self._scope(indent + 1, item, rule.rules, Node(), target)
            self.code = outer
            code.add(indent + 1, f"{listed}.append({target})", rule.at)

        node.put(rule.fhir, Repeat(source, body, rule.at))


def make_meta(mapping: Map) -> Json:
    """Every resource of ours says so: what comes back is taken word for word, never tidied up again."""
    profile = mapping.get("profile")
    return {"source": BASE, **({"profile": [extension(profile)]} if profile else {})}


def _needs(branch: Rule) -> set[Path]:
    return {leaf.case for leaf in flatten(branch)} | {path for path, _ in branch.given}


def _one(name: str) -> Path:
    return Path((Step(name),))


def _template(text: str) -> str:
    """`{case}` and `{n}` as an f-string on the function's own names."""
    return f"f{text.replace('{case}', '{S}')!r}" if "{" in text else repr(text)


def _json_text(value: Any) -> str:
    if isinstance(value, str):
        return _template(value)
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key!r}: {_json_text(each)}" for key, each in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_json_text, value)) + "]"
    return repr(value)
