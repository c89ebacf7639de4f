"""A quick answer for the many constraints that only ask which members are there.

`a.empty() or b.exists()` needs no collections: the keys of the object decide. What is more than that answers None, and
the full evaluation follows.

Takes from: validation.fhirpath.grammar.  Gives to: validation.fhirpath.evaluation.
"""

from __future__ import annotations

from collections.abc import Callable

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


def _make_join(ends: bool, answer: bool) -> Callable[[Quick, Quick], Quick]:
    """A left side that is `ends` settles the answer; a right side that is the answer settles it too."""

    def join(left: Quick, right: Quick) -> Quick:
        def test(value: Json) -> bool | None:
            one = left(value)
            if one is ends:
                return answer
            other = right(value)
            return other if other is answer or one is not None else None

        return test

    return join


_JOINS: dict[str, Callable[[Quick, Quick], Quick]] = {
    "or": _make_join(True, True),
    "and": _make_join(False, False),
    "implies": _make_join(False, True),
}
