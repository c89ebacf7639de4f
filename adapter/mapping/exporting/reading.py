"""The group that reads one resource into its item of the case.

Takes from: mapping.language, exporting.finding, exporting.gaps.  Gives to: exporting.maps.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from adapter.canonical import BASE
from adapter.mapping.exporting.carrying import read_value
from adapter.mapping.exporting.case_model import schema_at
from adapter.mapping.exporting.codes import CodeReader, Translations, one_of
from adapter.mapping.exporting.finding import Finder
from adapter.mapping.exporting.gaps import (
    FEED,
    FINER,
    NAMES,
    PREFER,
    PRIMITIVE,
    RESOLVE,
    TIME,
    UNITS,
    Gap,
    general_gaps,
    is_primitive_extension,
)
from adapter.mapping.exporting.leaves import Rules, origin, table_of
from adapter.mapping.exporting.selecting import wrap_selected
from adapter.mapping.exporting.structure import MapRule, Names, Source, Target, copied
from adapter.mapping.path import Step
from adapter.mapping.rules import Map, Rule


@dataclass(frozen=True)
class Goal:
    """Where what is read goes: the variable of the item, and the steps always put before a rule's own."""

    variable: str
    prefix: tuple[str, ...] = ()
    opened: tuple[tuple[str, str], ...] = ()

    def open(self, rule: Rule, names: Names) -> tuple[tuple[Target, ...], tuple[str, str]]:
        """Targets for the objects on the way, and (variable, element) of the value."""
        steps = self.prefix or tuple(step.name for step in rule.case.steps)
        variable, targets = self.variable, []
        if steps[0] in dict(self.opened) and len(steps) > 1:
            variable, steps = dict(self.opened)[steps[0]], steps[1:]
        for step in steps[:-1]:
            inner = names.variable()
            targets.append(Target(variable, step, inner))
            variable = inner
        return tuple(targets), (variable, steps[-1])


@dataclass
class GroupReader:
    mapping: Map
    names: Names = field(default_factory=Names)
    asked: Translations = field(default_factory=Translations)
    gaps: list[Gap] = field(default_factory=list)

    def rules(self) -> Rules:
        mapping = self.mapping
        self.gaps += general_gaps(mapping, "from-fhir")
        self.finder = Finder(mapping, self.names)
        selected = wrap_selected(mapping, self.names, self.gaps)
        return selected(self._item())

    def _item(self) -> Rules:
        mapping = self.mapping
        if mapping.place == "join":
            return self._scope(mapping.rules, "sent", Goal("item", (mapping.field,)))
        if mapping.place == "root":
            return self._opened(mapping.rules, "record")
        inner = self._keyed() if mapping.place == "keyed" else self._scope(mapping.rules, "sent", Goal("item"))
        made = (Target("record", mapping.case, "item"),)
        return (MapRule(self.names.rule(f"{mapping.name}.item"), Source("sent"), made, inner),)

    def _opened(self, rules: tuple[Rule, ...], variable: str) -> Rules:
        """Objects that several rules share are made once, before any rule reads."""
        firsts = [leaf.case.steps[0].name for rule in rules for leaf in rule.leaves() if len(leaf.case.steps) > 1]
        shared = {name: self.names.variable() for name in dict.fromkeys(firsts)}
        made = tuple(Target(variable, name, inner) for name, inner in shared.items())
        inner = self._scope(rules, "sent", Goal(variable, (), tuple(shared.items())))
        return (MapRule(self.names.rule(f"{self.mapping.name}.item"), Source("sent"), made, inner),)

    def _keyed(self) -> Rules:
        """Every member of a keyed object: where the key's code is found, the rules of the value."""
        key, *others = (rule for rule in self.mapping.rules if rule.kind != "const")
        found: list[MapRule] = []
        for member in schema_at(self.mapping.case)["properties"]:
            reader = CodeReader(table_of(key), self.names, self.asked, frozenset([member]))

            def then(coding: str, member: str = member, reader: CodeReader = reader) -> Rules:
                return tuple(self._known(coding, reader, member, tuple(others), key))

            found += self.finder.codings(key.fhir.steps, "sent", key.id, then, concept=True)
        return tuple(found)

    def _known(self, coding: str, reader: CodeReader, member: str, others: tuple[Rule, ...], key: Rule) -> Rules:
        found = []
        for (system, code), word in reader.table.words.items():
            if word == member:
                value = self._scope(others, "sent", Goal("item", (member,)))
                variable, name = self.names.variable(), self.names.rule(key.id)
                known = MapRule(
                    name, Source(coding, "code", variable, one_of(variable, [code])), (), value, origin(key)
                )
                found.append(reader.where(coding, system, key.id, (known,)))
        return tuple(found)

    def _scope(self, rules: tuple[Rule, ...], source: str, goal: Goal) -> Rules:
        return tuple(found for rule in rules for found in self._rule(rule, source, goal))

    def _rule(self, rule: Rule, source: str, goal: Goal) -> Rules:
        if rule.kind == "const" or not rule.from_fhir:
            return ()
        if rule.kind == "each":
            return self._each(rule, source, goal)
        branches = rule.rules if rule.kind in ("first", "choice") else (rule,)
        # All branches are tried and the last value stays: so the branch that comes first is tried last.
        ordered = tuple(reversed(branches)) if rule.kind == "first" else branches
        readable = [each for each in ordered if each.from_fhir and self._sayable(each)]
        fallback = self._fallback(rule, readable, source, goal)
        return fallback + tuple(found for each in readable for found in self._branch(each, source, goal))

    def _fallback(self, rule: Rule, branches: list[Rule], source: str, goal: Goal) -> Rules:
        value = rule.default if rule.default is not None else rule.otherwise
        if value is None or not branches:
            return ()
        before, target = goal.open(branches[0], self.names)
        name = self.names.rule(rule.id)
        return (MapRule(name, Source(source), (*before, copied(*target, value)), (), origin(rule)),)

    def _sayable(self, rule: Rule) -> bool:
        reason = _unsayable(rule)
        if reason:
            self._gap(rule, reason)
        elif rule.codec.name == "date":
            self._gap(rule, TIME)
        elif rule.prefer:
            self._gap(rule, PREFER)
        elif rule.codec.option and rule.codec.name == "quantity" and "units" in rule.codec.option:
            self._gap(rule, UNITS)
        elif rule.codec.table and rule.codec.name in ("concept", "codings"):
            self._gap(rule, FINER)
        return not reason

    def _gap(self, rule: Rule, reason: str) -> None:
        gap = Gap(rule.id, reason, rule.fhir.fhirpath if rule.fhir.steps else "")
        if gap not in self.gaps:
            self.gaps.append(gap)

    def _each(self, rule: Rule, source: str, goal: Goal) -> Rules:
        if rule.feed:
            for each in rule.leaves():
                self._gap(each, FEED)
            return ()
        before, target = goal.open(rule, self.names)
        made = self.names.variable()

        def then(entry: str) -> Rules:
            name, inner = self.names.rule(rule.id), self._scope(rule.rules, entry, Goal(made))
            return (MapRule(name, Source(entry), (*before, Target(*target, made)), inner, origin(rule)),)

        return self.finder.find(rule.fhir.steps, source, rule.id, then)

    def _branch(self, rule: Rule, source: str, goal: Goal) -> Rules:
        found = self._group(rule, source, goal) if rule.kind == "group" else self._leaf(rule, source, goal)
        marks = []
        for path, value in rule.given:
            if value is not None:
                before, target = goal.open(Rule(rule.id, "leaf", rule.file, rule.line, rule.at, case=path), self.names)
                marks += [*before, copied(*target, value)]
        if not marks:
            return found

        def then(value: str) -> Rules:
            return (MapRule(self.names.rule(f"{rule.id}.given"), Source(value), tuple(marks)),)

        return found + self.finder.find(rule.fhir.steps, source, rule.id, then)

    def _group(self, rule: Rule, source: str, goal: Goal) -> Rules:
        def then(value: str) -> Rules:
            if not rule.case.steps:
                return self._scope(rule.rules, value, goal)
            before, target = goal.open(rule, self.names)
            made, name = self.names.variable(), self.names.rule(rule.id)
            inner = self._scope(rule.rules, value, Goal(made))
            return (MapRule(name, Source(value), (*before, Target(*target, made)), inner, origin(rule)),)

        return self.finder.find(rule.fhir.steps, source, rule.id, then)

    def _leaf(self, rule: Rule, source: str, goal: Goal) -> Rules:
        before, target = goal.open(rule, self.names)
        if rule.codec.name in ("concept", "codings"):
            reader = CodeReader(table_of(rule), self.names, self.asked)

            def then(coding: str) -> Rules:
                found = tuple(reader.rules(coding, rule.id, target))
                return found if not before else self._wrapped(rule, coding, before, found)

            concept = rule.codec.concept or self.finder.is_concept(rule.fhir)
            return self.finder.codings(rule.fhir.steps, source, rule.id, then, concept=concept)
        *way, last = rule.fhir.steps
        if rule.codec.name == "key":
            way, last = [*rule.fhir.steps, *_identified(rule)], Step("value")

        def value(context: str) -> Rules:
            at = Source(context, last.name, "", "", last.pick == "first")
            return read_value(rule, at, before, target, self.names, self.asked)

        return self.finder.find(tuple(way), source, rule.id, value)

    def _wrapped(self, rule: Rule, context: str, before: tuple[Target, ...], inner: Rules) -> Rules:
        return (MapRule(self.names.rule(f"{rule.id}.in"), Source(context), before, inner),)


def _identified(rule: Rule) -> list[Step]:
    system = f"{BASE}/identifier/{rule.codec.option['identifier']}"
    return [Step("identifier", "slice", "system", system)]


def _unsayable(rule: Rule) -> str:
    if is_primitive_extension(rule):
        return PRIMITIVE
    if any(step.pick == "resolve" for step in rule.fhir.steps):
        return RESOLVE
    text = rule.codec.name == "quantity" and bool((rule.codec.option or {}).get("text"))
    return NAMES if rule.codec.name == "words" or text else ""
