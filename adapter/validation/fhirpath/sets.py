"""The functions over collections, and those that answer about one.

Takes from: validation.fhirpath.registry, .items.  Gives to: validation.fhirpath.functions.
Source: http://hl7.org/fhirpath/N1/#functions
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from adapter.validation.fhirpath.grammar import FhirPathError
from adapter.validation.fhirpath.items import Date, Item, Items, children, descendants, same
from adapter.validation.fhirpath.registry import Around, Code, Maker, registering, simple, truth

SETS: dict[str, Maker] = {}
_function = registering(SETS)


def _each(code: Code, focus: Items, around: Around) -> list[Items]:
    return [code([item], around.inside(item, index)) for index, item in enumerate(focus)]


def _kept(code: Code, focus: Items, around: Around) -> Items:
    answers = _each(code, focus, around)
    return [item for item, answer in zip(focus, answers, strict=True) if truth(answer)]


def _distinct(focus: Items) -> Items:
    found: Items = []
    seen: set[Any] = set()
    for item in focus:
        value = item.value
        if type(value) is str:
            if value in seen:
                continue
            seen.add(value)
        elif any(same(item, kept) for kept in found):
            continue
        found.append(item)
    return found


def _negated(focus: Items) -> bool | None:
    found = truth(focus)
    return None if found is None else not found


def _present(focus: Items) -> bool:
    return len(focus) == 1 and focus[0].value is not None and type(focus[0].value) is not dict


def _single(focus: Items) -> Items:
    if len(focus) > 1:
        raise FhirPathError("single() on several values")
    return focus


_SIMPLE: dict[str, Callable[[Items], Any]] = {
    "empty": lambda focus: not focus,
    "count": len,
    "first": lambda focus: focus[:1],
    "last": lambda focus: focus[-1:],
    "tail": lambda focus: focus[1:],
    "single": _single,
    "distinct": _distinct,
    "isDistinct": lambda focus: len(_distinct(focus)) == len(focus),
    "not": _negated,
    "allTrue": lambda focus: all(item.value is True for item in focus),
    "anyTrue": lambda focus: any(item.value is True for item in focus),
    "allFalse": lambda focus: all(item.value is False for item in focus),
    "anyFalse": lambda focus: any(item.value is False for item in focus),
    "children": lambda focus: [child for item in focus for child in children(item)],
    "descendants": descendants,
    "hasValue": _present,
    "getValue": lambda focus: [item for item in focus if _present([item])],
    "today": lambda focus: Date(datetime.now(UTC).date().isoformat()),
    "now": lambda focus: Date(datetime.now(UTC).isoformat(timespec="seconds")),
    "htmlChecks": lambda focus: True,
    "htmlChecks2": lambda focus: True,
}
SETS.update({name: simple(compute) for name, compute in _SIMPLE.items()})


@_function("exists")
def _make_exists(test: Code | None = None) -> Code:
    if test is None:
        return lambda focus, around: [Item(bool(focus))]
    return lambda focus, around: [Item(bool(_kept(test, focus, around)))]


@_function("all")
def _make_all(test: Code) -> Code:
    return lambda focus, around: [Item(all(truth(answer) for answer in _each(test, focus, around)))]


@_function("where")
def _make_where(test: Code) -> Code:
    return lambda focus, around: _kept(test, focus, around)


@_function("select")
def _make_select(code: Code) -> Code:
    return lambda focus, around: [item for answer in _each(code, focus, around) for item in answer]


@_function("repeat")
def _make_repeat(code: Code) -> Code:
    def run(focus: Items, around: Around) -> Items:
        found: Items = []
        fresh, seen = list(focus), set[int]()
        while fresh:
            fresh = [i for answer in _each(code, fresh, around) for i in answer if id(i.value) not in seen]
            seen.update(id(item.value) for item in fresh)
            found += fresh
        return found

    return run


@_function("aggregate")
def _make_aggregate(code: Code, start: Code | None = None) -> Code:
    def run(focus: Items, around: Around) -> Items:
        total = start(focus, around) if start else []
        for index, item in enumerate(focus):
            inner = around.inside(item, index)
            inner.total = total
            total = code([item], inner)
        return total

    return run


@_function("iif")
def _make_iif(test: Code, yes: Code, no: Code | None = None) -> Code:
    def run(focus: Items, around: Around) -> Items:
        chosen = yes if truth(test(focus, around)) else no
        return chosen(focus, around) if chosen else []

    return run


@_function("trace")
def _make_trace(*_: Code) -> Code:
    return lambda focus, around: focus


# The evaluation makes these itself; they are named here to be known.
SETS.update(dict.fromkeys(("ofType", "as", "is"), _make_trace))


def _with_other(join: Callable[[Items, Items], Items]) -> Maker:
    def maker(other: Code) -> Code:
        return lambda focus, around: join(focus, other(around.this, around))

    return maker


def _in(item: Item, items: Items) -> bool:
    return any(same(item, other) for other in items)


SETS["union"] = _with_other(lambda a, b: _distinct(a + b))
SETS["combine"] = _with_other(lambda a, b: a + b)
SETS["intersect"] = _with_other(lambda a, b: _distinct([item for item in a if _in(item, b)]))
SETS["exclude"] = _with_other(lambda a, b: [item for item in a if not _in(item, b)])
SETS["subsetOf"] = _with_other(lambda a, b: [Item(all(_in(item, b) for item in a))])
SETS["supersetOf"] = _with_other(lambda a, b: [Item(all(_in(item, a) for item in b))])
SETS["skip"] = _with_other(lambda a, b: a[b[0].value :] if b else a)
SETS["take"] = _with_other(lambda a, b: a[: b[0].value] if b else [])
