"""The functions of FHIRPath and those that FHIR adds, each made from the code of its arguments.

Takes from: validation.fhirpath.items, validation.references.  Gives to: validation.fhirpath.evaluation.
Source: http://hl7.org/fhirpath/N1/#functions, https://hl7.org/fhir/R4/fhirpath.html#functions
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timezone
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

from adapter.validation.fhirpath.grammar import FhirPathError
from adapter.validation.fhirpath.items import Date, Item, Items, children, descendants, members, same
from adapter.validation.references import resolve

if TYPE_CHECKING:
    from adapter.validation.scope import Scope

_MAX_MATCHED = 20_000


class Around:
    """What an expression can see besides its focus."""

    __slots__ = ("context", "index", "scope", "this", "total")

    def __init__(self, context: Items, scope: Scope) -> None:
        self.context, self.scope, self.this = context, scope, context
        self.index = 0
        self.total: Items = []

    def inside(self, item: Item, index: int) -> Around:
        around = Around(self.context, self.scope)
        around.this, around.index, around.total = [item], index, self.total
        return around

    def variable(self, name: str) -> Items:
        if name in ("resource", "rootResource"):
            value = self.scope.resource if name == "resource" else self.scope.root
            return [Item(value, str(value.get("resourceType", "")))]
        if name == "context":
            return self.context
        if name in _URLS:
            return [Item(_URLS[name])]
        if name.startswith("vs-"):
            return [Item("http://hl7.org/fhir/ValueSet/" + name[3:])]
        if name.startswith("ext-"):
            return [Item("http://hl7.org/fhir/StructureDefinition/" + name[4:])]
        raise FhirPathError(f"unknown variable {name}")


_URLS = {"sct": "http://snomed.info/sct", "loinc": "http://loinc.org", "ucum": "http://unitsofmeasure.org"}

Code = Callable[[Items, Around], Items]
Maker = Callable[..., Code]
FUNCTIONS: dict[str, Maker] = {}


def truth(items: Items) -> bool | None:
    """A collection as a boolean: empty is neither, one value that is no boolean is true."""
    if not items:
        return None
    if len(items) > 1:
        raise FhirPathError("several values where a boolean is meant")
    value = items[0].value
    return value if type(value) is bool else True


def _function(name: str) -> Callable[[Maker], Maker]:
    def keep(maker: Maker) -> Maker:
        FUNCTIONS[name] = maker
        return maker

    return keep


def _each(code: Code, focus: Items, around: Around) -> list[Items]:
    return [code([item], around.inside(item, index)) for index, item in enumerate(focus)]


def _kept(code: Code, focus: Items, around: Around) -> Items:
    answers = _each(code, focus, around)
    return [item for item, answer in zip(focus, answers, strict=True) if truth(answer)]


def _simple(name: str, compute: Callable[[Items], Any]) -> None:
    def maker() -> Code:
        return lambda focus, around: _as_items(compute(focus))

    FUNCTIONS[name] = maker


def _as_items(value: Any) -> Items:
    if value is None:
        return []
    return value if isinstance(value, list) else [Item(value)]


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


for _name, _compute in {
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
    "today": lambda focus: Date(datetime.now(timezone.utc).date().isoformat()),
    "now": lambda focus: Date(datetime.now(timezone.utc).isoformat(timespec="seconds")),
    "htmlChecks": lambda focus: True,
    "htmlChecks2": lambda focus: True,
}.items():
    _simple(_name, _compute)


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


for _name in ("ofType", "as", "is"):
    FUNCTIONS[_name] = _make_trace  # the evaluation makes these itself; they are named here to be known


def _with_other(join: Callable[[Items, Items], Items]) -> Maker:
    def maker(other: Code) -> Code:
        return lambda focus, around: join(focus, other(around.this, around))

    return maker


def _in(item: Item, items: Items) -> bool:
    return any(same(item, other) for other in items)


FUNCTIONS["union"] = _with_other(lambda a, b: _distinct(a + b))
FUNCTIONS["combine"] = _with_other(lambda a, b: a + b)
FUNCTIONS["intersect"] = _with_other(lambda a, b: _distinct([item for item in a if _in(item, b)]))
FUNCTIONS["exclude"] = _with_other(lambda a, b: [item for item in a if not _in(item, b)])
FUNCTIONS["subsetOf"] = _with_other(lambda a, b: [Item(all(_in(item, b) for item in a))])
FUNCTIONS["supersetOf"] = _with_other(lambda a, b: [Item(all(_in(item, a) for item in b))])
FUNCTIONS["skip"] = _with_other(lambda a, b: a[b[0].value :] if b else a)
FUNCTIONS["take"] = _with_other(lambda a, b: a[: b[0].value] if b else [])


def _text(items: Items) -> str | None:
    if len(items) > 1:
        raise FhirPathError("one text is expected")
    if not items:
        return None
    value = items[0].value
    return value if isinstance(value, str) else None


def _of_text(name: str, compute: Callable[..., Any]) -> None:
    """A function of one text, and of texts and numbers given to it; empty when any of them is."""

    def maker(*arguments: Code) -> Code:
        def run(focus: Items, around: Around) -> Items:
            text = _text(focus)
            given = [argument(around.this, around) for argument in arguments]
            if text is None or not all(given):
                return []
            return _as_items(compute(text, *[items[0].value for items in given]))

        return run

    FUNCTIONS[name] = maker


def _matches(text: str, pattern: str) -> bool:
    if len(text) > _MAX_MATCHED:
        raise FhirPathError("too long a text to match")
    return re.search(_python_pattern(pattern), text, re.DOTALL) is not None


def _python_pattern(pattern: str) -> str:
    try:
        re.compile(pattern)
    except re.error:
        raise FhirPathError("a pattern that Python does not read") from None
    return pattern


for _name, _compute in {
    "startsWith": str.startswith,
    "endsWith": str.endswith,
    "contains": lambda text, part: part in text,
    "indexOf": str.find,
    "substring": lambda text, start, size=None: (
        (text[start:] if size is None else text[start : start + size]) if 0 <= start < len(text) else None
    ),
    "upper": str.upper,
    "lower": str.lower,
    "trim": str.strip,
    "length": len,
    "replace": str.replace,
    "matches": _matches,
    "matchesFull": lambda text, pattern: _matches(text, f"^(?:{pattern})$"),
    "replaceMatches": lambda text, pattern, new: re.sub(_python_pattern(pattern), new, text),
    "toChars": lambda text: [Item(sign) for sign in text],
    "split": lambda text, mark: [Item(part) for part in text.split(mark)],
}.items():
    _of_text(_name, _compute)


@_function("join")
def _make_join(mark: Code | None = None) -> Code:
    def run(focus: Items, around: Around) -> Items:
        between = _text(mark(around.this, around)) if mark else ""
        return [Item((between or "").join(str(item.value) for item in focus))] if focus else []

    return run


def _number(value: Any, kind: Callable[[str], Any]) -> Any:
    try:
        return kind(str(int(value)) if isinstance(value, bool) else str(value))
    except (ValueError, InvalidOperation):
        return None


def _boolean(value: Any) -> bool | None:
    text = str(value).lower()
    return (
        True
        if text in ("true", "t", "yes", "y", "1", "1.0")
        else False
        if text in ("false", "f", "no", "n", "0", "0.0")
        else None
    )


def _written(value: Any) -> str | None:
    return None if isinstance(value, (dict, list)) else str(value).lower() if isinstance(value, bool) else str(value)


for _kind, _convert in {
    "Integer": lambda value: _number(value, int),
    "Decimal": lambda value: _number(value, Decimal),
    "String": _written,
    "Boolean": _boolean,
    "Date": lambda value: Date(str(value)[:10]),
    "DateTime": lambda value: Date(str(value)),
    "Time": str,
    "Quantity": lambda value: value if isinstance(value, dict) else {"value": value, "unit": "1"},
}.items():
    _simple("to" + _kind, lambda focus, convert=_convert: convert(focus[0].value) if len(focus) == 1 else None)
    _simple(
        "convertsTo" + _kind, lambda focus, convert=_convert: convert(focus[0].value) is not None if focus else None
    )


for _name, _compute in {
    "abs": abs,
    "ceiling": lambda value: -int(-value // 1),
    "floor": lambda value: int(value // 1),
    "truncate": int,
    "round": lambda value: round(value),
}.items():
    _simple(_name, lambda focus, compute=_compute: compute(focus[0].value) if focus else None)


@_function("extension")
def _make_extension(url: Code) -> Code:
    def run(focus: Items, around: Around) -> Items:
        wanted = _text(url(around.this, around))
        listed = [entry for item in focus for entry in members(item, "extension")]
        return [entry for entry in listed if type(entry.value) is dict and entry.value.get("url") == wanted]

    return run


@_function("resolve")
def _make_resolve() -> Code:
    def run(focus: Items, around: Around) -> Items:
        found = (resolve(item.value, around.scope) for item in focus)
        return [Item(target, str(target.get("resourceType", ""))) for target in found if target is not None]

    return run


@_function("memberOf")
def _make_member_of(value_set: Code) -> Code:
    def run(focus: Items, around: Around) -> Items:
        canonical = _text(value_set(around.this, around))
        if not focus or canonical is None:
            return []
        return [Item(_is_member(focus[0].value, canonical, around.scope))]

    return run


def _is_member(value: Any, canonical: str, scope: Scope) -> bool:
    members_ = scope.compiler.terminology.expand(canonical)
    if members_ is None:
        raise FhirPathError("the value set is not loaded")
    if type(value) is not dict:
        answers = [members_.has(None, str(value))]
    else:
        codings = value.get("coding", [value])
        answers = [members_.has(c.get("system", ""), str(c.get("code", ""))) for c in codings if type(c) is dict]
    if True not in answers and None in answers:
        raise FhirPathError("the value set cannot be decided here")
    return True in answers


@_function("conformsTo")
def _make_conforms_to(profile: Code) -> Code:
    def run(focus: Items, around: Around) -> Items:
        from adapter.validation.discriminators import conforms  # noqa: PLC0415

        canonical = _text(profile(around.this, around))
        if not focus or canonical is None:
            return []
        compiler = around.scope.compiler
        if not compiler.definitions.has("StructureDefinition", canonical):
            raise FhirPathError("the profile is not loaded")
        return [Item(conforms(compiler, focus[0].value, canonical, around.scope))]

    return run
