"""Q and C: the choice between several resources, and what is left on purpose.

Takes from: mapping.checks.conditions.  Gives to: mapping.check.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from adapter.conformance import r4_definitions
from adapter.declaration import Pointer
from adapter.mapping.checks.conditions import Asked, listed
from adapter.mapping.checks.pairs import join, schema_of
from adapter.mapping.checks.survey import Survey
from adapter.mapping.checks.words import allows, words_of
from adapter.mapping.path import Path, PathError, parse_path
from adapter.mapping.spelling import did_you_mean
from adapter.terminology import Terminology


def check_choices(survey: Survey) -> Iterator[str]:
    """`several` and `leave` of each map."""
    terminology = Terminology(r4_definitions())
    for mapping in survey.maps:
        chosen = _Chosen(survey, mapping, terminology)
        yield from chosen.several()
        yield from chosen.left()


class _Chosen(Asked):
    def several(self) -> Iterator[str]:
        """Fields and words of the order in which several resources count."""
        spelled = self.mapping.get("several") or {}
        for name, words in spelled.get("prefer", {}).items():
            yield from self._words(name, words, ("several", "prefer", name))
        for name, words in spelled.get("fill", {}).get("unless", {}).items():
            yield from self._words(name, words, ("several", "fill", "unless", name))
        for name, other in spelled.get("fill", {}).get("goes_with", {}).items():
            for each in (name, other):
                yield from self.field(each, ("several", "fill", "goes_with", name))
        if "latest" in spelled:
            yield from self.field(spelled["latest"], ("several", "latest"))
        if self.mapping.place == "keyed":
            preferred = spelled.get("prefer", {}).get("value", [])
            lost = [str(w) for w in words_of(schema_of(f"{self.item}.value") or {}) if w not in listed(preferred)]
            if lost:
                text = f"several answers may come: `several.prefer.value` must order {', '.join(lost)} too"
                yield self.told("Q002", text, "several" if spelled else "case")

    def _words(self, name: str, words: Any, at: Pointer) -> Iterator[str]:
        yield from self.field(name, at)
        schema = schema_of(f"{self.item}.{name}") or {}
        for word in listed(words):
            if word is not None and words_of(schema) and not allows(schema, word):
                hint = did_you_mean(str(word), map(str, words_of(schema)))
                yield self.told("C003", f"case field '{self.item}.{name}' knows no word '{word}'{hint}", *at)

    def left(self) -> Iterator[str]:
        """What is left on purpose exists, and no rule maps it."""
        mapped = [pair.fhir for pair in self.survey.pairs[self.mapping.name]]
        written = {pair.field for pair in self.survey.all_pairs() if pair.writes}
        fields = written & {pair.field for pair in self.survey.all_pairs() if pair.reads}
        for number, entry in enumerate(self.mapping.get("leave") or ()):
            if "fhir" in entry:
                _, problem = self.element(entry["fhir"], ("leave", number, "fhir"))
                if problem:
                    yield problem
                elif any(_below(parse_path(entry["fhir"], self.mapping.systems.uris), path) for path in mapped):
                    yield self.told("C008", f"'{entry['fhir']}' is left, and a rule maps it", "leave", number, "fhir")
            if "case" in entry:
                yield from self._left_field(entry["case"], fields, ("leave", number, "case"))

    def _left_field(self, name: str, mapped: set[str], at: Pointer) -> Iterator[str]:
        try:
            field = join(self.item, parse_path(name, {}))
        except PathError as error:
            yield self.told(error.code, str(error), *at)
            return
        if schema_of(field) is None and schema_of(f"{field}[]") is None:
            yield self.told("C001", f"the case has no field '{field}'{did_you_mean(name, self.known)}", *at)
        elif field in mapped:
            yield self.told("C008", f"'{name}' is left, and a rule maps it", *at)


def _below(left: Path, mapped: Path) -> bool:
    names = tuple(step.name for step in left.steps)
    return tuple(step.name for step in mapped.steps)[: len(names)] == names
