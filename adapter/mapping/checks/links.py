"""X, I, R, F, M: do the names that files say to each other exist, and does each thing have one name?

Takes from: mapping.checks.survey.  Gives to: mapping.check.
Source: https://hl7.org/fhir/R4/datatypes.html#id, https://hl7.org/fhir/R4/references.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from adapter.declaration import Declaration, Pointer
from adapter.errors import Json
from adapter.mapping.checks.elements import Element, MissError
from adapter.mapping.checks.pairs import Pair, item_field, schema_of, tell_map
from adapter.mapping.checks.survey import Survey
from adapter.mapping.path import PathError, parse_path
from adapter.mapping.rules import CASE_ID_LENGTH, Map
from adapter.mapping.spelling import did_you_mean

_LONGEST_NUMBER = len("1000")
_ENDING = re.compile(r"[A-Za-z0-9.\-]*\Z")


def check_links(survey: Survey) -> Iterator[str]:
    """Names of rules, fragments, resource types, ids, parents, keys and constant references."""
    yield from _rule_ids(survey)
    yield from _fragments(survey)
    for mapping in survey.language.maps:
        if not any(mapping is each for each in survey.maps):
            hint = did_you_mean(mapping.resource, survey.elements.resource_types())
            yield tell_map(mapping, "M002", f"R4 has no resource '{mapping.resource}'{hint}", "resource")
    for number, mapping in enumerate(survey.maps):
        if schema_of(item_field(mapping)) is not None:
            yield from _id(mapping, survey.maps[:number])
        yield from _parent(survey, mapping)
    for pair in survey.all_pairs():
        if pair.rule.codec.name == "key":
            yield from _key(survey, pair)
        elif pair.rule.kind == "const":
            yield from _constant(survey, pair)


def _files(survey: Survey) -> list[Declaration]:
    return [*survey.language.folder.fragments.values(), *survey.language.folder.maps]


def _spelled(rules: list[Json], at: Pointer) -> Iterator[tuple[Pointer, Json]]:
    for number, rule in enumerate(rules):
        here = (*at, number)
        yield here, rule
        for key in ("first", "choice", "rules"):
            yield from _spelled(rule.get(key, []), (*here, key))


def _rule_ids(survey: Survey) -> Iterator[str]:
    seen: dict[str, str] = {}
    for file in _files(survey):
        for pointer, rule in _spelled(file.data["rules"], ("rules",)):
            place = file.at((*pointer, "id"))
            if (first := seen.setdefault(rule["id"], place)) != place:
                yield f"{place} R001 {rule['id']}: another rule has this id (at {first})"


def _fragments(survey: Survey) -> Iterator[str]:
    fragments, used = survey.language.folder.fragments, set()
    for file in _files(survey):
        for pointer, rule in _spelled(file.data["rules"], ("rules",)):
            fragment = fragments.get(rule.get("use", ""))
            if fragment is None:
                continue
            used.add(rule["use"])
            known = [each["id"].rpartition(".")[2] for each in fragment.data["rules"]]
            for key in ("only", "set"):
                for name in (each for each in rule.get(key, ()) if each not in known):
                    text = f"fragment '{rule['use']}' has no rule '{name}'{did_you_mean(name, known)}"
                    yield f"{file.at((*pointer, key))} F003 {rule['id']}: {text}"
    if survey.whole:
        for name in sorted(fragments.keys() - used):
            yield f"{fragments[name].at(('fragment',))} F002 {name}: no map uses this fragment"


def _id(mapping: Map, earlier: list[Map]) -> Iterator[str]:
    several = mapping.place in ("list", "keyed", "join")
    fixed = re.sub(r"\{case\}|\{n\}", "", mapping.id)
    if "{case}" not in mapping.id or several != ("{n}" in mapping.id):
        needs = "{case} and {n}" if several else "{case} and no {n}"
        yield tell_map(mapping, "I001", f"the ids of this map need {needs}", "id")
    elif not _ENDING.match(fixed) or len(fixed) + CASE_ID_LENGTH + (_LONGEST_NUMBER if several else 0) > 64:
        yield tell_map(mapping, "I001", f"'{mapping.id}' does not make ids that FHIR allows", "id")
    elif other := next((each for each in earlier if _same_id(mapping, each)), None):
        yield tell_map(mapping, "I002", f"map '{other.name}' makes the same ids of the same resource type", "id")


def _same_id(one: Map, two: Map) -> bool:
    if one.resource != two.resource:
        return False
    pairs = ((one.id, two.id), (two.id, one.id))
    return any(re.fullmatch(re.escape(a).replace(r"\{n\}", "[0-9]+"), b.replace("{n}", "1")) for a, b in pairs)


def _named(survey: Survey, name: str) -> Map | None:
    return next((each for each in survey.language.maps if each.name == name), None)


def _missing(survey: Survey, name: str) -> str:
    known = [each.name for each in survey.language.maps]
    return f"there is no map '{name}'{did_you_mean(name, known)}"


def _parent(survey: Survey, mapping: Map) -> Iterator[str]:
    parent = mapping.get("parent")
    if (mapping.place == "join") != bool(parent):
        text = "a map of a field of a list's items needs `parent`, and only that one does"
        yield tell_map(mapping, "X003", text, "parent" if parent else "case")
    elif parent:
        target = _named(survey, parent["map"])
        if target is None and parent["map"] not in survey.language.folder.unread:
            yield tell_map(mapping, "X001", _missing(survey, parent["map"]), "parent", "map")
        elif target is not None:
            yield from _fits_parent(survey, mapping, parent, target)


def _fits_parent(survey: Survey, mapping: Map, parent: Json, target: Map) -> Iterator[str]:
    if target.resource != parent["resource"]:
        text = f"map '{target.name}' makes a {target.resource}, not a {parent['resource']}"
        yield tell_map(mapping, "X002", text, "parent", "resource")
        return
    if (target.place, target.case) != ("list", mapping.case):
        text = f"map '{target.name}' is about '{item_field(target)}', not about '{mapping.case}[]'"
        yield tell_map(mapping, "X002", text, "parent", "map")
    try:
        path = parse_path(parent["fhir"], mapping.systems.uris)
        found = survey.elements.follow(mapping.resource, path)
    except (MissError, PathError) as error:
        yield tell_map(mapping, error.code, str(error), "parent", "fhir")
        return
    if problem := _wrong_target(found[0] if found and path.steps else None, parent["resource"]):
        yield tell_map(mapping, "X002", problem, "parent", "fhir")


def _wrong_target(element: Element | None, resource: str) -> str:
    if element is None or element.type != "Reference":
        return "a Reference is needed here"
    if resource in element.targets or "Resource" in element.targets:
        return ""
    return f"R4 does not let '{element.name}' point at {resource}, only at {', '.join(element.targets)}"


def _key(survey: Survey, pair: Pair) -> Iterator[str]:
    option = pair.rule.codec.option
    target = _named(survey, option["map"])
    if target is None:
        if option["map"] not in survey.language.folder.unread:
            yield pair.told("X001", _missing(survey, option["map"]), "via")
        return
    if target.place != "list":
        yield pair.told("X002", f"map '{target.name}' makes one resource a case, not one an item", "via")
    elif option["field"] not in (schema := schema_of(item_field(target)) or {}).get("properties", {}):
        text = f"'{item_field(target)}' has no field '{option['field']}'"
        yield pair.told("C001", text + did_you_mean(option["field"], schema.get("properties", {})), "via")
    element = survey.element(pair)
    if element is not None and element.type == "Reference" and (text := _wrong_target(element, target.resource)):
        yield pair.told("X002", text, "fhir")


def _constant(survey: Survey, pair: Pair) -> Iterator[str]:
    """A constant Reference names a resource that one of the maps makes."""
    element, value = survey.element(pair), pair.rule.const
    if element is None or element.type != "Reference":
        return
    for text in _references(value):
        kind, _, name = text.partition("/")
        if not any(each.resource == kind and each.id == name for each in survey.language.maps):
            yield pair.told("X004", f"no map makes the resource '{text}'", "const")
        elif problem := _wrong_target(element, kind):
            yield pair.told("X002", problem, "const")


def _references(value: Any) -> Iterator[str]:
    for each in value if isinstance(value, list) else [value]:
        if isinstance(each, dict) and isinstance(each.get("reference"), str):
            yield each["reference"]
