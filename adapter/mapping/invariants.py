"""What must hold of every resource that a map takes, as its `check` says: told when it does not.

Takes from: bundle, mapping.select, mapping.rules.  Gives to: mapping.engine.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cached_property
from typing import Any

from adapter.bundle import resources_of
from adapter.errors import Issue, Json
from adapter.mapping.rules import Language, Map
from adapter.mapping.select import Test, every_test

Invariant = tuple[Test | None, Test, int, Json]


class Invariants:
    """Every `check` of a folder; the tests are made when the first Bundle asks."""

    def __init__(self, language: Language) -> None:
        self.maps = [mapping for mapping in language.maps if mapping.get("check")]

    def __getstate__(self) -> dict[str, Any]:
        return {"maps": self.maps}

    @cached_property
    def _tests(self) -> dict[str, list[Invariant]]:
        return {mapping.name: list(_invariants(mapping)) for mapping in self.maps}

    def broken(self, bundle: Json, map_of: Callable[[Json], Map | None]) -> Iterator[Issue]:
        """One issue an invariant that a resource breaks; nothing is asked where no map declares any."""
        for number, resource in resources_of(bundle) if self.maps else ():
            mapping = map_of(resource)
            for when, then, position, spelled in self._tests.get(mapping.name, ()) if mapping else ():
                if (when is None or when(resource)) and not then(resource) and mapping:
                    yield _issue(mapping, number, position, spelled)


def _invariants(mapping: Map) -> Iterator[Invariant]:
    for position, spelled in enumerate(mapping.get("check")):
        when = every_test(mapping, spelled["when"]) if "when" in spelled else None
        yield when, every_test(mapping, spelled["then"]), position, spelled


def _issue(mapping: Map, number: int, position: int, spelled: Json) -> Issue:
    element = next(iter(spelled["then"])).partition("[")[0]
    return Issue(
        spelled.get("severity", "warning"),
        "invariant",
        f"Bundle.entry[{number}].resource.{element}",
        f"mapping:check:{mapping.name}.{spelled['id']}",
        spelled["why"]["en"],
        "mapping",
        origin=f"{mapping.file.name}:{mapping.file.line(('check', position))}",
        text_fr=spelled["why"]["fr"],
    )
