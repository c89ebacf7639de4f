"""Y: does a codec fit the element on one side and the case field on the other?

Takes from: mapping.checks.survey.  Gives to: mapping.check.
Source: https://hl7.org/fhir/R4/datatypes.html
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from adapter.errors import Json
from adapter.mapping.checks.elements import Element
from adapter.mapping.checks.pairs import Pair, schema_of
from adapter.mapping.checks.survey import Survey

DATES = ("date", "dateTime")
QUANTITIES = ("Quantity", "Age", "Count", "Distance", "Duration")
NUMBERS = ("integer", "positiveInt", "unsignedInt", "decimal")
TEXTS = ("string", "markdown")
CODES = ("code", "string", "id", "uri", "url", "canonical", "oid", "uuid")

_OF_CODEC: dict[str, tuple[str, ...]] = {
    "date": DATES,
    "concept": ("CodeableConcept",),
    "codings": ("Coding",),
    "code": CODES,
    "words": TEXTS,
    "affix": (*CODES, *TEXTS),
    "quantity": QUANTITIES,
    "coding": ("Coding",),
    "key": ("Reference",),
}
# What only a reader may also meet: an instant cannot be written from a year.
_ONLY_READ: dict[str, tuple[str, ...]] = {"date": ("instant",), "codings": ("CodeableConcept",)}


def json_type(kind: str) -> str:
    """How a primitive stands in JSON."""
    if kind == "boolean":
        return "boolean"
    if kind in NUMBERS:
        return "number" if kind == "decimal" else "integer"
    return "string"


def check_types(survey: Survey) -> Iterator[str]:
    """Each codec against its element and its field."""
    for pair in survey.all_pairs():
        element = survey.element(pair)
        if element is None or pair.part or pair.rule.kind == "const":
            continue
        if not pair.whole or pair.rule.codec.name in ("quantity", "coding"):
            yield from _of_element(pair, element)
        if pair.field:
            yield from _of_field(pair)


def _of_element(pair: Pair, element: Element) -> Iterator[str]:
    name = pair.rule.codec.name
    if name == "copy":
        yield from _copied(pair, element)
    elif name == "values":
        yield from _values(pair, element)
    else:
        allowed = _OF_CODEC[name] if not _spells(pair) else TEXTS
        allowed += _ONLY_READ.get(name, ()) if not pair.writes else ()
        if element.type not in allowed:
            yield pair.told("Y001", f"`{name}` needs {_one_of(allowed)}, and {_named(element)}", "via")
            return
    yield from _count(pair, element)


def _spells(pair: Pair) -> bool:
    return bool((pair.rule.codec.option or {}).get("text")) if pair.rule.codec.name == "quantity" else False


def _count(pair: Pair, element: Element) -> Iterator[str]:
    """Only codecs that make a list of Codings, or read with [*], meet a list as a whole."""
    last = pair.fhir.steps[-1] if pair.fhir.steps else None
    listed = pair.rule.codec.name == "codings"
    if last is None or not element.many:
        if listed and pair.writes:
            yield pair.told("P002", f"`codings` writes a list, and '{element.name}' is none in R4", "fhir")
    elif last.pick == "one" and not listed:
        ways = f"{last.name}[0], {last.name}[<slice>] or, for reading, {last.name}[*]"
        yield pair.told("P002", f"'{last.name}' is a list in R4: write {ways}", "fhir")
    elif last.pick in ("first", "slice", "other") and listed and pair.writes:
        yield pair.told("P002", f"`codings` writes the whole list: write {last.name}", "fhir")


def _copied(pair: Pair, element: Element) -> Iterator[str]:
    schema = schema_of(pair.field) if pair.field else None
    if not element.primitive:
        yield pair.told("Y001", f"without `via` a primitive is copied, and {_named(element)}", "fhir")
    elif schema is not None:
        field, wanted = field_types(schema), json_type(element.type)
        reads_integer = wanted == "integer" and "number" in field and not pair.writes
        if wanted not in field and not (wanted == "number" and "integer" in field) and not reads_integer:
            text = f"'{pair.field}' is {_article(field)}, and {_named(element)}"
            yield pair.told("Y002", text, "case")


def _values(pair: Pair, element: Element) -> Iterator[str]:
    if not element.primitive:
        yield pair.told("Y001", f"`values` needs a primitive, and {_named(element)}", "via")
        return
    wanted = json_type(element.type)
    for word, value in pair.rule.codec.option.items():
        if type_of(value) != wanted and not (wanted == "number" and type_of(value) == "integer"):
            yield pair.told("Y001", f"'{word}' stands for {value!r}, and {_named(element)}", "via")


def _of_field(pair: Pair) -> Iterator[str]:
    schema, name = schema_of(pair.field), pair.rule.codec.name
    if schema is None:
        return
    types = field_types(schema)
    if name == "copy" and schema.get("format") == "partial-date":
        yield pair.told("Y002", f"'{pair.field}' is a partial date: say `via: date`", "case")
    elif name == "copy" and pair.reads and "enum" in schema and types == {"string"}:
        yield pair.told("Y002", f"'{pair.field}' is coded: any text would pass without a table or `values`", "case")
    elif name == "date" and schema.get("format") != "partial-date":
        yield pair.told("Y002", f"`date` needs a partial date, and '{pair.field}' is {_article(types)}", "via")
    elif name in ("quantity", "coding") and types != {"object"}:
        yield pair.told("Y002", f"`{name}` needs an object, and '{pair.field}' is {_article(types)}", "via")
    elif name in ("key", "affix") and "string" not in types:
        yield pair.told("Y002", f"`{name}` needs a text, and '{pair.field}' is {_article(types)}", "via")
    elif name in ("concept", "codings", "code", "words", "values") and types <= {"object", "array"}:
        yield pair.told("Y002", f"`{name}` needs a word, and '{pair.field}' is {_article(types)}", "via")


def field_types(schema: Json) -> set[str]:
    """JSON types that a case field may have."""
    if "type" in schema:
        return {schema["type"]}
    if "const" in schema:
        return {type_of(schema["const"])}
    branches = schema.get("anyOf", [schema])
    named = {branch["type"] for branch in branches if "type" in branch}
    return named | {type_of(value) for branch in branches for value in branch.get("enum", ())}


def type_of(value: Any) -> str:
    if isinstance(value, bool):
        return "boolean"
    names = {int: "integer", float: "number", str: "string", dict: "object", list: "array", type(None): "null"}
    return names.get(type(value), "string")


def _named(element: Element) -> str:
    return f"'{element.name}' is {_article([element.type])}"


def _article(types: Any) -> str:
    named = " or ".join(sorted(types)) or "nothing"
    return f"an {named}" if named[0] in "aeiouAEIO" else f"a {named}"


def _one_of(names: tuple[str, ...]) -> str:
    return _article([names[0]]) if len(names) == 1 else "one of " + ", ".join(names)
