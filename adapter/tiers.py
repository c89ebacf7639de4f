"""What an error in a received resource costs: the entry, a field of the case, or nothing.

Declared per element and rule of our profiles (profiles/tiers.yaml), so that a clinician can say which flaw matters.

Takes from: declaration.  Gives to: admission.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from adapter.declaration import load_declaration
from adapter.errors import Json

FILE = "tiers.yaml"
_INDEX = re.compile(r"\[\d+\]")


@dataclass(frozen=True)
class Tier:
    """Shapes:  blocks  the entry is refused
    fields  registry fields that stay empty
    """

    blocks: bool
    fields: tuple[str, ...]


COSTS_NOTHING = Tier(False, ())


class Tiers:
    """Tiers by profile.

    Elements are looked up by plain names: a slice of a profile is a place that its URL or code tells, not its name.
    """

    def __init__(self, profiles: Mapping[str, Json]) -> None:
        self._elements = {
            name: {element: _tier(tier) for element, tier in declared["elements"].items() if ":" not in element}
            for name, declared in profiles.items()
        }
        self._rules = {
            name: {rule: _tier(tier) for rule, tier in declared["rules"].items()} for name, declared in profiles.items()
        }

    def of(self, profile: str, expression: str, rule: str) -> Tier:
        """The tier of an error at a FHIRPath that starts with the resource's type.

        Shapes:  rule  as in Issue.rule; an invariant is "invariant:<key>"
        """
        if tier := self._rules.get(profile, {}).get(rule.removeprefix("invariant:")):
            return tier
        path = _INDEX.sub("", expression)
        leading = (name for name in self._elements.get(profile, {}) if _leads_to(name, path))
        name = max(leading, key=len, default=None)
        return COSTS_NOTHING if name is None else self._elements[profile][name]


def _leads_to(element: str, path: str) -> bool:
    if element.endswith("[x]"):
        return path.startswith(element.removesuffix("[x]"))
    return path == element or path.startswith(f"{element}.")


def _tier(spelled: Json) -> Tier:
    return Tier(spelled["tier"] == "blocks", tuple(spelled["fields"]))


@cache
def load_tiers(folder: Path) -> Tiers:
    """The tiers of a folder of profiles; a folder without any costs nothing anywhere.

    Errors:  DeclarationError
    """
    file = folder / FILE
    return Tiers(load_declaration(file, "tiers").data["profiles"]) if file.is_file() else Tiers({})
