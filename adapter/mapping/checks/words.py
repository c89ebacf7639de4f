"""C and T: do the words of tables and rules and the words of the case field agree, in both directions?

Takes from: mapping.checks.survey.  Gives to: mapping.check.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from adapter.errors import Json
from adapter.mapping.checks.pairs import Pair, join, schema_of, tell
from adapter.mapping.checks.survey import Survey
from adapter.mapping.checks.types import type_of
from adapter.mapping.path import parse_path
from adapter.mapping.quantities import UnitList
from adapter.mapping.spelling import did_you_mean
from adapter.mapping.tables import Table

KINDS = {"concept": "concept", "codings": "concept", "code": "code", "words": "text"}


def check_words(survey: Survey) -> Iterator[str]:
    """Words of tables, options and unit lists against the enumerations of the case."""
    for pairs in survey.pairs.values():
        for pair in pairs:
            yield from _table(pair)
            yield from _options(pair)
            if pair.whole and pair.rule.codec.name == "quantity":
                known = {each.field for each in pairs[: pairs.index(pair)] if each.reads and each.item == pair.item}
                yield from _units(survey.language.folder.units, pair, known)
        yield from _unwritable(pairs)


def allows(schema: Json, value: Any) -> bool:
    """Whether a case field may hold a word; the part of JSON Schema that coded fields use."""
    if "anyOf" in schema:
        return any(allows(branch, value) for branch in schema["anyOf"])
    if "enum" in schema or "const" in schema:
        return any(value == known and type(value) is type(known) for known in schema.get("enum", [schema.get("const")]))
    if type_of(value) != schema.get("type") and not (type_of(value) == "integer" and schema.get("type") == "number"):
        return False
    return "pattern" not in schema or bool(re.search(schema["pattern"], str(value)))


def words_of(schema: Json) -> list[Any]:
    """The words of a coded field; [] when it is not coded."""
    if schema.get("type") == "boolean":
        return [True, False]
    branches = schema.get("anyOf", [schema])
    return [word for branch in branches for word in branch.get("enum", [branch["const"]] if "const" in branch else [])]


def readable(table: Table) -> set[Any]:
    """Every word that reading by a table can give."""
    return {*table.words.values(), *table.plain_words.values(), *table.names.values()}


def _table(pair: Pair) -> Iterator[str]:
    codec, schema = pair.rule.codec, schema_of(pair.field) if pair.field else None
    if codec.table is None:
        return
    if codec.table.kind != KINDS[codec.name]:
        kind, name = codec.table.kind, codec.table.name
        text = f"`{codec.name}` needs a table of kind {KINDS[codec.name]}, and '{name}' is of kind {kind}"
        yield pair.told("T004", text, "via")
    elif schema is not None and pair.reads:
        yield from _foreign_words(pair, codec.table, schema)


def _foreign_words(pair: Pair, table: Table, schema: Json) -> Iterator[str]:
    """Told where the table's row is: that is what must be mended."""
    words = readable(table)
    for number, row in enumerate(table.file.data["rows"]):
        word = row["word"]
        if word in words and not allows(schema, word):
            words.discard(word)
            place = table.file.at(("rows", number, "word"))
            hint = did_you_mean(str(word), map(str, words_of(schema)))
            yield f"{place} C003 {pair.rule.id}: case field '{pair.field}' knows no word '{word}'{hint}"


def _options(pair: Pair) -> Iterator[str]:
    """Words that the rule itself names."""
    own: list[tuple[str, str, Iterable[Any]]] = []
    if pair.rule.codec.name == "values":
        key = "absent" if pair.rule.codec.law == "checked" and pair.top.absent else "via"
        own.append((key, pair.field, pair.rule.codec.option))
    if pair.rule is pair.branch:
        own += [("given", field, [value]) for field, value in pair.given if value is not None]
    for key, field, words in own:
        yield from (pair.told("C003", text, key) for text in _unknown(field, words))
    if pair.rule is pair.branch and pair.taken[1] == 0:
        for key in ("default", "otherwise"):
            words = [pair.top.spelled[key]] if key in pair.top.spelled else []
            yield from (tell(pair.mapping, pair.top, "C003", text, key) for text in _unknown(pair.field, words))


def _unknown(field: str, words: Iterable[Any]) -> Iterator[str]:
    schema = schema_of(field)
    for word in words if schema is not None else ():
        if schema is not None and not allows(schema, word):
            hint = did_you_mean(str(word), map(str, words_of(schema)))
            yield f"case field '{field}' knows no word '{word}'{hint}"


def _units(lists: dict[str, UnitList], pair: Pair, known: set[str]) -> Iterator[str]:
    option = pair.rule.codec.option or {}
    listed, units = lists.get(option.get("units", ""), {}), schema_of(f"{pair.field}.unit")
    if "by" in option:
        yield from _measured(pair, option["by"], listed, known)
    elif "units" in option and option["units"] not in listed:
        yield pair.told("T006", f"unit list '{option['units']}' has no row for '{option['units']}'; say `by`", "via")
    for kept in sorted({kept for spelled in listed.values() for kept, _ in spelled.values()}):
        if units is not None and not allows(units, kept):
            text = f"unit '{kept}' of list '{option['units']}' is no word of '{pair.field}.unit'"
            yield pair.told("T006", text, "via")


def _measured(pair: Pair, by: str, listed: UnitList, read: set[str]) -> Iterator[str]:
    field = join(pair.item, parse_path(by, {}))
    schema = schema_of(field)
    if "units" not in (pair.rule.codec.option or {}):
        yield pair.told("T006", "`by` needs `units`", "via")
    elif schema is None:
        known = (schema_of(pair.item) or {}).get("properties", {})
        yield pair.told("C001", f"the case has no field '{field}'{did_you_mean(by, known)}", "via")
    elif field not in read:
        yield pair.told("T006", f"`by` needs an earlier rule that reads '{field}'", "via")
    else:
        for word in (word for word in words_of(schema) if word not in listed):
            yield pair.told("T006", f"the unit list has no row for '{word}' of '{field}'", "via")


def _unwritable(pairs: list[Pair]) -> Iterator[str]:
    """Words of a coded field for which no rule of its place has a code."""
    by_field: dict[tuple[str, bool], list[Pair]] = {}
    for pair in pairs:
        table = pair.rule.codec.table
        if pair.writes and pair.field and not pair.whole and (not table or table.kind == KINDS[pair.rule.codec.name]):
            by_field.setdefault((pair.field, pair.fed), []).append(pair)
    for (field, _), writers in by_field.items():
        schema = schema_of(field)
        words = words_of(schema) if schema is not None else []
        lost = [
            str(word) for word in words if not any(pair.top.default == word or has_code(pair, word) for pair in writers)
        ]
        if lost:
            key = "via" if "via" in writers[0].rule.spelled else "id"
            yield writers[0].told("C004", f"no code is written for {', '.join(lost)} of '{field}'", key)


def has_code(pair: Pair, word: Any) -> bool:
    """Whether a pair has something to write for a word."""
    codec = pair.rule.codec
    if codec.name == "values":
        return word in codec.option
    if codec.table is None:
        return True
    return word in (codec.table.plain if codec.name == "code" else codec.table.codings)
