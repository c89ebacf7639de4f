"""What a rule reads, taken out of an element, and what it writes, put in: one pair of acts a codec.

What is taken away says otherwise than the changed case; what nobody understands stays.

Takes from: mapping.rules, mapping.codecs, mapping.select.  Gives to: mapping.putting.
"""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from typing import Any

from adapter.canonical import BASE
from adapter.errors import Json
from adapter.mapping.path import Step
from adapter.mapping.rules import Rule
from adapter.mapping.select import codings_of

Key = tuple[Any, Any]
Keys = set[Key]


def key_of(coding: Json) -> Key:
    return coding.get("system"), coding.get("code")


def keys_of(values: list[Any]) -> Keys:
    return {key_of(coding) for coding in codings_of(values)}


def clear_codings(rule: Rule, keep: Keys) -> Callable[[Json, Step], None]:
    """Of a CodeableConcept: the codings that its table knows, and the text that was their label."""
    table = rule.codec.table

    def clear(concept: Json, step: Step) -> None:
        listed = [each for each in concept.get(step.name) or () if isinstance(each, dict)]
        kept = [each for each in listed if key_of(each) in keep or table is None or table.find((each,)) is None]
        if len(kept) < len(listed):
            concept.pop("text", None)
            concept[step.name] = kept
        if not concept.get(step.name):
            concept.pop(step.name, None)

    return clear


def clear_list(rule: Rule, keep: Keys) -> Callable[[Json, Step], None]:
    """Of Codings or CodeableConcepts, one or a list: those that the table knows."""
    table = rule.codec.table

    def known(value: Any) -> bool:
        codings = codings_of([value])
        return table is not None and table.find(codings) is not None and not keys_of([value]) & keep

    def clear(holder: Json, step: Step) -> None:
        value = holder.get(step.name)
        if isinstance(value, list):
            holder[step.name] = [each for each in value if not known(each)]
        elif known(value):
            del holder[step.name]
        if holder.get(step.name) == []:
            del holder[step.name]

    return clear


def clear_value(rule: Rule) -> Callable[[Json, Step], None]:
    """A primitive: whatever the codec understands of it."""

    def clear(holder: Json, step: Step) -> None:
        if step.name in holder and _understood(rule, holder[step.name]):
            del holder[step.name]

    return clear


def _understood(rule: Rule, value: Any) -> bool:
    codec = rule.codec
    if codec.name == "values":
        return any(value == each and value.__class__ is each.__class__ for each in codec.option.values())
    if codec.name == "code" and codec.table:
        return isinstance(value, str) and value in codec.table.plain_words
    if codec.name == "affix":
        return isinstance(value, str) and value.startswith(codec.option["prefix"])
    return True


def clear_reference(holder: Json, step: Step) -> None:
    """What points at the other item, by its place, its name or its label."""
    value = holder.get(step.name)
    listed = value if isinstance(value, list) else [value]
    for entry in [each for each in listed if isinstance(each, dict)][:1]:
        for name in ("reference", "identifier", "display"):
            entry.pop(name, None)
    if isinstance(value, list):
        holder[step.name] = [each for each in value if each]
    if holder.get(step.name) in ({}, []):
        del holder[step.name]


def pick_foreign(rule: Rule, listed: list[Json], tables: dict[str, Any]) -> Json | None:
    """The Coding that a rule with `via: coding` reads: the one the preferred table knows, else the first."""
    if not rule.prefer:
        return next(iter(listed), None)
    foreign = [each for each in listed if not str(each.get("system", "")).startswith(BASE)]
    table = tables[rule.prefer]
    return next((each for each in foreign if table.find((each,)) is not None), next(iter(foreign), None))


def merge_codings(holder: Json, source: Json, step: Step) -> None:
    """The codings of the source first; what stands there for the same code keeps its further members."""
    theirs, mine = source[step.name], holder.get(step.name)
    if not isinstance(theirs, list):
        holder[step.name] = deepcopy(theirs)
        return
    known = {key_of(each): each for each in mine or () if isinstance(each, dict)}
    merged = [{**known.get(key_of(each), {}), **deepcopy(each)} for each in theirs]
    keys = keys_of(theirs)
    holder[step.name] = merged + [each for each in mine or () if not (isinstance(each, dict) and key_of(each) in keys)]


def put_value(holder: Json, source: Json, step: Step) -> None:
    holder[step.name] = deepcopy(source[step.name])


def put_reference(holder: Json, source: Json, step: Step) -> None:
    theirs, mine = deepcopy(source[step.name]), holder.get(step.name)
    if isinstance(theirs, list):
        first = mine[0] if isinstance(mine, list) and mine else {}
        holder[step.name] = [{**first, **theirs[0]}, *(mine[1:] if isinstance(mine, list) else ())]
    else:
        holder[step.name] = {**(mine if isinstance(mine, dict) else {}), **theirs}
