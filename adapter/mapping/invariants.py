"""What must hold of every resource that a map takes, as its `check` says: told when it does not.

Takes from: mapping.select, mapping.path, mapping.rules.  Gives to: mapping.intake, mapping.select, mapping.shortcut.
"""

from __future__ import annotations

from functools import cached_property

from adapter.errors import Issue, Json
from adapter.mapping.path import parse_path
from adapter.mapping.rules import Map
from adapter.mapping.select import Test, every_test


class Invariant:
    """One entry of `check`.

    Shapes:  needs  elements without which there is nothing to ask
    """

    def __init__(self, mapping: Map, position: int) -> None:
        self._mapping, self._position = mapping, position
        asked = self._spelled.get("when", {})
        needed = (text for text, condition in asked.items() if not _holds_of_nothing(condition))
        self.needs = tuple(dict.fromkeys(parse_path(text, mapping.systems.uris).steps[0].name for text in needed))

    @property
    def _spelled(self) -> Json:
        spelled: Json = self._mapping.get("check")[self._position]
        return spelled

    @cached_property
    def _tests(self) -> tuple[Test | None, Test]:
        when = every_test(self._mapping, self._spelled["when"]) if "when" in self._spelled else None
        return when, every_test(self._mapping, self._spelled["then"])

    def __getstate__(self) -> Json:
        return {name: value for name, value in self.__dict__.items() if name != "_tests"}

    def broken(self, resource: Json) -> bool:
        when, then = self._tests
        return (when is None or when(resource)) and not then(resource)

    def issue(self, number: int) -> Issue:
        """Shapes:  number  of the Bundle's entry"""
        spelled, mapping = self._spelled, self._mapping
        element = next(iter(spelled["then"])).partition("[")[0]
        return Issue(
            spelled.get("severity", "warning"),
            "invariant",
            f"Bundle.entry[{number}].resource.{element}",
            f"mapping:check:{mapping.name}.{spelled['id']}",
            spelled["why"]["en"],
            "mapping",
            origin=f"{mapping.file.name}:{mapping.file.line(('check', self._position))}",
            text_fr=spelled["why"]["fr"],
        )


def make_invariants(mapping: Map) -> list[Invariant]:
    return [Invariant(mapping, position) for position in range(len(mapping.get("check") or ()))]


def _holds_of_nothing(condition: object) -> bool:
    """Whether a condition holds where the element is not there."""
    return isinstance(condition, dict) and ("no-system" in condition or condition.get("present") is False)
