"""The declared search parameters, and what a resource is found by.

Takes from: dates, declaration.  Gives to: asking, store, registry, web.
Source: https://hl7.org/fhir/R4/search.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any, Literal

from adapter.dates import parse_date
from adapter.declaration import load_declaration
from adapter.errors import Json

FILE = Path(__file__).with_name("search-parameters.yaml")
_LONGEST = 200

Kind = Literal["token", "date", "reference", "quantity"]


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing a resource can be found by: a token, a span of days, or a number with its unit as the code."""

    parameter: str
    system: str | None = None
    code: str | None = None
    low: date | None = None
    high: date | None = None
    number: float | None = None


@dataclass(frozen=True)
class Parameter:
    """Shapes:  elements  paths below the resource, each a tuple of element names"""

    name: str
    kind: Kind
    elements: tuple[tuple[str, ...], ...]


@cache
def load_parameters() -> Mapping[str, Mapping[str, Parameter]]:
    """Type -> name -> parameter.  Errors:  DeclarationError"""
    declared = load_declaration(FILE, "search-parameters").data["types"]
    return {
        type_: {
            name: Parameter(name, each["type"], tuple(tuple(path.split(".")) for path in each["elements"]))
            for name, each in named.items()
        }
        for type_, named in declared.items()
    }


def index_of(resource: Json) -> list[Entry]:
    """What a resource is found by."""
    named = load_parameters().get(resource["resourceType"], {})
    found = (
        entry
        for parameter in named.values()
        for path in parameter.elements
        for value in _values(resource, path)
        for entry in _ENTRIES[parameter.kind](parameter.name, value)
    )
    return list(dict.fromkeys(found))


def _values(value: Any, path: tuple[str, ...]) -> Iterator[Any]:
    if isinstance(value, list):
        for item in value:
            yield from _values(item, path)
    elif not path:
        yield value
    elif isinstance(value, dict) and path[0] in value:
        yield from _values(value[path[0]], path[1:])


def _tokens(name: str, value: Any) -> Iterator[Entry]:
    """A code, a boolean, a Coding, a CodeableConcept or an Identifier."""
    if isinstance(value, bool):
        yield Entry(name, code="true" if value else "false")
    elif isinstance(value, str):
        yield Entry(name, code=value[:_LONGEST])
    elif isinstance(value, dict) and "coding" in value:
        for coding in value["coding"]:
            yield from _tokens(name, coding)
    elif isinstance(value, dict) and (code := value.get("code") or value.get("value")):
        yield Entry(name, system=value.get("system"), code=str(code)[:_LONGEST])


def _days(name: str, value: Any) -> Iterator[Entry]:
    """A date of any precision, or a Period; an open end lasts for ever."""
    told = value if isinstance(value, dict) else {"start": value, "end": value}
    start = parse_date(told["start"]) if "start" in told else None
    end = parse_date(told["end"]) if "end" in told else None
    if start or end:
        yield Entry(name, low=start.low if start else date.min, high=end.high if end else date.max)


def _references(name: str, value: Any) -> Iterator[Entry]:
    target = value.get("reference") if isinstance(value, dict) else None
    if isinstance(target, str):
        yield Entry(name, code=target.split("/_history/")[0][:_LONGEST])


def _quantities(name: str, value: Any) -> Iterator[Entry]:
    if isinstance(value, dict) and "value" in value:
        yield Entry(name, system=value.get("system"), code=value.get("code"), number=float(value["value"]))


_ENTRIES = {"token": _tokens, "date": _days, "reference": _references, "quantity": _quantities}
