"""Branches of a `first` or `choice` made independent: FML tries them all, so each must say when it is not meant.

Takes from: mapping.language, mapping.writer, exporting.codes.  Gives to: exporting.writing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from adapter.mapping.exporting.codes import none_of, spelled
from adapter.mapping.exporting.text import quoted
from adapter.mapping.path import Path
from adapter.mapping.rules import Rule, flatten
from adapter.mapping.tables import Word


@dataclass(frozen=True)
class Limits:
    """Shapes:  without    words that are not this branch's to write
    contested  another branch writes the words that this one does not know
    asks       conditions on the object `around`, as text with a place for its variable
    """

    without: frozenset[Word] = frozenset()
    contested: bool = False
    asks: tuple[str, ...] = ()
    around: tuple[str, ...] = ()

    def condition(self, variable: str) -> str:
        return none_of(variable, sorted(map(str, self.without)))


def limit_branches(branches: list[Rule], default: Word | None) -> list[tuple[Rule, Limits]]:
    """Each branch with what keeps it from writing beside an earlier one; those that never write are left out."""
    found = []
    for number, branch in enumerate(branches):
        without: set[Word] = set() if default is None else {default}
        asks = [_given(path, value) for path, value in branch.given]
        places = [path for path, _ in branch.given]
        shadowed = False
        for earlier in branches[:number]:
            if _disjoint(earlier, branch):
                continue
            known, own = _places(earlier), _places(branch)
            if known[0] == own[0]:
                words = _words(earlier)
                shadowed = shadowed or words is None
                without |= words or set()
            elif set(known) & set(own):
                asks.append(f"{{0}}.{_last(known[0])}.exists().not()")
                places.append(known[0])
        if not shadowed:
            around = tuple(step.name for step in places[0].steps[:-1]) if places else ()
            contested = any(_places(branch)[0] == _places(later)[0] for later in branches[number + 1 :])
            found.append((branch, Limits(frozenset(without), contested or bool(without), tuple(asks), around)))
    return found


def _places(branch: Rule) -> list[Path]:
    return [leaf.case for leaf in flatten(branch)] + [path for path, _ in branch.given]


def _disjoint(one: Rule, other: Rule) -> bool:
    """They ask different things of the same field."""
    asked = dict(other.given)
    return any(path in asked and asked[path] != value for path, value in one.given)


def _words(branch: Rule) -> set[Word] | None:
    """The words a branch writes; None when it writes whatever there is."""
    leaf = next(flatten(branch))
    if leaf.codec.name == "values":
        return set(leaf.codec.option)
    if leaf.codec.table is None:
        return None
    return set(leaf.codec.table.plain if leaf.codec.name == "code" else leaf.codec.table.codings)


def _given(path: Path, value: Any) -> str:
    if value is None:
        return f"{{0}}.{_last(path)}.exists().not()"
    return f"{{0}}.{_last(path)} = {quoted(value) if isinstance(value, str) else spelled(value)}"


def _last(path: Path) -> str:
    return path.steps[-1].name
