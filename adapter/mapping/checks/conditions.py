"""Q: can the questions be asked by which a map takes resources and drops them?

Takes from: mapping.checks.survey, terminology.  Gives to: mapping.check.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from adapter.conformance import r4_definitions
from adapter.declaration import Pointer
from adapter.errors import Json
from adapter.mapping.checks.elements import Element, MissError
from adapter.mapping.checks.pairs import item_field, schema_of, tell_map
from adapter.mapping.checks.survey import Survey
from adapter.mapping.checks.types import TEXTS, json_type, type_of
from adapter.mapping.checks.words import readable
from adapter.mapping.path import PathError, parse_path
from adapter.mapping.rules import Map
from adapter.mapping.spelling import did_you_mean
from adapter.terminology import Terminology

_KINDS = ("table", "coding", "no-system", "only", "coded-but-not")
_ASKED = {"select": _KINDS, "drop": _KINDS, "check": (*_KINDS, "present")}
_BESIDE = {"select": ("collapse", "warn"), "drop": ("own", "why")}


def check_conditions(survey: Survey) -> Iterator[str]:
    """`select`, `drop` and `hint` of each map."""
    terminology = Terminology(r4_definitions())
    for mapping in survey.maps:
        asked = Asked(survey, mapping, terminology)
        for key in ("select", "drop"):
            for number, spelled in enumerate(mapping.get(key) or ()):
                yield from asked.alternative(spelled, key, number)
        yield from asked.invariants()
        yield from asked.hint()


class Asked:
    def __init__(self, survey: Survey, mapping: Map, terminology: Terminology) -> None:
        self.survey, self.mapping, self.terminology = survey, mapping, terminology
        self.tables = survey.language.tables
        self.item = item_field(mapping)
        self.known = (schema_of(self.item) or {}).get("properties", {})

    def told(self, code: str, text: str, *pointer: str | int) -> str:
        return tell_map(self.mapping, code, text, *pointer)

    def alternative(self, spelled: Json, key: str, number: int) -> Iterator[str]:
        """One entry of `select` or `drop`."""
        asked = {text: condition for text, condition in spelled.items() if text not in _BESIDE[key]}
        if not asked:
            yield self.told("Q001", "this asks nothing: name an element and what is asked of it", key, number)
        for text, condition in asked.items():
            yield from self._condition(text, condition, (key, number, text))
        for name in listed(spelled.get("collapse", [])) if key == "select" else ():
            yield from self.field(str(name), (key, number, "collapse"))
        warn = spelled.get("warn", {"en": "", "fr": ""})
        if key == "select" and not (isinstance(warn, dict) and {"en", "fr"} == warn.keys()):
            yield self.told("Q001", "`warn` is a text in `en` and in `fr`", key, number, "warn")

    def invariants(self) -> Iterator[str]:
        """What `check` asks, and whether its names tell two of them apart."""
        seen: set[str] = set()
        for number, spelled in enumerate(self.mapping.get("check") or ()):
            for part in ("when", "then"):
                for text, condition in spelled.get(part, {}).items():
                    yield from self._condition(text, condition, ("check", number, part, text))
            if spelled["id"] in seen:
                yield self.told("R001", f"another invariant is called '{spelled['id']}'", "check", number, "id")
            seen.add(spelled["id"])

    def _condition(self, text: str, condition: Any, at: Pointer) -> Iterator[str]:
        element, problem = self.element(text, at)
        if problem:
            yield problem
            return
        if not isinstance(condition, dict):
            yield from self._values(element, listed(condition), at)
            return
        kinds, known = [kind for kind in condition if kind != "words"], _ASKED[str(at[0])]
        if len(kinds) != 1 or kinds[0] not in known or ("words" in condition and kinds != ["table"]):
            text = f"a condition is a value, a list of values, or one of {', '.join(known)} (table with words)"
            yield self.told("Q001", text, *at)
            return
        if kinds == ["present"]:
            if not isinstance(condition["present"], bool):
                yield self.told("Q001", "`present` is true or false", *at, "present")
            return
        if element is not None and element.type not in ("CodeableConcept", "Coding"):
            yield self.told("Y001", f"codes are asked of it, and '{element.name}' is a {element.type}", *at)
        yield from self._codes(kinds[0], condition, at)

    def element(self, text: str, at: Pointer) -> tuple[Element | None, str]:
        """The element that a condition asks, or the problem with its path."""
        try:
            path = parse_path(text, self.mapping.systems.uris)
            found = self.survey.elements.follow(self.mapping.resource, path, strict=False)
        except (MissError, PathError) as error:
            return None, self.told(error.code, str(error), *at)
        if not path.steps or any(step.pick == "resolve" for step in path.steps):
            return None, self.told("Q001", "a condition asks the resource itself: no '.' and no resolve()", *at)
        return (found[0] if found else None), ""

    def _values(self, element: Element | None, values: list[Any], at: Pointer) -> Iterator[str]:
        if element is None:
            return
        for value in values:
            if not element.primitive or type_of(value) != json_type(element.type):
                yield self.told("Y001", f"'{value}' is asked of it, and '{element.name}' is a {element.type}", *at)
            elif element.value_set and self.terminology.validate_code(element.value_set, str(value)) is False:
                short = element.value_set.rsplit("/", 1)[-1].partition("|")[0]
                yield self.told("Y004", f"'{value}' is not in {short}: no resource can have it", *at)

    def _codes(self, kind: str, condition: Json, at: Pointer) -> Iterator[str]:
        option = condition[kind]
        if kind in ("coding", "no-system"):
            for system in option if isinstance(option, dict) and kind == "coding" else [option]:
                yield from self._system(system, (*at, kind))
            codes = [code for each in option.values() for code in listed(each)] if isinstance(option, dict) else [None]
            if kind == "coding" and not all(isinstance(code, str) for code in codes):
                yield self.told("Q001", "`coding` names systems and their codes: {system: code}", *at, kind)
        elif not isinstance(option, str):
            yield self.told("Q001", f"`{kind}` names a table", *at, kind)
        elif option not in self.tables:
            if option not in self.survey.language.folder.unread:
                text = f"there is no table '{option}'{did_you_mean(option, self.tables)}"
                yield self.told("T001", text, *at, kind)
        elif self.tables[option].kind != "concept":
            text = f"`{kind}` needs a table of kind concept, and '{option}' is of kind {self.tables[option].kind}"
            yield self.told("T004", text, *at, kind)
        else:
            words = list(readable(self.tables[option]))
            for word in (each for each in listed(condition.get("words", [])) if each not in words):
                text = f"table '{option}' has no word '{word}'{did_you_mean(str(word), map(str, words))}"
                yield self.told("C003", text, *at, "words")

    def _system(self, name: Any, at: Pointer) -> Iterator[str]:
        try:
            self.mapping.systems.uri(name) if isinstance(name, str) else parse_path("?", {})
        except PathError as error:
            yield self.told(error.code, str(error), *at)

    def field(self, name: str, at: Pointer) -> Iterator[str]:
        if self.known and name not in self.known:
            text = f"the case has no field '{self.item}.{name}'{did_you_mean(name, self.known)}"
            yield self.told("C001", text, *at)

    def hint(self) -> Iterator[str]:
        """Where words are looked for, and in which table."""
        spelled = self.mapping.get("hint")
        if not spelled:
            return
        element, problem = self.element(spelled["fhir"], ("hint", "fhir"))
        if problem:
            yield problem
        elif element is not None and element.type not in TEXTS:
            yield self.told("Y001", f"words are looked for, and '{element.name}' is a {element.type}", "hint", "fhir")
        table = self.tables.get(spelled["table"])
        if table is None and spelled["table"] not in self.survey.language.folder.unread:
            text = f"there is no table '{spelled['table']}'{did_you_mean(spelled['table'], self.tables)}"
            yield self.told("T001", text, "hint", "table")
        elif table is not None and table.kind != "text":
            yield self.told("T004", f"`hint` needs a table of kind text, and '{table.name}' is not", "hint", "table")


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
