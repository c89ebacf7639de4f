"""Which item of the changed case is which item of the case as the resources tell it.

Takes from: nothing above the standard library.  Gives to: mapping.putting.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Sequence
from typing import Any

from adapter.errors import Json

Moves = dict[int, int]
Key = Callable[[Json], Hashable]
Places = list[int]
Alike = Callable[[Places], bool]


class AmbiguousError(ValueError):
    """Several items answer to one description: nobody can say which of them changed, and which is gone."""


def pair_items(old: Sequence[Json], new: Sequence[Json], match: Sequence[str], alike: Alike) -> Moves:
    """Old place -> new place: items that agree in the fields of `match`; where several do, those that are the same.

    Shapes:  match  case fields that identify an item; without them only items that are the same are paired
             alike  whether it makes no difference which of these old items is taken
    Errors:  AmbiguousError
    """

    def identity(item: Json) -> Hashable:
        return _frozen([item.get(name) for name in match]) if match else _frozen(item)

    moves: Moves = {}
    mine, theirs = _grouped(old, range(len(old)), identity), _grouped(new, range(len(new)), identity)
    for each in mine.keys() & theirs.keys():
        one, other = mine[each], theirs[each]
        same = _same(old, new, one, other, alike) if len(one) > 1 or len(other) > 1 else {}
        rest = [place for place in one if place not in same]
        coming = [place for place in other if place not in same.values()]
        moves |= same | _in_order(rest, coming, alike)
    return moves


def _same(old: Sequence[Json], new: Sequence[Json], one: Places, other: Places, alike: Alike) -> Moves:
    """Items that are the same in every field."""
    mine, theirs = _grouped(old, one, _frozen), _grouped(new, other, _frozen)
    pairs = [(mine[each], theirs[each]) for each in mine.keys() & theirs.keys()]
    found: Moves = {}
    for places, coming in pairs:
        found |= (
            _in_order(places, coming, alike) if len(places) > len(coming) else dict(zip(places, coming, strict=False))
        )
    return found


def _in_order(one: Places, other: Places, alike: Alike) -> Moves:
    if one and other and max(len(one), len(other)) > 1 and not alike(one):
        raise AmbiguousError
    return dict(zip(one, other, strict=False))


def _grouped(items: Sequence[Json], places: Sequence[int], key: Key) -> dict[Hashable, list[int]]:
    found: dict[Hashable, list[int]] = defaultdict(list)
    for place in places:
        found[key(items[place])].append(place)
    return found


def _frozen(value: Any) -> Hashable:
    """1 and 1.0 are one number; true is none."""
    if isinstance(value, dict):
        return frozenset((name, _frozen(each)) for name, each in value.items())
    if isinstance(value, list):
        return tuple(map(_frozen, value))
    return (isinstance(value, bool), value)
