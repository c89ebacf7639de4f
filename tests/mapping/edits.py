"""Resources as they may have grown since the registry wrote them, and cases after somebody worked on them."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from functools import cache
from random import Random
from typing import Any

from hypothesis import strategies as st

from adapter.case.fields import field_schema
from adapter.declaration import find_violations
from adapter.resource import dump_json, parse_json
from tests.mapping.rich_cases import one_word_each
from tests.sample_cases import make_case
from tests.strategies import cases

Json = dict[str, Any]
HOSPITAL = "https://hospital.invalid"


def with_more(resources: list[Json], chance: Random, *, deep: bool = True) -> list[Json]:
    """The same resources with what a hospital may well have beside: none of it is read by any rule.

    Shapes:  deep  inside the elements too that the registry wrote
    """
    made: list[Json] = parse_json(dump_json(resources))[0]
    for number, resource in enumerate(made):
        for place in _objects(resource) if deep else [resource]:
            if chance.random() < 0.3:
                place.setdefault("extension", []).append({"url": f"{HOSPITAL}/{number}", "valueCode": "x"})
        resource["meta"] = {**resource["meta"], "tag": [{"code": f"t{number}"}]}
        resource["text"] = {"status": "additional", "div": '<div xmlns="http://www.w3.org/1999/xhtml">…</div>'}
        if resource["resourceType"] != "Patient":
            resource["note"] = [{"text": f"note {number}"}]
        resource.setdefault("identifier", []).append({"system": f"{HOSPITAL}/id", "value": str(number)})
        if "coding" in resource.get("code", {}) and chance.random() < 0.5:
            resource["code"]["coding"].append({"system": f"{HOSPITAL}/codes", "code": f"C{number}"})
    return made


def _objects(value: Any) -> Iterator[Json]:
    if isinstance(value, dict):
        if "url" not in value:
            yield value
        for name, each in value.items():
            if name not in ("meta", "extension"):
                yield from _objects(each)
    elif isinstance(value, list):
        for each in value:
            yield from _objects(each)


def foreign(resource: Json) -> Json:
    """What stands at the top of a resource and no rule knows."""
    return {
        "tag": resource["meta"].get("tag"),
        "text": resource.get("text"),
        "note": resource.get("note"),
        "identifier": [each for each in resource.get("identifier", ()) if HOSPITAL in str(each.get("system"))],
        "extension": [each for each in resource.get("extension", ()) if HOSPITAL in each["url"]],
    }


@cache
def _words() -> tuple[Json, ...]:
    return (make_case(1), make_case(2), *one_word_each())


@st.composite
def edited(draw: st.DrawFn) -> tuple[Json, Json]:
    """A case, and the same case after somebody worked on it: fields and items changed, gone, come and moved."""
    before, chance = draw(cases()), draw(st.randoms(use_true_random=True))
    return before, _edited(before, chance)


def _edited(before: Json, chance: Random) -> Json:
    after = deepcopy(before)
    for other in chance.sample(_words(), 6):
        for name in sorted({*before, *other} - {"case_id"}):
            if chance.random() < (0.2 if name in before else 0.6):
                _edit(after, deepcopy(other), name, chance)
    for name in {str(each.pointer[0]) for each in find_violations("case", after)}:
        after[name] = before.get(name)
    return {name: value for name, value in after.items() if value not in ([], {}, None)}


def reworded(case: Json, chance: Random, fixed: frozenset[str]) -> Json:
    """The case with other words in the same places; the fields that identify an item stay.

    Shapes:  fixed  names of fields that stay
    """
    after = deepcopy(case)
    for name, value in after.items():
        for item in value if isinstance(value, list) else [value]:
            _reword(item, f"{name}[]" if isinstance(value, list) else name, chance, fixed)
    for name in {str(each.pointer[0]) for each in find_violations("case", after)}:
        after[name] = case[name]
    return after


def _reword(item: Any, field: str, chance: Random, fixed: frozenset[str]) -> None:
    for name, value in item.items() if isinstance(item, dict) else ():
        if isinstance(value, dict):
            _reword(value, f"{field}.{name}", chance, fixed)
        elif name not in fixed and chance.random() < 0.5:
            item[name] = _other(value, field_schema(f"{field}.{name}") or {}, chance)


def _other(value: Any, schema: Json, chance: Random) -> Any:
    if "const" in schema:
        return value
    if "enum" in schema:
        return chance.choice(schema["enum"])
    if isinstance(value, bool):
        return not value
    if isinstance(value, str):
        return "1999-02" if schema.get("format") == "partial-date" else value
    return max(schema.get("minimum", 0), min(value + 1, schema.get("maximum", value + 1)))


def _edit(after: Json, other: Json, name: str, chance: Random) -> None:
    mine, theirs = after.get(name), other.get(name)
    if isinstance(mine or theirs, list):
        after[name] = _edited_items(chance, mine or [], theirs or [])
    elif isinstance(mine, dict) and isinstance(theirs, dict) and chance.random() < 0.8:
        after[name] = {**mine, **theirs}
    elif theirs is not None:
        after[name] = theirs
    elif name not in ("patient", "diagnosis"):
        after.pop(name, None)


def _edited_items(chance: Random, mine: list[Json], others: list[Json]) -> list[Json]:
    kept = [each for each in mine if chance.random() < 0.9]
    for number, item in enumerate(kept):
        if others and chance.random() < 0.5:
            some = {name: value for name, value in chance.choice(others).items() if chance.random() < 0.5}
            kept[number] = {name: value for name, value in {**item, **some}.items() if chance.random() < 0.9}
    if chance.random() < 0.3:
        kept += others[:1]
    if chance.random() < 0.2:
        chance.shuffle(kept)
    return kept
