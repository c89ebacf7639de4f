"""C: is every field of the case mapped, and every required one read?

Takes from: mapping.checks.survey.  Gives to: mapping.check.
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib import resources
from pathlib import Path as File

from adapter.case.fields import field_schema
from adapter.declaration import Declaration, parse_declaration
from adapter.mapping.checks.pairs import Pair, item_field, join, schema_of, tell_map
from adapter.mapping.checks.survey import Survey
from adapter.mapping.path import PathError, parse_path
from adapter.mapping.rules import Map


def check_coverage(survey: Survey) -> Iterator[str]:
    """Every field of the case against every rule; asked only when all could be read."""
    if survey.whole:
        yield from _required_fields(survey)
        yield from _every_field(survey)


def _required_fields(survey: Survey) -> Iterator[str]:
    read = {field for pair in survey.all_pairs() if pair.reads for field in _fields(pair)}
    for mapping in survey.maps:
        if mapping.get("one-way") == "to-fhir":
            continue
        own = [pair for pair in survey.pairs[mapping.name] if pair.reads]
        for item, pairs in _by_item(mapping, own).items():
            fed = any(pair.fed for pair in pairs)
            known = {field for pair in pairs for field in _fields(pair)} if fed else read
            holders = {item, *(pair.object for pair in pairs), *_above(item, pairs)}
            for holder in sorted(each for each in holders if each.startswith(item)):
                yield from _lacking(mapping, holder, known)


def _by_item(mapping: Map, pairs: list[Pair]) -> dict[str, list[Pair]]:
    found: dict[str, list[Pair]] = {item_field(mapping): []}
    for pair in pairs:
        found.setdefault(pair.item, []).append(pair)
    return found


def _above(item: str, pairs: list[Pair]) -> Iterator[str]:
    """The objects of the case that the pairs read into."""
    for pair in pairs:
        above = pair.field.rpartition(".")[0]
        while len(above) > len(item):
            yield above
            above = above.rpartition(".")[0]


def _lacking(mapping: Map, holder: str, read: set[str]) -> Iterator[str]:
    schema = schema_of(holder) or {}
    names = schema.get("required", [])
    if mapping.place == "join" and holder == item_field(mapping) and holder not in read:
        yield tell_map(mapping, "C006", f"nothing reads '{holder}', which this map is about", "rules")
    for name in names:
        field = f"{holder}.{name}".removeprefix(".") if not holder.endswith("{}") else f"{holder}.{name}"
        if not any(each == field or each.startswith((f"{field}.", f"{field}[")) for each in read):
            text = f"the case requires '{field}', and no rule reads it"
            yield tell_map(mapping, "C006", text, "rules")


def _fields(pair: Pair) -> list[str]:
    return [pair.field, *(field for field, _ in pair.given)]


def _every_field(survey: Survey) -> Iterator[str]:
    """Every field of the case is written and read by some rule, or left with a reason."""
    pairs = [pair for pair in survey.all_pairs() if not pair.whole]
    written = {field for pair in pairs if pair.writes for field in _fields(pair)}
    read = {field for pair in pairs if pair.reads for field in _fields(pair)}
    left = {field for mapping in survey.maps for field in _left(mapping)}
    keyed = {mapping.case for mapping in survey.maps if mapping.place == "keyed"}
    lacking = [
        (field, verb)
        for field in _leaves("", keyed)
        for verb, known in (("writes", written), ("reads", read))
        if field not in known and not any(field == each or field.startswith((f"{each}.", f"{each}[")) for each in left)
    ]
    for field, verb in lacking:
        if mapping := _map_of(survey, field):
            text = f"no rule {verb} case field '{field}'; map it, or `leave` it with the reason"
            yield tell_map(mapping, "C005", text, "rules")
        else:
            place = _schema_file().at(_pointer(field))
            yield f"{place} C005 {field}: no map {verb} this field; map it, or `leave` it with the reason"


def _map_of(survey: Survey, field: str) -> Map | None:
    """The map that is about the part of the case where a field stands; of a list without a map there is none."""
    by_item = {item_field(mapping): mapping for mapping in survey.maps}
    item = field
    while item and item not in by_item:
        item = item.rpartition(".")[0]
    return by_item.get(item) if item or "[]" not in field else None


def _left(mapping: Map) -> Iterator[str]:
    for entry in mapping.get("leave") or ():
        try:
            if "case" in entry:
                yield join(item_field(mapping), parse_path(entry["case"], {}))
        except PathError:
            continue


def _leaves(field: str, keyed: set[str]) -> Iterator[str]:
    schema = schema_of(field) or {}
    if field in keyed:
        yield from (f"{field}{{}}.key", f"{field}{{}}.value")
    elif "properties" in schema:
        for name in schema["properties"]:
            inner = f"{field}.{name}".removeprefix(".")
            yield from _leaves(inner if field_schema(inner) is not None else f"{inner}[]", keyed)
    else:
        yield field


def _schema_file() -> Declaration:
    """The case schema with its lines; only read when there is something to tell of it."""
    file = resources.files("adapter").joinpath("schemas", "case.schema.json")
    return parse_declaration(file.read_text(encoding="utf-8"), File("case.schema.json"))


def _pointer(field: str) -> tuple[str, ...]:
    pointer: tuple[str, ...] = ()
    for part in field.replace("{}", "").split("."):
        pointer += ("properties", part.removesuffix("[]"), *(("items",) if part.endswith("[]") else ()))
    return pointer
