"""The small paths that discriminators are written in, and the values they reach.

Takes from: validation.references.  Gives to: validation.discriminators.
Source: https://hl7.org/fhir/R4/profiling.html#discriminator
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from adapter.errors import Json
from adapter.validation.references import resolve

if TYPE_CHECKING:
    from adapter.validation.scope import Scope

_STEP = re.compile(r"(resolve|ofType|extension|as)\(\s*'?([^')]*)'?\s*\)|([A-Za-z$]\w*(?:\[x\])?)")


def parse_steps(path: str) -> list[tuple[str, str]]:
    """`code.coding.system` to names; a function keeps its argument. `$this` is no step."""
    found = [(function or name, argument) for function, argument, name in _STEP.findall(path)]
    return [step for step in found if step[0] != "$this"]


def values_at(item: Any, steps: list[tuple[str, str]], scope: Scope) -> list[Any]:
    return [value for value, _ in typed_values_at(item, steps, scope)]


def typed_values_at(item: Any, steps: list[tuple[str, str]], scope: Scope) -> list[tuple[Any, str]]:
    """The values a discriminator path reaches, each with the name of the member it stood in."""
    found: list[tuple[Any, str]] = [(item, "")]
    for name, argument in steps:
        found = [pair for value, _ in found if type(value) is dict for pair in _step(value, name, argument, scope)]
    return found


def _step(value: Json, name: str, argument: str, scope: Scope) -> Iterator[tuple[Any, str]]:
    if name == "resolve":
        if (target := resolve(value, scope)) is not None:
            yield target, ""
    elif name in ("ofType", "as"):
        yield value, ""
    elif name in value:
        listed = value[name] if type(value[name]) is list else [value[name]]
        if name == "extension" and argument:
            listed = [entry for entry in listed if type(entry) is dict and entry.get("url") == argument]
        yield from ((entry, name) for entry in listed)
    else:
        size = len(name)
        yield from ((v, key) for key, v in value.items() if key.startswith(name) and key[size : size + 1].isupper())
