"""What a StructureMap cannot say of a mapping file: told in its head, by rule and reason, never left out in silence.

Takes from: mapping.language.  Gives to: exporting.writing, exporting.reading, exporting.maps.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from adapter.errors import Json
from adapter.mapping.rules import Map, Rule


@dataclass(frozen=True)
class Gap:
    """Shapes:  element  FHIRPath inside the resource that the gap concerns; "" when it concerns none"""

    rule: str
    reason: str
    element: str = ""

    def __str__(self) -> str:
        return f"{self.rule}{f' ({self.element})' if self.element else ''}: {self.reason}"


NUMBERED = "numbered by its place in the case's list, which FML cannot tell; the receiver gives it"
PRIMITIVE = "an extension on a primitive value, which FML engines have no common way to make"
RESOLVE = "follows a reference, which an engine given one resource cannot"
NAMES = "looks for names in free text, which FML has no word for"
FEED = "told a second time here: taken only where the case's list does not know it yet"
UNITS = "brought to the unit the case keeps by our engine only; copied as sent here"
PARENT = "the item it belongs to is found by this reference; the caller gives that item"
SILENT = "never written here: the word is the default, which is told by writing nothing"
TIME = "a time of day is cut off by our engine only; it stays here, since no engine agrees on truncating a date"
PREFER = "of several codings the one a table knows is preferred; the last is taken here"
FINER = "codes below those listed, and other spellings of them, are understood by our engine only"
REQUIRED = "without it our engine leaves the whole item out; FML has made it by then"


def general_gaps(mapping: Map, direction: str) -> Iterator[Gap]:
    """What holds for the whole file."""
    if direction == "to-fhir":
        yield Gap(mapping.name, "a case_id that is no FHIR id is written as it is; our engine makes an id of it")
        yield Gap(mapping.name, "put: an existing resource is not updated in place, a new one is made")
        yield from _writing_gaps(mapping)
        return
    yield Gap(mapping.name, "leftovers: what no rule reads is not reported")
    yield Gap(mapping.name, "codes that no table knows are left out without being told of")
    if mapping.get("hint"):
        yield Gap(mapping.name, "hint: words are not proposed to a person", mapping.get("hint")["fhir"])
    if mapping.get("several"):
        yield Gap(mapping.name, "several: which of several resources counts is the caller's to decide")
    if mapping.place == "join":
        yield Gap(mapping.name, PARENT, mapping.get("parent")["fhir"])
    for rule in mapping.rules:
        if rule.required is True:
            yield Gap(rule.id, REQUIRED)


def _writing_gaps(mapping: Map) -> Iterator[Gap]:
    if "{n}" in mapping.id:
        yield Gap(f"{mapping.name}.id", NUMBERED, "id")
    if mapping.get("parent"):
        yield Gap(f"{mapping.name}.parent", NUMBERED, f"{mapping.get('parent')['fhir'].removesuffix('[0]')}.reference")


def is_primitive_extension(rule: Rule) -> bool:
    return any(step.name.startswith("_") for step in rule.fhir.steps)


def condition_gap(mapping: Map, kind: str, spelled: Json) -> Gap:
    where = ", ".join(key for key in spelled if key not in ("why", "own", "warn", "collapse"))
    return Gap(mapping.name, f"{kind}: the condition on {where} is the caller's to hold", where)
