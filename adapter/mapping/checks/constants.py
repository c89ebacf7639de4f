"""Y: are the constants that a map writes shaped as R4 says, and are their codes the ones R4 allows?

Takes from: mapping.checks.survey, terminology.  Gives to: mapping.check.
Source: https://hl7.org/fhir/R4/json.html, https://hl7.org/fhir/R4/terminologies.html#required
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from adapter.conformance import r4_definitions
from adapter.mapping.checks.elements import Element, MissError
from adapter.mapping.checks.pairs import Pair
from adapter.mapping.checks.survey import Survey
from adapter.mapping.checks.types import json_type, type_of
from adapter.mapping.path import Path, parse_path
from adapter.mapping.spelling import did_you_mean
from adapter.terminology import Terminology

Finding = tuple[str, str]


def check_constants(survey: Survey) -> Iterator[str]:
    """Constants, what is accepted beside them, companions, and the codes that tables write."""
    constants = _Constants(survey)
    for pair in survey.all_pairs():
        element = survey.element(pair)
        if element is None:
            continue
        if pair.rule.kind == "const":
            yield from (pair.told(code, text, "const") for code, text in constants.of_const(pair, element))
            yield from (pair.told(code, text, "accept") for code, text in constants.of_accept(pair, element))
        elif pair.writes and element.value_set and element.primitive != pair.rule.codec.concept:
            yield from (pair.told(code, text, "via") for code, text in constants.of_words(pair, element))
        yield from (pair.told(code, text, "with") for code, text in constants.of_companions(pair))


class _Constants:
    def __init__(self, survey: Survey) -> None:
        self.survey = survey
        self.terminology = Terminology(r4_definitions())

    def of_const(self, pair: Pair, element: Element) -> Iterator[Finding]:
        last = pair.fhir.steps[-1]
        many = element.many and last.pick == "one"
        if many != isinstance(pair.rule.const, list):
            yield "Y003", f"'{element.name}' is {'a list' if many else 'no list'} in R4, and the constant is another"
            return
        for each in pair.rule.const if many else [pair.rule.const]:
            yield from self.shaped(element, each, element.name)

    def of_accept(self, pair: Pair, element: Element) -> Iterator[Finding]:
        """What means the same as the constant when read: values, or a table."""
        accept = pair.rule.accept
        if accept is None:
            return
        if isinstance(accept, dict):
            tables = self.survey.language.tables
            if accept.keys() != {"table"} or not isinstance(accept["table"], str):
                yield "Y003", "`accept` is a list of values, or a table: {table: name}"
            elif accept["table"] not in tables and accept["table"] not in self.survey.language.folder.unread:
                hint = did_you_mean(accept["table"], tables)
                yield "T001", f"there is no table '{accept['table']}'{hint}"
            return
        for value in accept if isinstance(accept, list) else [accept]:
            yield from self.shaped(element, value, element.name)

    def of_companions(self, pair: Pair) -> Iterator[Finding]:
        """What `with` writes beside the element."""
        for key, value in (pair.rule.with_ or {}).items():
            path = Path(pair.fhir.steps[:-1]) + parse_path(key, {})
            try:
                found = self.survey.elements.follow(pair.mapping.resource, path)
            except MissError:
                continue
            if found:
                yield from self.shaped(found[0], value, key)

    def of_words(self, pair: Pair, element: Element) -> Iterator[Finding]:
        """Codes of a table or of `values` where R4 requires a value set."""
        codec = pair.rule.codec
        plain = codec.table.plain.values() if codec.name == "code" and codec.table else ()
        for code in codec.option.values() if codec.name == "values" else plain:
            yield from self.bound(element, code)
        if codec.concept and codec.table and codec.table.kind == "concept":
            for word, codings in codec.table.codings.items():
                known = [self.terminology.validate_code(element.value_set, c["code"], c["system"]) for c in codings]
                if True not in known and None not in known:
                    yield "Y004", f"'{word}' has no code in {_short(element.value_set)}, which R4 requires"

    def shaped(self, element: Element, value: Any, place: str) -> Iterator[Finding]:
        """Hold one JSON value against one element, members and all."""
        if element.primitive:
            wanted = json_type(element.type)
            if type_of(value) != wanted and not (wanted == "number" and type_of(value) == "integer"):
                yield "Y003", f"'{place}' is a {element.type}, and the constant is a {type_of(value)}"
            elif element.value_set and isinstance(value, str) and "{" not in value:
                yield from self.bound(element, value)
        elif not isinstance(value, dict):
            yield "Y003", f"'{place}' is a {element.type}, and the constant is a {type_of(value)}"
        elif not value:
            yield "Y003", f"'{place}' is empty; FHIR has no empty objects"
        else:
            yield from self._object(element, value, place)

    def _object(self, element: Element, value: dict[str, Any], place: str) -> Iterator[Finding]:
        for name, inner in value.items():
            try:
                found = self.survey.elements.follow(element.inside, parse_path(name, {}), strict=False)
            except (MissError, ValueError) as error:
                yield "Y003", str(error)
                continue
            if found and found[0].many != isinstance(inner, list):
                yield "Y003", f"'{place}.{name}' is {'a list' if found[0].many else 'no list'} in R4"
            elif found:
                for each in inner if isinstance(inner, list) else [inner]:
                    yield from self.shaped(found[0], each, f"{place}.{name}")
        for name, member in self.survey.elements.members(element.inside).elements.items():
            if member.required and not member.choice and name not in value:
                yield "Y003", f"'{place}' lacks '{name}', which R4 requires"

    def bound(self, element: Element, code: Any) -> Iterator[Finding]:
        if element.value_set and self.terminology.validate_code(element.value_set, str(code)) is False:
            yield "Y004", f"'{code}' is not in {_short(element.value_set)}, which R4 requires for '{element.name}'"


def _short(value_set: str) -> str:
    return value_set.rsplit("/", 1)[-1].partition("|")[0]
