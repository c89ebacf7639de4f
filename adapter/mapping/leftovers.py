"""What was sent and no rule read: found by names alone, told by place, never by value.

For each map the known names are laid out once as a tree; a function is generated that asks, object by object,
whether there are other names. What a map deliberately leaves is in its `leave`, with the reason.

Takes from: mapping.language, mapping.code.  Gives to: mapping.engine.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from typing import Any

from adapter.errors import Json
from adapter.mapping.code import Code
from adapter.mapping.path import Path, Step, parse_path
from adapter.mapping.rules import Map, Rule, also_path, flatten
from adapter.mapping.tables import Table

_MISS = (KeyError, IndexError, TypeError)
_LABELS = ("display", "text", "userSelected", "version")


@dataclass
class Known:
    """Names known inside an object.

    Shapes:  all_inside  nothing inside is looked at
             slices      of a list, the entries that are known; `open` when every entry is, `one` when the first is
             values      what a constant may say; anything else was not read
             const       what stands here when we wrote it: the same needs no look inside
             codings     likewise for the codings of a concept, by the first of them
    """

    members: dict[str, Known] = field(default_factory=dict)
    all_inside: bool = False
    slices: list[Step] = field(default_factory=list)
    open: bool = False
    one: bool = False
    either: bool = False
    values: tuple[Any, ...] = ()
    const: Any = None
    codings: dict[tuple[Any, Any], list[Json]] | None = None

    @property
    def names(self) -> frozenset[str]:
        """One object for equal sets: many maps know the same names."""
        return _shared(frozenset(self.members))

    def at(self, path: Path) -> Known:
        known = self
        for step in path.steps:
            if step.pick == "resolve":
                known.members.setdefault("reference", Known())
                return Known()
            known = known.members.setdefault(step.name, Known())
            if step.pick == "slice":
                _add_value(known.members.setdefault(step.key, Known()), step.discriminator)
                known.slices.append(step)
            known.open = known.open or step.pick in ("other", "all", "each")
            known.one = known.one or step.pick == "first"
        return known


@cache
def _shared(names: frozenset[str]) -> frozenset[str]:
    return names


def known_names(mapping: Map) -> Known:
    """Every name that a map reads, writes or deliberately leaves."""
    root = Known()
    root.at(Path((Step("resourceType"),)))
    for rule in mapping.rules:
        _add(root, rule)
    if parent := mapping.get("parent"):
        place = root.at(parse_path(parent["fhir"], mapping.systems.uris))
        place.members.setdefault("reference", Known())
    for left in (each for each in mapping.get("leave") or () if "fhir" in each):
        root.at(parse_path(left["fhir"], mapping.systems.uris)).all_inside = True
    return root


def _add(root: Known, rule: Rule) -> None:
    if rule.kind == "each":
        inside = root.at(rule.fhir)
        for inner in rule.rules:
            _add(inside, inner)
    elif rule.kind in ("first", "choice"):
        for branch in rule.rules:
            _add(root, branch)
    elif rule.kind == "group" and (rule.codec.option or {}).get("text"):
        root.at(rule.fhir)
    elif rule.kind == "const":
        here = root.at(rule.fhir)
        _add_value(here, rule.const)
        if isinstance(rule.const, dict | list):
            here.const = rule.const if "{case}" not in repr(rule.const) else None
        elif not isinstance(rule.accept, dict) and all(step.pick == "one" for step in rule.fhir.steps):
            here.values = (rule.const, *(rule.accept or ()))
    else:
        for leaf in flatten(rule):
            _add_leaf(root, leaf)


def _add_value(known: Known, value: Any) -> None:
    for each in value if isinstance(value, list) else [value]:
        if isinstance(each, dict):
            for name, inner in each.items():
                _add_value(known.members.setdefault(name, Known()), inner)


def _add_leaf(root: Known, leaf: Rule) -> None:
    here = root.at(leaf.fhir)
    if leaf.codec.name == "concept":
        codings = here.members.setdefault("coding", Known())
        _add_coding(codings)
        codings.codings = codings.codings or _written(leaf.codec.table)
        here.members.setdefault("text", Known())
    elif leaf.codec.name == "codings":
        # Codings, or concepts that hold them: the rule reads both.
        here.either = True
        _add_coding(here)
        _add_coding(here.members.setdefault("coding", Known()))
    elif leaf.codec.name == "key":
        here.at(Path((Step("reference"),)))
        here.at(Path((Step("identifier"), Step("system"))))
        here.at(Path((Step("identifier"), Step("value"))))
    for name in leaf.with_ or ():
        root.at(Path((*leaf.fhir.steps[:-1], Step(name))))
    for also in leaf.also or ():
        root.at(also_path(also))
    if leaf.missing:
        absent = Path((*leaf.fhir.steps[:-1], Step(f"_{leaf.fhir.steps[-1].name}")))
        root.at(
            absent + parse_path("extension[http://hl7.org/fhir/StructureDefinition/data-absent-reason].valueCode", {})
        )


def _written(table: Table | None) -> dict[tuple[Any, Any], list[Json]]:
    listed = table.codings.values() if table else ()
    return {(codings[0]["system"], codings[0]["code"]): codings for codings in listed}


def _add_coding(known: Known) -> None:
    for name in ("system", "code", *_LABELS):
        known.members.setdefault(name, Known())


def make_finder_code(mapping: Map) -> Code:
    """`find(r, out)` adds to a list the places of a resource that no rule reads, as FHIRPath without indexes."""
    code = Code(mapping.file.name)
    write_search(code, "find", mapping.resource, known_names(mapping))
    return code


def write_search(code: Code, name: str, place: str, known: Known) -> None:
    """The same search in any object, whose places begin with `place`."""
    code.add(0, f"def {name}(r, out):", 1)
    _write(code, 1, "r", place, known)


def _write(code: Code, indent: int, source: str, place: str, known: Known) -> None:
    names = code.constant(known.names, "N")
    code.add(indent, f"if not {names}.issuperset({source}):", 1)
    code.add(indent + 1, f"out += [{place + '.'!r} + name for name in {source} if name not in {names}]", 1)
    for name, inner in known.members.items():
        if inner.values:
            said = f"{source}.get({name!r}) not in {code.constant((None, *inner.values), 'V')}"
            code.add(indent, f"if {said}: out.append({f'{place}.{name}'!r})", 1)
        elif inner.members and not inner.all_inside:
            _write_member(code, indent, source, f"{place}.{name}", name, inner)


def _same_codings(code: Code, indent: int, member: str, codings: dict[tuple[Any, Any], list[Json]]) -> None:
    """Codings as we write them hold nothing foreign; one comparison says so, and none of them is looked into."""
    first, written = f"{member}[0]", code.constant(codings, "W")
    same = f"{member} == {written}[{first}['system'], {first}['code']]"
    code.add(indent, f"if {member}:", 1)
    code.add(indent + 1, "try:", 1)
    code.add(indent + 2, f"if {same}: {member} = None", 1)
    code.add(indent + 1, f"except {code.constant(_MISS, 'MISS')}: pass", 1)


def _claimed(code: Code, entry: str, slices: list[Step]) -> str:
    keys = {step.key for step in slices}
    if len(keys) == 1 and all(isinstance(step.discriminator, str) for step in slices):
        return f"{entry}.get({keys.pop()!r}) in {code.constant(frozenset(step.value for step in slices), 'S')}"
    return " or ".join(f"{code.constant(step, 'slice')}.claims({entry})" for step in slices)


def _suspect(code: Code, member: str, name: str, known: Known) -> str:
    """Condition under which the element may hold something foreign: the usual shape is told from it at once."""
    if known.const is not None:
        return f"{member} and {member} != {code.constant(known.const, 'K')}"
    if known.slices:
        return member
    names = code.constant(known.names, "N")
    if not (nested := [name for name, inner in known.members.items() if _inner(inner)]):
        listed = f"{member}.__class__ is list and len({member}) == 1 and {names}.issuperset({member}[0])"
        single = f"{member}.__class__ is dict and {names}.issuperset({member})"
        return f"{member} and not ({listed if name == 'coding' else single})"
    inside = known.members.get("coding")
    if inside is None or inside.slices or any(_inner(each) for each in inside.members.values()):
        return member
    codings = code.var("c")
    one = f"({codings} := {member}.get('coding')).__class__ is list and len({codings}) == 1"
    alone = f"len({member}) == 1" if len(nested) > 1 else f"(len({member}) == 1 or {names}.issuperset({member}))"
    coding = f"{code.constant(inside.names, 'N')}.issuperset({codings}[0])"
    return f"{member} and not ({member}.__class__ is dict and {one} and {coding} and {alone})"


def _inner(known: Known) -> bool:
    """Whether there is anything to look into."""
    return bool(known.values or (known.members and not known.all_inside))


def _write_member(code: Code, indent: int, source: str, place: str, name: str, known: Known) -> None:
    member, each = code.var("m"), code.var("e")
    code.add(indent, f"{member} = {source}.get({name!r})", 1)
    if known.one and not known.open:
        code.add(indent, f"if {member} and len({member}) > 1: out.append({place!r})", 1)
    code.add(indent, f"if {_suspect(code, member, name, known)}:", 1)
    indent += 1
    if known.codings:
        _same_codings(code, indent, member, known.codings)
        code.add(indent, f"if {member}:", 1)
        indent += 1
    code.add(indent, f"for {each} in ({member} if {member}.__class__ is list else ({member},)):", 1)
    if known.slices and not known.open:
        code.add(indent + 1, f"if not ({_claimed(code, each, known.slices)}):", 1)
        code.add(indent + 2, f"out.append({place!r})", 1)
        code.add(indent + 2, "continue", 1)
    _write(code, indent + 1, each, place, known)
