"""Which resources of its own type a map leaves out before any rule: the conditions of `drop`.

Takes from: mapping.select, mapping.path.  Gives to: mapping.reader, shortcut, intake, run, checks.
"""

from __future__ import annotations

from functools import cached_property
from typing import Any

from adapter.errors import Json
from adapter.mapping.path import parse_path
from adapter.mapping.rules import Map
from adapter.mapping.select import ASIDE, Test, every_test, wanted_codings


class Drop:
    """A reason to leave a resource out. `why` is in English and French; `element` must be there for the test.

    Shapes:  values   the values of the element that say so, when the test is no more than that
             codings  (system, code) of which none may stand there for the resource to be surely kept, and systems
                      whose codes may be spelled otherwise; None when the test asks for something else
             bare     the element is a list of Codings
    """

    def __init__(self, mapping: Map, spelled: Json) -> None:
        self._mapping, self._spelled = mapping, spelled
        tested = {path: condition for path, condition in spelled.items() if path not in ASIDE}
        text, condition = next(iter(tested.items()))
        steps = parse_path(text, mapping.systems.uris).steps
        plain = len(tested) == 1 and text.isidentifier() and not isinstance(condition, dict)
        coded = len(tested) == len(steps) == 1 and isinstance(condition, dict)
        self.why: Json = spelled["why"]
        self.hospital_only = spelled.get("own") is False
        self.element = steps[0].name
        self.values: tuple[Any, ...] = tuple(condition if isinstance(condition, list) else [condition]) if plain else ()
        self.codings = _dropping(mapping, condition) if coded else None
        self.bare = steps[0].pick == "all"

    @cached_property
    def _test(self) -> Test:
        return every_test(self._mapping, self._spelled)

    def test(self, resource: Json) -> bool:
        """Whether a resource is dropped."""
        return self._test(resource)

    def __getstate__(self) -> Json:
        return {name: value for name, value in self.__dict__.items() if name != "_test"}


def make_drops(mapping: Map) -> list[Drop]:
    return [Drop(mapping, spelled) for spelled in mapping.get("drop") or ()]


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
