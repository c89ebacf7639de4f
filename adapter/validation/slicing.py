"""Sliced lists: which slice an item belongs to, how many each may hold, and what the nearest slice lacked.

Takes from: validation.discriminators, validation.shapes.  Gives to: validation.compiler.
Source: https://hl7.org/fhir/R4/profiling.html#slicing
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from adapter.validation.discriminators import make_matcher
from adapter.validation.problem import Check, Found, Problem, has_errors, under
from adapter.validation.snapshot import Element

if TYPE_CHECKING:
    from adapter.validation.scope import Engine, Scope


class _Slice:
    """A slice ready to judge: its matcher, the check of its content, and slices of its own."""

    def __init__(self, compiler: Engine, sliced: Element, element: Element) -> None:
        self.name, self.min, self.max = element.slice_name, element.min, element.max
        self.matches = make_matcher(compiler, sliced, element)
        self.check = compiler.item_check(element)
        self.inner = _Slicing(compiler, element) if element.slices else None


class _Slicing:
    """All slices of one element."""

    def __init__(self, compiler: Engine, element: Element) -> None:
        self.element = element
        self.slices = [_Slice(compiler, element, item) for item in element.slices.values()]
        self.rules = element.slicing.get("rules", "open")
        self.ordered = bool(element.slicing.get("ordered"))

    def sort(self, items: Sequence[tuple[int, Any]], scope: Scope) -> tuple[list[list[tuple[int, Any]]], list[int]]:
        """Items by slice, and the indexes of those that belong to none."""
        groups: list[list[tuple[int, Any]]] = [[] for _ in self.slices]
        rest: list[int] = []
        for index, item in items:
            for number, piece in enumerate(self.slices):
                if piece.matches(item, scope):
                    groups[number].append((index, item))
                    break
            else:
                rest.append(index)
        return groups, rest


def make_sliced_list(compiler: Engine, element: Element) -> Check:
    """A repeating element with slices; one that does not repeat is judged as a list of one."""
    slicing = _Slicing(compiler, element)
    plain = compiler.item_check(element)
    low, high, is_list, name = element.min, element.max, element.is_list, element.name

    def check(value: Any, scope: Scope) -> Found:
        if type(value) is not list:
            if is_list:
                return [Problem("null" if value is None else "not-a-list")]
            return [_without_index(problem) for problem in _judge(slicing, plain, [value], scope)]
        if not value or not is_list:
            return [Problem("empty-array" if is_list else "list-not-allowed")]
        found = _judge(slicing, plain, value, scope)
        if len(value) < low:
            found.append(Problem("min", element=name, min=low, count=len(value)))
        if high is not None and len(value) > high:
            found.append(Problem("max", element=name, max=high, count=len(value)))
        return found or None

    return check


def _without_index(problem: Problem) -> Problem:
    if problem.steps and problem.steps[-1] == 0:
        problem.steps.pop()
    return problem


def _judge(slicing: _Slicing, plain: Check, value: list[Any], scope: Scope) -> list[Problem]:
    groups, rest = slicing.sort(list(enumerate(value)), scope)
    found: list[Problem] = []
    for index in rest:
        if problems := plain(value[index], scope):
            found += under(index, problems)
    told: set[str] = set()
    if slicing.rules == "closed":
        for index in rest:
            name, problem = _unmatched(slicing, value[index], scope)
            found.append(problem.at(index))
            told.add(name)
    found += _judge_groups(slicing, groups, value, rest, scope, told)
    if slicing.ordered:
        found += _check_order(groups)
    if slicing.rules == "openAtEnd" and rest and any(index > min(rest) for group in groups for index, _ in group):
        found.append(Problem("slice-open-at-end", element=slicing.element.name))
    return found


def _judge_groups(
    slicing: _Slicing,
    groups: list[list[tuple[int, Any]]],
    value: list[Any],
    rest: list[int],
    scope: Scope,
    told: frozenset[str] | set[str] = frozenset(),
) -> list[Problem]:
    """`told` are the slices that an unmatched item was said to have been meant for."""
    found: list[Problem] = []
    for piece, group in zip(slicing.slices, groups, strict=True):
        for index, item in group:
            if problems := piece.check(item, scope):
                found += under(index, problems)
        if len(group) < piece.min and piece.name not in told:
            nearest = _nearest(piece, [(index, value[index]) for index in rest], scope)
            found.append(_slice_problem("slice-min", slicing, piece, min=piece.min, nearest=nearest))
        if piece.max is not None and len(group) > piece.max:
            found.append(_slice_problem("slice-max", slicing, piece, max=piece.max).at(group[piece.max][0]))
        if piece.inner is not None:
            found += _judge_inner(piece.inner, group, value, scope)
    return found


def _judge_inner(inner: _Slicing, group: list[tuple[int, Any]], value: list[Any], scope: Scope) -> list[Problem]:
    groups, rest = inner.sort(group, scope)
    return _judge_groups(inner, groups, value, rest, scope)


def _slice_problem(rule: str, slicing: _Slicing, piece: _Slice, **values: Any) -> Problem:
    return Problem(rule, element=slicing.element.name, slice=piece.name, **values)


def _check_order(groups: list[list[tuple[int, Any]]]) -> list[Problem]:
    last = -1
    for group in groups:
        for index, _ in group:
            if index < last:
                return [Problem("slice-order").at(index)]
            last = index
    return []


def _unmatched(slicing: _Slicing, item: Any, scope: Scope) -> tuple[str, Problem]:
    """The slice that would have cost the item least, and the first thing it lacks there."""
    judged = [
        (len(problems), piece.name, problems) for piece in slicing.slices if (problems := piece.check(item, scope))
    ]
    names = ", ".join(piece.name for piece in slicing.slices)
    _, name, problems = min(judged, key=lambda row: row[0]) if judged else (0, "", [])
    nearest = _said(name, problems) if problems else ""
    return name, Problem("slice-closed", element=slicing.element.name, expected=names, nearest=nearest)


def _nearest(piece: _Slice, rest: list[tuple[int, Any]], scope: Scope) -> str:
    judged = [(len(problems), index, problems) for index, item in rest if (problems := piece.check(item, scope))]
    if not judged:
        return ""
    _, index, problems = min(judged, key=lambda row: (row[0], row[1]))
    return _said(f"[{index}]", problems)


def _said(name: str, problems: list[Problem]) -> str:
    problem = problems[0]
    place = ".".join(str(step) for step in reversed(problem.steps)) or "$this"
    wanted = problem.values.get("expected") or problem.values.get("element") or ""
    return f"{name}: {place} {problem.rule} {wanted}".strip()


def make_any_of(checks: list[Check], names: list[str]) -> Check:
    """At least one profile must be met; otherwise say what the nearest one lacks."""

    def check(value: Any, scope: Scope) -> Found:
        answers: list[list[Problem]] = []
        for one in checks:
            problems = one(value, scope)
            if not has_errors(problems):
                return problems
            answers.append(problems or [])
        best = min(range(len(answers)), key=lambda number: len(answers[number]))
        for problem in answers[best]:
            problem.profile = problem.profile or names[best]
        return answers[best]

    return check


def type_slices(element: Element) -> dict[str, Element]:
    """The slices of a choice by the type they speak for."""
    return {code: piece for piece in element.slices.values() for code in piece.type_codes}
