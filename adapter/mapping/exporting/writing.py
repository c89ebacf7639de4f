"""The group that makes resources from a case: one entry of a Bundle for each item.

Takes from: mapping.language, exporting.leaves, exporting.placing, exporting.gaps.  Gives to: exporting.maps.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from adapter.mapping.exporting.branches import Limits, limit_branches
from adapter.mapping.exporting.case_model import schema_at
from adapter.mapping.exporting.codes import Translations
from adapter.mapping.exporting.gaps import NUMBERED, PRIMITIVE, SILENT, Gap, general_gaps, is_primitive_extension
from adapter.mapping.exporting.leaves import LeafWriter, Place, Rules, origin, table_of
from adapter.mapping.exporting.placing import Spot, Unit, lay
from adapter.mapping.exporting.structure import MapRule, Names, Source, Target, copied
from adapter.mapping.path import Path, Step
from adapter.mapping.rules import Map, Rule
from adapter.mapping.writer import make_meta

_NO_LIMITS = Limits()
Inside = Callable[[str], Rules]


@dataclass(frozen=True)
class Item:
    """Where case paths start: the variable of an object, the steps put before them, and what made the object.

    Shapes:  key   the word that stands for this member of a keyed object
             made  (variable, element) the object was read from, to ask something of it again
             sure  members that the schema requires of it
    """

    variable: str
    prefix: tuple[str, ...] = ()
    key: str = ""
    made: tuple[str, str] | None = None
    sure: frozenset[str] = frozenset()

    def path(self, case: Path) -> tuple[str, ...]:
        names = tuple(step.name for step in case.steps)
        return self.prefix if self.prefix else names


Emit = Callable[[Rule, Item, Limits, Spot], Rules]


@dataclass
class GroupWriter:
    mapping: Map
    names: Names = field(default_factory=Names)
    asked: Translations = field(default_factory=Translations)
    gaps: list[Gap] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.leaves = LeafWriter(self.names, self.asked)

    def rules(self) -> Rules:
        self.gaps += general_gaps(self.mapping, "to-fhir")
        kind = MapRule(self.names.rule("type"), Source("record"), (copied("bundle", "type", "collection"),))
        return (kind, *self._items())

    def _items(self) -> Rules:
        mapping = self.mapping
        if mapping.place == "root":
            return (self._entry(Source("record"), Item("record")),)
        made = ("record", mapping.case)
        if mapping.place in ("object", "list"):
            again = made if mapping.place == "object" else None
            return (self._entry(Source(*made, "item"), Item("item", made=again, sure=_sure(mapping.case))),)
        if mapping.place == "join":
            inner = [self._entry(self._part(mapping.field), Item("item", (mapping.field,)))]
        else:
            members = schema_at(mapping.case)["properties"]
            inner = [self._entry(self._part(key), Item("item", (key,), key)) for key in members]
        return (MapRule(self.names.rule(f"{mapping.name}.in"), Source(*made, "item"), (), tuple(inner)),)

    def _part(self, member: str) -> Source:
        # Named although nothing reads it: MaLaC-HD asks whether an element is there only when it has a name.
        return Source("item", member, self.names.variable())

    def _entry(self, source: Source, item: Item) -> MapRule:
        name, entry = self.names.rule(f"{self.mapping.name}.entry"), self.names.variable()
        made = (
            Target("bundle", "entry", entry),
            Target(entry, "resource", "made", "create", (self.mapping.resource,)),
        )
        inner = (*self._head(item), *self._scope(self.mapping.rules, item, Spot("made")))
        return MapRule(name, source, made, inner)

    def _head(self, item: Item) -> Rules:
        where, name = self.mapping.file.name, self.mapping.name
        meta = Spot("made", (Step("meta"),))
        found = self.leaves.constant(f"{name}.meta", where, make_meta(self.mapping), item.variable, meta)
        if "{n}" in self.mapping.id:
            return found
        spot = Spot("made", (Step("id"),))
        return found + self.leaves.constant(f"{name}.id", where, self.mapping.id, item.variable, spot)

    def _scope(self, rules: tuple[Rule, ...], item: Item, spot: Spot) -> Rules:
        units = [unit for rule in rules if rule.to_fhir for unit in self._units(rule, item)]
        return lay(units, item.variable, spot, self.names)

    def _units(self, rule: Rule, item: Item) -> list[Unit]:
        if rule.kind in ("first", "choice"):
            branches = limit_branches(
                [each for each in rule.rules if each.to_fhir and self._sayable(each)], rule.default
            )
            writing = [each for each in branches if not self._is_silence(*each)]
            return [self._unit(branch, rule.id, item, limits) for branch, limits in writing]
        if rule.missing:
            self._gap(rule, PRIMITIVE, f"_{rule.fhir.fhirpath}")
        return [self._unit(rule, rule.id, item, _NO_LIMITS)] if self._sayable(rule) else []

    def _sayable(self, rule: Rule) -> bool:
        if is_primitive_extension(rule):
            self._gap(rule, PRIMITIVE, rule.fhir.fhirpath)
            return False
        return True

    def _is_silence(self, branch: Rule, limits: Limits) -> bool:
        """Every word of the branch is one that is carried by writing nothing."""
        if branch.codec.name != "values" or set(branch.codec.option) - limits.without:
            return False
        self._gap(branch, SILENT, branch.fhir.fhirpath)
        return True

    def _gap(self, rule: Rule, reason: str, element: str) -> None:
        gap = Gap(rule.id, reason, element)
        if gap not in self.gaps:
            self.gaps.append(gap)

    def _unit(self, rule: Rule, owner: str, item: Item, limits: Limits) -> Unit:
        steps = rule.fhir.steps
        if rule.kind == "const":
            value, where = rule.const, origin(rule)
            return Unit(
                rule.id,
                owner,
                steps,
                None,
                lambda spot: self.leaves.constant(rule.id, where, value, item.variable, spot),
            )
        if rule.codec.name == "key":
            self._gap(rule, NUMBERED, f"{rule.fhir.fhirpath}.reference")
        kinds: dict[str, Emit] = {"each": self._each, "group": self._group}
        emit = kinds.get(rule.kind, self._leaf)
        if rule.default is not None:
            limits = replace(limits, without=limits.without | {rule.default})
        names = item.path(rule.case)
        needs = None if not names or (len(names) == 1 and names[0] in item.sure) else (names,)
        return Unit(rule.id, owner, steps, needs, lambda spot: self._limited(rule, item, limits, spot, emit))

    def _limited(self, rule: Rule, item: Item, limits: Limits, spot: Spot, emit: Emit) -> Rules:
        """What a branch needs said of its neighbours is asked of the object around them, read once more."""
        found = emit(rule, item, limits, spot)
        if not limits.asks:
            return found
        around = limits.around
        variable = self.names.variable()
        source = Source("record", around[0]) if around else Source(*(item.made or (item.variable, "")))
        condition = " and ".join(ask.format(variable) for ask in limits.asks)
        asking = replace(source, variable=variable, condition=condition)
        return (MapRule(self.names.rule(f"{rule.id}.given"), asking, (), found),)

    def _leaf(self, rule: Rule, item: Item, limits: Limits, spot: Spot) -> Rules:
        if item.key and rule.case == Path((Step("key"),)):
            return self._key_word(rule, item, spot)
        names = item.path(rule.case)
        return self._inside(
            item.variable,
            names[:-1],
            rule.id,
            lambda context: self.leaves.write(rule, Place(context, names[-1], limits.without, limits.contested), spot),
        )

    def _key_word(self, rule: Rule, item: Item, spot: Spot) -> Rules:
        concept = {"coding": table_of(rule).codings[item.key]}
        return self.leaves.constant(rule.id, origin(rule), concept, item.variable, spot)

    def _inside(self, context: str, names: tuple[str, ...], rule_id: str, inner: Inside) -> Rules:
        if not names:
            return inner(context)
        name, variable = self.names.rule(f"{rule_id}.in"), self.names.variable()
        return (
            MapRule(name, Source(context, names[0], variable), (), self._inside(variable, names[1:], rule_id, inner)),
        )

    def _group(self, rule: Rule, item: Item, limits: Limits, spot: Spot) -> Rules:
        names = item.path(rule.case)
        variable = self.names.variable()
        before, made = spot.open(self.names)
        if names:
            inner = self._scope(rule.rules, Item(variable), Spot(made))

            def last(context: str) -> Rules:
                source = Source(context, names[-1], variable)
                return (MapRule(self.names.rule(rule.id), source, before, inner, origin(rule)),)

            return self._inside(item.variable, names[:-1], rule.id, last)
        # Members of the item itself: the first, which is required, brings the object about.
        inner = self._scope(rule.rules, item, Spot(made))
        source = Source(item.variable, item.path(rule.rules[0].case)[-1], variable, limits.condition(variable))
        return (MapRule(self.names.rule(rule.id), source, before, inner, origin(rule)),)

    def _each(self, rule: Rule, item: Item, limits: Limits, spot: Spot) -> Rules:
        variable = self.names.variable()
        before, made = spot.open(self.names)
        asks = [f"({variable}.{name}.exists().not() or {variable}.{name} != {_literal(value)})"
                for name, value in (rule.unless or {}).items()]  # fmt: skip
        context = "record" if rule.spelled["each"].startswith("$.") else item.variable
        inner = self._scope(rule.rules, Item(variable, sure=_sure(rule.case.steps[-1].name)), Spot(made))
        source = Source(context, rule.case.steps[-1].name, variable, " and ".join(asks))
        return (MapRule(self.names.rule(rule.id), source, before, inner, origin(rule)),)


def _literal(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else repr(value)


def _sure(case: str) -> frozenset[str]:
    return frozenset(schema_at(case).get("required", ()))
