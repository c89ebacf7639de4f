"""What a check answers: nothing when all is well, else problems that learn their place on the way up.

A check is a function (value, scope) -> list of problems or None. The good case pays for no path: only when a child
answers with problems does its parent add the step that leads to it.

Takes from: errors.  Gives to: every module of validation.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from adapter.errors import Severity

if TYPE_CHECKING:
    from adapter.validation.scope import Scope

Step = str | int


class Problem:
    """A broken rule, before it knows its whole place. `values` fill the wording; they never hold patient data.

    Shapes:  steps    from the inside out; the reader reverses them
             unless   tested when the place is known: the problem is dropped when it answers True
    """

    __slots__ = ("kind", "profile", "rule", "severity", "steps", "unless", "values")

    def __init__(self, rule: str, severity: Severity | None = None, kind: str = "", **values: Any) -> None:
        self.rule = rule
        self.severity = severity
        self.kind = kind
        self.values = values
        self.steps: list[Step] = []
        self.profile = ""
        self.unless: Callable[[tuple[Step, ...]], bool] | None = None

    def at(self, *steps: Step) -> Problem:
        """Place it below the current element, outermost step first."""
        self.steps.extend(reversed(steps))
        return self

    @property
    def blocks(self) -> bool:
        return self.unless is None and (self.severity is None or self.severity in ("error", "fatal"))


Found = list[Problem] | None
Check = Callable[[Any, "Scope"], Found]


def under(step: Step, problems: list[Problem]) -> list[Problem]:
    for problem in problems:
        problem.steps.append(step)
    return problems


def has_errors(problems: Found) -> bool:
    return bool(problems) and any(problem.blocks for problem in problems or ())


def all_of(checks: list[Check]) -> Check:
    """Run every check on the same value."""
    if len(checks) == 1:
        return checks[0]
    if len(checks) == 2:
        first, second = checks

        def both(value: Any, scope: Scope) -> Found:
            found, more = first(value, scope), second(value, scope)
            return found + more if found and more else found or more

        return both
    steps = tuple(checks)

    def every(value: Any, scope: Scope) -> Found:
        found: Found = None
        for check in steps:
            if more := check(value, scope):
                found = found + more if found else more
        return found

    return every


def with_extras(base: Check, extras: list[Check], primitive: bool) -> Check:
    """The extras of an element read its value: they come only when it is what its type says."""
    if not extras:
        return base
    more = all_of(extras)
    if primitive:
        return lambda value, scope: base(value, scope) or more(value, scope)

    def check(value: Any, scope: Scope) -> Found:
        found = base(value, scope)
        if type(value) is dict and (others := more(value, scope)):
            return found + others if found else others
        return found

    return check


def passes(value: Any, scope: Scope) -> Found:
    """The check that finds nothing."""
    return None
