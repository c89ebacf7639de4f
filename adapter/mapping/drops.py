"""Which resources of its own type a map leaves out before any rule: the conditions of `drop`.

Takes from: mapping.select, mapping.path.  Gives to: mapping.reader, shortcut, intake, run, checks.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from adapter.errors import Json
from adapter.mapping.path import parse_path
from adapter.mapping.rules import Map
from adapter.mapping.select import ASIDE, Test, every_test, wanted_codings


@dataclass(frozen=True)
class Drop:
    """A reason to leave a resource out. `why` is in English and French; `element` must be there for the test.

    Shapes:  values   the values of the element that say so, when the test is no more than that
             codings  (system, code) of which none may stand there for the resource to be surely kept, and systems
                      whose codes may be spelled otherwise; None when the test asks for something else
             bare     the element is a list of Codings
    """

    test: Test
    why: Json
    hospital_only: bool
    element: str
    values: tuple[Any, ...]
    codings: tuple[frozenset[tuple[Any, Any]], frozenset[str]] | None
    bare: bool


def make_drops(mapping: Map) -> list[Drop]:
    return [_drop(mapping, spelled) for spelled in mapping.get("drop") or ()]


def _drop(mapping: Map, spelled: Json) -> Drop:
    tested = {path: condition for path, condition in spelled.items() if path not in ASIDE}
    text, condition = next(iter(tested.items()))
    plain = len(tested) == 1 and text.isidentifier() and not isinstance(condition, dict)
    values = tuple(condition if isinstance(condition, list) else [condition]) if plain else ()
    steps = parse_path(text, mapping.systems.uris).steps
    codings = _dropping(mapping, condition) if len(tested) == len(steps) == 1 and isinstance(condition, dict) else None
    own = spelled.get("own") is False
    bare = steps[0].pick == "all"
    return Drop(every_test(mapping, spelled), spelled["why"], own, steps[0].name, values, codings, bare)


def _dropping(mapping: Map, condition: Json) -> tuple[frozenset[tuple[Any, Any]], frozenset[str]] | None:
    if "coding" in condition:
        return frozenset(wanted_codings(mapping, condition["coding"])), frozenset()
    name = condition.get("table", condition.get("only"))
    if name is None:
        return None
    table = mapping.tables[name]
    words = condition.get("words")
    keys = (key for key, word in table.words.items() if words is None or word in words)
    return frozenset(keys), frozenset(table.loose)
