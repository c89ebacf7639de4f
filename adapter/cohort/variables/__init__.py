"""The closed vocabulary of derived variables: each word of derived.yaml, and what makes its step.

A record that is silent answers "unknown"; a variable over a list is known once the list is documented.

Takes from: the other rooms of cohort.  Gives to: cohort.derivation.
Source: mappings/derived.yaml, where every word is explained
"""

from __future__ import annotations

from typing import Literal

from adapter.cohort.plan import Plan
from adapter.cohort.variables.compiler import Compiler, Maker
from adapter.cohort.variables.logic import all_word, any_word, groups_word, no_word, number_word
from adapter.cohort.variables.places import silent_word, sites_word
from adapter.cohort.variables.record import field_word, first_word, list_word, mark_of_field, measured_word, word_word
from adapter.cohort.variables.times import from_word, mark_of_time, unusable_word, years_word
from adapter.cohort.variables.treatment import line_word, lines_word, started_word
from adapter.errors import Json

__all__ = ["Kind", "kind_of", "make_compiler"]

Kind = Literal["flag", "number", "category"]

_FLAGS: dict[str, Maker] = {
    "field": field_word,
    "list": list_word,
    "first": first_word,
    "number": number_word,
    "measured": measured_word,
    "silent": silent_word,
    "line": line_word,
    "started": started_word,
    "unusable": unusable_word,
    "all": all_word,
    "any": any_word,
    "no": no_word,
}
_NUMBERS: dict[str, Maker] = {"from": from_word, "sites": sites_word, "lines": lines_word}
_CATEGORIES: dict[str, Maker] = {"word": word_word, "groups": groups_word, "years": years_word}
_MARKS: dict[str, Maker] = {"from": mark_of_time, "else": mark_of_field}


def make_compiler(declared: Json) -> Compiler:
    return Compiler(declared, Plan(), {**_FLAGS, **_NUMBERS, **_CATEGORIES}, _MARKS)


def kind_of(rule: Json) -> Kind:
    return "number" if rule.keys() & _NUMBERS.keys() else "category" if rule.keys() & _CATEGORIES.keys() else "flag"
