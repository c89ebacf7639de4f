"""Every search that finds something among resources at hand, and what it should find: by a plain look at each."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

from adapter.search import load_parameters


def searches(expected: list[dict[str, Any]]) -> Iterator[tuple[str, list[str]]]:
    """A search for every token and day there is, with what it should find, by a plain look at every resource."""
    for type_, named in load_parameters().items():
        here = [each for each in expected if each["resourceType"] == type_]
        for name, parameter in named.items():
            for text in sorted({told for each in here for told in told_by(each, parameter)}):
                ids = sorted(each["id"] for each in here if text in told_by(each, parameter))
                yield f"/fhir/{type_}?{name}={text}", ids


def told_by(resource: dict[str, Any], parameter: Any) -> set[str]:
    """What a resource could be searched by, written as a parameter's value."""
    values = [value for path in parameter.elements for value in walk(resource, path)]
    if parameter.kind == "token":
        return {text for value in values for text in tokens(value)}
    if parameter.kind == "date":
        return {value for value in values if isinstance(value, str) and len(value) == 10}
    return set()


def walk(value: Any, path: tuple[str, ...]) -> list[Any]:
    if isinstance(value, list):
        return list(itertools.chain.from_iterable(walk(item, path) for item in value))
    if not path:
        return [value]
    return walk(value[path[0]], path[1:]) if path[0] in value else []


def tokens(value: Any) -> list[str]:
    if isinstance(value, dict):
        codings = value.get("coding", [value])
        return [f"{coding.get('system', '')}|{coding.get('code') or coding.get('value')}" for coding in codings]
    return [f"|{value}" if isinstance(value, str) else str(value).lower()]
