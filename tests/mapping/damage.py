"""Records as they should not be: one thing taken away, replaced, or put in front, at every place in turn."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from copy import deepcopy
from typing import Any

Json = dict[str, Any]
# What a resource is, and what the server owns, stays.
KEPT = ("resourceType", "meta")
FOREIGN = {"system": "urn:x-foreign", "code": "zz"}


def damaged(resource: Json) -> Iterator[Json]:
    for at, value in _places(resource):
        if at[0] in KEPT:
            continue
        yield _changed(resource, at, lambda holder, key: holder.__delitem__(key))
        if isinstance(value, str):
            yield _changed(resource, at, lambda holder, key: holder.__setitem__(key, "zz"))
        if isinstance(value, list) and value and isinstance(value[0], dict):
            yield _changed(resource, at, lambda holder, key: holder.__setitem__(key, []))
            yield _changed(resource, at, lambda holder, key: holder[key].insert(0, dict(FOREIGN)))


def _places(value: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], Any]]:
    """The members of objects, however deep."""
    if isinstance(value, dict):
        for name, each in value.items():
            yield (*at, name), each
            yield from _places(each, (*at, name))
    elif isinstance(value, list):
        for number, each in enumerate(value):
            yield from _places(each, (*at, number))


def _changed(resource: Json, at: tuple[Any, ...], change: Callable[[Any, Any], None]) -> Json:
    made = deepcopy(resource)
    holder: Any = made
    for part in at[:-1]:
        holder = holder[part]
    change(holder, at[-1])
    return made


def shape(value: Any) -> Any:
    """What a resource looks like without its values: two of one shape need not both be damaged."""
    if isinstance(value, dict):
        return tuple(sorted((name, shape(each)) for name, each in value.items() if name not in ("id", *KEPT)))
    if isinstance(value, list):
        return tuple(shape(each) for each in value[:2])
    return type(value).__name__
