"""From declared variables to steps of one plan, whatever the word.

Takes from: cohort.answers, cohort.plan.  Gives to: the other rooms of cohort.variables, cohort.derivation.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from adapter.cohort.answers import Step
from adapter.cohort.plan import Plan
from adapter.errors import Json


@dataclass(frozen=True)
class Compiler:
    """Shapes:  declared  derived.yaml, proven
    words  the word of a rule -> what makes its step
    marks  the same for how an answer was come by
    """

    declared: Json
    plan: Plan
    words: Mapping[str, Maker]
    marks: Mapping[str, Maker]

    def variable(self, name: str) -> int:
        """The place of a variable's answer among what the steps found."""
        return self.plan.place(name, lambda: self._make(name, self.words))

    def mark(self, name: str) -> int:
        """The place of the mark of a variable that has one."""
        return self.plan.place(f"mark of {name}", lambda: self._make(name, self.marks))

    def is_marked(self, name: str) -> bool:
        """May an answer be come by otherwise than as recorded?"""
        return any(word in self.declared["variables"][name]["rule"] for word in self.marks)

    def _make(self, name: str, makers: Mapping[str, Maker]) -> Step:
        variable = self.declared["variables"][name]
        rule = variable["rule"]
        return next(make for word, make in makers.items() if word in rule)({"unit": variable.get("unit"), **rule}, self)


Maker = Callable[[Json, Compiler], Step]
