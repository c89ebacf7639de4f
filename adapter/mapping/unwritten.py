"""What a case holds and no map writes: the leftovers of the way to FHIR, told by place, never by value.

Takes from: mapping.leftovers, familiar, rules, code.  Gives to: mapping.engine.
"""

from __future__ import annotations

from collections import Counter
from functools import cached_property
from typing import Any

from adapter.errors import Issue, Json
from adapter.mapping.code import Code
from adapter.mapping.familiar import write_question
from adapter.mapping.findings import not_written
from adapter.mapping.leftovers import Known, write_search
from adapter.mapping.path import HERE, Path, Step
from adapter.mapping.rules import Language, Map, Rule, flatten


class Unwritten:
    """Shapes:  question  generated: whether every name of a case is written; `search` what names are not"""

    def __init__(self, language: Language) -> None:
        known = Known()
        for mapping in language.maps:
            if mapping.get("one-way") != "from-fhir":
                _add_map(known, mapping)
        self.question = Code("unwritten.py")
        write_question(self.question, "familiar", known)
        self.search = Code("unwritten.py")
        write_search(self.search, "find", "Case", known)

    def __getstate__(self) -> dict[str, Any]:
        return {"question": self.question, "search": self.search}

    @cached_property
    def _familiar(self) -> Any:
        return self.question.function("familiar")

    def of(self, case: Json) -> list[Issue]:
        """One issue a place; [] when every name of the case is written."""
        if self._familiar(case):
            return []
        left: list[str] = []
        self.search.function("find")(case, left)
        return [not_written(place, count) for place, count in Counter(left).items()]


def _add_map(known: Known, mapping: Map) -> None:
    here = known
    if mapping.place == "keyed":
        known.at(_member(mapping.case)).all_inside = True
        return
    if mapping.place == "object":
        here = known.at(_member(mapping.case))
    elif mapping.place in ("list", "join"):
        here = known.at(Path((Step(mapping.case, "each"),)))
    if mapping.field:
        here.at(_member(mapping.field))
    for rule in mapping.rules:
        _add_rule(known, here, rule)


def _add_rule(root: Known, here: Known, rule: Rule) -> None:
    """`$.list[]` of a rule starts at the case, other places at the item."""
    if rule.kind == "const" or not rule.to_fhir:
        return
    if rule.kind == "each":
        base = root if rule.spelled["each"].startswith("$.") else here
        inside = base.at(Path((*rule.case.steps[:-1], Step(rule.case.steps[-1].name, "each"))))
        for name in rule.unless or {}:
            inside.at(_member(name))
        for inner in rule.rules:
            _add_rule(root, inside, inner)
        return
    for branch in rule.rules if rule.kind in ("first", "choice") else (rule,):
        for path in (*(leaf.case for leaf in flatten(branch)), *(path for path, _ in branch.given)):
            if branch.to_fhir and path != HERE:
                here.at(path)


def _member(name: str) -> Path:
    return Path((Step(name),))
