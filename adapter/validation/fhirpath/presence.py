"""A quick answer for the many constraints that only ask which members are there.

`a.empty() or b.exists()` needs no collections: the keys of the object decide. What is more than that answers None, and
the full evaluation follows.

Takes from: validation.fhirpath.grammar.  Gives to: validation.fhirpath.evaluation.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from adapter.errors import Json
from adapter.validation.fhirpath.grammar import Tree

Quick = Callable[[Json], bool | None]


def make_quick(tree: Tree) -> Quick | None:
    """A test that answers True or False when presence alone decides, else None."""
    if tree[0] == "dot" and tree[1][0] == "member" and tree[2] == ("call", "exists", []):
        return _make_exists(tree[1][1])
    if tree[0] == "dot" and tree[1][0] == "member" and tree[2] == ("call", "empty", []):
        present = _make_exists(tree[1][1])
        return lambda value: not present(value)  # presence itself is never undecided
    if tree[0] == "binary" and tree[1] in _JOINS:
        left = make_quick(tree[2])
        return _JOINS[tree[1]](left, make_quick(tree[3]) or _unknown) if left else None
    return None


def _unknown(value: Json) -> None:
    return None


def _make_exists(name: str) -> Quick:
    shadow, size = "_" + name, len(name)

    def test(value: Json) -> bool:
        if name in value or shadow in value:
            return True
        for key in value:  # noqa: SIM110  # a plain loop: this runs often, and any() costs twice as much
            if key.startswith(name) and key[size : size + 1].isupper():
                return True
        return False

    return test


def _make_or(left: Quick, right: Quick) -> Quick:
    def test(value: Json) -> bool | None:
        one = left(value)
        if one is True:
            return True
        other = right(value)
        return other if other is True or one is False else None

    return test


def _make_and(left: Quick, right: Quick) -> Quick:
    def test(value: Json) -> bool | None:
        one = left(value)
        if one is False:
            return False
        other = right(value)
        return other if other is False or one is True else None

    return test


def _make_implies(left: Quick, right: Quick) -> Quick:
    def test(value: Json) -> bool | None:
        one = left(value)
        if one is False:
            return True
        other = right(value)
        return other if other is True or one is True else None

    return test


_JOINS: dict[str, Callable[[Any, Any], Quick]] = {"or": _make_or, "and": _make_and, "implies": _make_implies}
