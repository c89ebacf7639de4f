"""The rules of a map laid out as plain pairs: which field of the case stands for which element, seen from the top.

Takes from: mapping.language.  Gives to: mapping.checks.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from adapter.case.fields import field_schema
from adapter.declaration import load_schema
from adapter.errors import Json
from adapter.mapping.path import HERE, Path
from adapter.mapping.rules import Map, Rule

Branch = tuple[int, int]


@dataclass(frozen=True, eq=False)
class Pair:
    """One case value and one element, or a constant and one element, or two objects paired as wholes.

    Shapes:  rule   the pair itself; its paths start at the item, `fhir` here starts at the resource
             top    the outermost rule it stands in, `branch` the branch of it
             base   place in the resource that `also` and the rule's own path start at
             field  full name of the case field, e.g. "treatments[].start"; "" for a constant
             item   the case field that stands for one resource or one entry, e.g. "treatments[]"
             object the case field whose member this is, where an enclosing rule pairs two objects
             given  fields that go with the branch
             taken  (choice, branch) when it stands in one: two pairs of one choice never meet
             fed    told a second time: it adds to a list that another map fills
             entry  the rule with `each` it stands in
    """

    mapping: Map
    rule: Rule
    top: Rule
    branch: Rule
    base: Path
    fhir: Path
    field: str
    item: str
    object: str
    given: tuple[tuple[str, Any], ...] = ()
    taken: Branch = (0, 0)
    fed: bool = False
    entry: Rule | None = None

    @property
    def whole(self) -> bool:
        return self.rule.kind == "group"

    @property
    def part(self) -> bool:
        """Made by the codec of the rule around it, not written in the file."""
        return self.rule.declared is None

    @cached_property
    def meant_to_write(self) -> bool:
        way = self.mapping.get("one-way") != "from-fhir"
        return way and self.top.to_fhir and self.branch.to_fhir and self.rule.to_fhir

    @cached_property
    def writes(self) -> bool:
        """Told to write, and able to: places that fan out and words in free text are only read."""
        return self.meant_to_write and not self.fhir.lazy and self.rule.codec.name != "words"

    @cached_property
    def reads(self) -> bool:
        way = self.mapping.get("one-way") != "to-fhir"
        return way and self.top.from_fhir and self.branch.from_fhir and self.rule.from_fhir and bool(self.field)

    def excludes(self, other: Pair) -> bool:
        return self.taken[0] == other.taken[0] != 0 and self.taken[1] != other.taken[1]

    def told(self, code: str, text: str, key: str = "id") -> str:
        written = self.branch if self.part else self.rule
        return tell(self.mapping, written, code, text, key, self.rule.id)


def place_of(mapping: Map, rule: Rule, key: str) -> str:
    declared = rule.declared or mapping.file
    return declared.at((*rule.pointer, key)) if rule.declared else declared.at((key,))


def tell(mapping: Map, rule: Rule, code: str, text: str, key: str = "id", name: str = "") -> str:
    """A problem at one word of a rule; for a rule of a fragment, the map that uses it is named too."""
    used = f" (used at {mapping.file.name}:{rule.at})" if rule.file != mapping.file.name else ""
    return f"{place_of(mapping, rule, key)} {code} {name or rule.id}: {text}{used}"


def tell_map(mapping: Map, code: str, text: str, *pointer: str | int) -> str:
    """A problem of the map as a whole, at one place of its file."""
    return f"{mapping.file.at(pointer)} {code} {mapping.name}: {text}"


def item_field(mapping: Map) -> str:
    """The full name of what a map's paths start at."""
    if mapping.place == "list":
        return f"{mapping.case}[]"
    if mapping.place == "keyed":
        return f"{mapping.case}{{}}"
    return f"{mapping.case}[].{mapping.field}" if mapping.place == "join" else mapping.case


def pairs_of(mapping: Map) -> list[Pair]:
    return list(_walk(mapping, mapping.rules, item_field(mapping), HERE))


def _walk(
    mapping: Map, rules: tuple[Rule, ...], item: str, base: Path, *, fed: bool = False, entry: Rule | None = None
) -> Iterator[Pair]:
    for top in rules:
        if top.kind == "each":
            inner = each_field(top, item)
            yield from _walk(mapping, top.rules, inner, base + top.fhir, fed=fed or bool(top.feed), entry=top)
            continue
        for number, branch in enumerate(top.rules if top.kind in ("first", "choice") else (top,)):
            given = tuple((join(item, path), value) for path, value in branch.given)
            taken = (id(top), number) if branch is not top else (0, 0)
            start = Pair(mapping, branch, top, branch, base, base, item, item, item, given, taken, fed, entry)
            yield from _inside(start, branch)


def _inside(around: Pair, rule: Rule) -> Iterator[Pair]:
    """The pairs of a rule seen from the pair of objects around it."""
    field = "" if rule.kind == "const" else join(around.field, rule.case)
    pair = replace(around, rule=rule, base=around.fhir, fhir=around.fhir + rule.fhir, field=field)
    yield pair
    if rule.kind == "group":
        inner = replace(pair, object=field if rule.case.steps else around.object)
        for each in rule.rules:
            yield from _inside(inner, each)


def each_field(rule: Rule, item: str) -> str:
    from_top = str(rule.spelled["each"]).startswith("$.")
    return join("" if from_top else item, rule.case) + "[]"


def join(item: str, path: Path) -> str:
    return ".".join(part for part in (item, *(step.name for step in path.steps)) if part)


def schema_of(field: str) -> Json | None:
    """The case schema of a field as pairs name it; the key of a keyed object is an enumeration of its names."""
    name, keyed, part = field.partition("{}")
    if not keyed:
        return field_schema(field) if field else load_schema("case")
    names = list((field_schema(name) or {}).get("properties", {}))
    if not names:
        return None
    if not part:
        return {"type": "object", "properties": {"key": {}, "value": {}}, "required": ["key", "value"]}
    if part == ".key":
        return {"enum": names}
    return field_schema(f"{name}.{names[0]}") if part == ".value" else None
