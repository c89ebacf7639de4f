"""One case value to one element: what each codec becomes in FML.

Takes from: canonical, mapping.language, exporting.codes, exporting.placing.  Gives to: exporting.writing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from adapter.canonical import BASE
from adapter.mapping.exporting.codes import Translations, coding_targets, none_of, one_of, words_of, written_by_system
from adapter.mapping.exporting.placing import Spot
from adapter.mapping.exporting.structure import MapRule, Names, Parameter, Source, Target, Variable, copied
from adapter.mapping.rules import Rule
from adapter.mapping.tables import Table, Word

Rules = tuple[MapRule, ...]


@dataclass(frozen=True)
class Place:
    """Where a leaf's value stands in the case, and which of its words are not the leaf's to write.

    `contested`: another rule writes the words that the leaf's table does not know.
    """

    context: str
    element: str
    without: frozenset[Word] = frozenset()
    contested: bool = False


@dataclass
class LeafWriter:
    names: Names
    asked: Translations

    def write(self, leaf: Rule, at: Place, spot: Spot) -> Rules:
        codecs: dict[str, Callable[[Rule, Place, Spot], Rules]] = {
            "values": self._values,
            "code": self._code,
            "concept": self._concept,
            "codings": self._concept,
            "key": self._key,
        }
        return codecs.get(leaf.codec.name, self._plain)(leaf, at, spot)

    def constant(self, rule_id: str, where: str, value: Any, item: str, spot: Spot) -> Rules:
        """Shapes:  item  the variable the constant hangs on, unless it speaks of the case's id"""
        before, (context, element) = spot.open_parent(self.names)
        speaks = "{case}" in str(value)
        variable = self.names.variable() if speaks else ""
        made = self._literal(context, element, value, variable)
        source = Source("record", "case_id", variable) if speaks else Source(item)
        return (MapRule(self.names.rule(rule_id), source, (*before, *made), (), where),)

    def _literal(self, context: str, element: str, value: Any, case_id: str) -> tuple[Target, ...]:
        if isinstance(value, list):
            return tuple(target for each in value for target in self._literal(context, element, each, case_id))
        if isinstance(value, dict):
            inner = self.names.variable()
            members = (t for name, each in value.items() for t in self._literal(inner, name, each, case_id))
            return (Target(context, element, inner), *members)
        if not isinstance(value, str) or "{case}" not in value:
            return (copied(context, element, value),)
        before, _, after = value.partition("{case}")
        parts: tuple[Parameter, ...] = tuple(part for part in (before, Variable(case_id), after) if part)
        if len(parts) == 1:
            return (copied(context, element, parts[0]),)
        return (Target(context, element, "", "append", parts),)

    def _rule(self, leaf: Rule, at: Place, variable: str, condition: str, targets: tuple[Target, ...]) -> MapRule:
        source = Source(at.context, at.element, variable, condition)
        return MapRule(self.names.rule(leaf.id), source, targets, (), origin(leaf))

    def _plain(self, leaf: Rule, at: Place, spot: Spot) -> Rules:
        variable = self.names.variable()
        before, (context, element) = spot.open_parent(self.names)
        companions = [copied(context, key, value) for key, value in (leaf.with_ or {}).items()]
        prefix = leaf.codec.option["prefix"] if leaf.codec.name == "affix" else ""
        value = (
            Target(context, element, "", "append", (prefix, Variable(variable)))
            if prefix
            else copied(context, element, Variable(variable))
        )
        again = [copied(spot.variable, name, Variable(variable)) for name in leaf.also or ()]
        condition = none_of(variable, sorted(map(str, at.without)))
        return (self._rule(leaf, at, variable, condition, (*before, *companions, value, *again)),)

    def _values(self, leaf: Rule, at: Place, spot: Spot) -> Rules:
        found = []
        for word, flag in leaf.codec.option.items():
            if word not in at.without:
                variable = self.names.variable()
                before, (context, element) = spot.open_parent(self.names)
                targets = (*before, copied(context, element, flag))
                found.append(self._rule(leaf, at, variable, one_of(variable, [word]), targets))
        return tuple(found)

    def _code(self, leaf: Rule, at: Place, spot: Spot) -> Rules:
        table = table_of(leaf)
        codes = {str(word): code for word, code in table.plain.items()}
        if all(word == code for word, code in codes.items()):
            return self._plain(leaf, at, spot)
        variable = self.names.variable()
        before, (context, element) = spot.open_parent(self.names)
        url = self.asked.ask(f"{table.name}-code", words_of(table), table.file.data["url"], codes)
        made = Target(context, element, "", "translate", (Variable(variable), url, "code"))
        return (self._rule(leaf, at, variable, none_of(variable, sorted(map(str, at.without))), (*before, made)),)

    def _concept(self, leaf: Rule, at: Place, spot: Spot) -> Rules:
        table = table_of(leaf)
        systems = written_by_system(table)
        variable = self.names.variable()
        if leaf.codec.concept:
            before, concept = spot.open(self.names)
            into = (concept, "coding")
        else:
            before, into = spot.open_parent(self.names)
        if len(systems) == 1:
            system = next(iter(systems))
            condition = self._condition(variable, systems[system], table, at)
            codings = coding_targets(into, variable, table, system, self.names, self.asked)
            return (self._rule(leaf, at, variable, condition, (*before, *codings)),)
        name = self.names.rule(leaf.id)
        inner = tuple(self._in_system(leaf, at, into, system) for system in systems)
        condition = self._condition(variable, table.codings, table, at)
        source = Source(at.context, at.element, variable, condition)
        return (MapRule(name, source, before, inner, origin(leaf)),)

    def _in_system(self, leaf: Rule, at: Place, into: tuple[str, str], system: str) -> MapRule:
        """The coding of one system, for the words that have one there."""
        table, variable = table_of(leaf), self.names.variable()
        condition = self._condition(variable, written_by_system(table)[system], table, at)
        targets = coding_targets(into, variable, table, system, self.names, self.asked)
        return self._rule(leaf, at, variable, condition, targets)

    def _condition(self, variable: str, words: dict[Word, Any], table: Table, at: Place) -> str:
        """The shortest way to say which words are meant; nothing when all are."""
        meant = [word for word in words if word not in at.without]
        others = [word for word in (*table.codings, *at.without) if word not in meant]
        if at.contested:
            return one_of(variable, meant)
        return none_of(variable, others) if len(others) < len(meant) else one_of(variable, meant)

    def _key(self, leaf: Rule, at: Place, spot: Spot) -> Rules:
        variable, identifier = self.names.variable(), self.names.variable()
        before, reference = spot.open(self.names)
        system = f"{BASE}/identifier/{leaf.codec.option['identifier']}"
        made = (Target(reference, "identifier", identifier), copied(identifier, "system", system))
        value = copied(identifier, "value", Variable(variable))
        return (self._rule(leaf, at, variable, "", (*before, *made, value)),)


def table_of(leaf: Rule) -> Table:
    if leaf.codec.table is None:
        raise TypeError(f"rule {leaf.id} has a codec without table")
    return leaf.codec.table


def origin(rule: Rule) -> str:
    return f"{rule.origin} {rule.id}"
