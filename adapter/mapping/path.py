"""Paths of the mapping language: where a value stands in a resource or in a case.

    code.coding                member of a member
    bodySite[0]                first of a list, the only one written
    component[code=crmo-observation|lesion-active]   the list entry whose `code` has this coding
    identifier[case].value     the list entry whose `system` (for extensions: `url`) is that of the short name
    coding[other]              the first list entry no slice of the same list claims
    series[*].modality         every entry; only read
    medicationReference.resolve().code   what a reference points at; only read

Takes from: canonical.  Gives to: mapping.language and the rooms that compile it.
Source: https://hl7.org/fhirpath/ (a small, named part of it)
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import takewhile
from typing import Literal

from adapter.canonical import BASE, code_system, extension
from adapter.errors import Json

Pick = Literal["one", "first", "slice", "other", "all", "each", "resolve"]

_STEP = re.compile(r"(?P<name>[A-Za-z_]\w*)(?P<call>\(\))?(?:\[(?P<pick>[^\]]*)\])?(?:\.|\Z)")


@dataclass(frozen=True)
class Step:
    """One step down. `key` and `value` name the slice: the entry whose member `key` equals `value`."""

    name: str
    pick: Pick = "one"
    key: str = ""
    value: str = ""

    @property
    def discriminator(self) -> str | Json:
        """What the member `key` of the entry is: a text, or a CodeableConcept when told as system|code."""
        system, bar, code = self.value.partition("|")
        return {"coding": [{"system": system, "code": code}]} if bar else self.value

    @cached_property
    def coded(self) -> tuple[str, str] | None:
        """(system, code) when the entry is told by a coding."""
        system, bar, code = self.value.partition("|")
        return (system, code) if bar else None

    def claims(self, entry: Json) -> bool:
        """Whether a list entry is of this slice."""
        found = entry.get(self.key)
        if self.coded is None:
            return bool(found == self.value)
        system, code = self.coded
        for each in found.get("coding", ()) if isinstance(found, dict) else ():
            if each.get("code") == code and each.get("system") == system:
                return True
        return False

    def __str__(self) -> str:
        marks = {"one": "", "first": "[0]", "other": "[other]", "all": "[*]", "each": "[]", "resolve": ""}
        if self.pick == "slice" and "|" in self.value:
            return f"{self.name}.where({self.key}.coding.code = '{self.value.partition('|')[2]}')"
        if self.pick == "slice":
            return f"{self.name}.where({self.key} = '{self.value}')"
        return "resolve()" if self.pick == "resolve" else self.name + marks[self.pick]


@dataclass(frozen=True)
class Path:
    steps: tuple[Step, ...] = ()

    def __add__(self, other: Path) -> Path:
        return Path(self.steps + other.steps)

    def __str__(self) -> str:
        return ".".join(map(str, self.steps)) or "$this"

    @cached_property
    def lazy(self) -> bool:
        """Read only when asked for: it fans out over a list or follows a reference."""
        return any(step.pick in ("all", "resolve") for step in self.steps)

    @cached_property
    def reach(self) -> Path:
        """Down to where the path fans out or leaves the resource: where an issue points."""
        steps = tuple(takewhile(lambda step: step.pick not in ("all", "resolve"), self.steps))
        return Path(steps or (Step(self.steps[0].name),))

    @cached_property
    def fhirpath(self) -> str:
        return re.sub(r"\[(\*|other|)\]", "", str(self))


HERE = Path()


class PathError(ValueError):
    """The text is no path; the message says what is wrong with it."""

    code = "P003"


class UnknownSystemError(PathError):
    """Nobody declared this short name of a code system."""

    code = "T007"


def parse_path(text: str, systems: dict[str, str]) -> Path:
    """Shapes:  systems  short name -> URI, for slices on `coding[...]`
    Errors:  PathError
    """
    steps, at = [], 0
    while text not in ("", ".") and at < len(text):
        match = _STEP.match(text, at)
        if not match:
            raise PathError(f"not a path from character {at + 1}: '{text}'")
        steps.append(_step(match["name"], match["pick"], match["call"], systems))
        at = match.end()
    return _shared(Path(tuple(steps)))


@lru_cache(maxsize=4096)
def _shared(path: Path) -> Path:
    """One object for equal paths: what each knows of itself is found out once."""
    return path


def _step(name: str, pick: str | None, call: str | None, systems: dict[str, str]) -> Step:
    if call:
        if name != "resolve" or pick is not None:
            raise PathError(f"the only function in a path is resolve(), not '{name}()'")
        return Step("resolve", "resolve")
    plain: dict[str | None, Pick] = {None: "one", "": "each", "0": "first", "*": "all", "other": "other"}
    if pick in plain:
        return Step(name, plain[pick])
    return _slice(name, str(pick), systems)


def _slice(name: str, pick: str, systems: dict[str, str]) -> Step:
    if "=" in pick:
        key, value = pick.split("=", 1)
        system, bar, code = value.partition("|")
        return Step(name, "slice", key, f"{system_uri(system, systems)}|{code}" if bar else value)
    if name == "extension":
        return Step(name, "slice", "url", pick if ":" in pick else extension(pick))
    if name == "identifier":
        return Step(name, "slice", "system", pick if ":" in pick else f"{BASE}/identifier/{pick}")
    return Step(name, "slice", "system", system_uri(pick, systems))


def system_uri(name: str, systems: dict[str, str]) -> str:
    """URI of a code system by its short name; `crmo-…` are the registry's own.

    Errors:  UnknownSystemError
    """
    if ":" in name:
        return name
    if name.startswith("crmo-"):
        return code_system(name)
    if name not in systems:
        raise UnknownSystemError(f"no code system is called '{name}' in systems.yaml")
    return systems[name]
