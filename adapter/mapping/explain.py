"""What the rules say of a place, before any Bundle is read: where a value of a case stands in FHIR, what can feed it.

Takes from: mapping.rules, mapping.path.  Gives to: mapping.engine.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from adapter.errors import Json
from adapter.mapping.path import Path
from adapter.mapping.rules import Language, Map, Rule, flatten


def make_locate(language: Language, case: Json, name: str) -> Callable[[str], tuple[str, str]]:
    """For a case: JSON pointer -> (resource of the registry's FHIR as Type/id, FHIRPath inside it).

    Shapes:  name  the case's id as FHIR allows it
    """

    def locate(pointer: str) -> tuple[str, str]:
        parts = [part for part in pointer.split("/") if part]
        mapping, rest, number = _map_of(language, case, parts)
        own = mapping.id.replace("{case}", name).replace("{n}", str(number))
        place = next((leaf.fhir.fhirpath for leaf in _written(mapping, rest)), "")
        return f"{mapping.resource}/{own}", ".".join(part for part in (mapping.resource, place) if part)

    return locate


def _map_of(language: Language, case: Json, parts: list[str]) -> tuple[Map, tuple[str, ...], int]:
    name = parts[0] if parts else ""
    maps = [each for each in language.maps if each.case == name and each.get("one-way") is None]
    joined = next((each for each in maps if each.place == "join" and parts[2:] == [each.field]), None)
    if joined:
        return joined, (), int(parts[1]) + 1
    mapping = next((each for each in maps if each.place in ("object", "list", "keyed")), None)
    if mapping is None:
        return next(each for each in language.maps if each.place == "root"), tuple(parts), 1
    if mapping.place == "list":
        return mapping, tuple(parts[2:]), int(parts[1]) + 1 if len(parts) > 1 else 1
    if mapping.place == "keyed":
        keys = list(case.get(name, {}))
        return mapping, ("value",), keys.index(parts[1]) + 1 if parts[1:] and parts[1] in keys else 1
    return mapping, tuple(parts[1:]), 1


def _written(mapping: Map, names: tuple[str, ...]) -> Iterator[Rule]:
    for rule in mapping.rules:
        branches = rule.rules if rule.kind in ("first", "choice") else (rule,)
        for branch in branches:
            if rule.kind not in ("const", "each") and branch.to_fhir:
                yield from (leaf for leaf in flatten(branch) if _starts(leaf.case, names))


def _starts(path: Path, names: tuple[str, ...]) -> bool:
    steps = tuple(step.name for step in path.steps)
    return steps[: len(names)] == names if names else not steps


def explain_field(language: Language, field: str) -> list[Json]:
    """Which elements of which resources can feed a case field, with the codes that are understood.

    Shapes:  field    dotted, list marks optional: "diagnosis.onset", "imaging_lesions.bone", "findings.fever"
             returns  [{"field", "resource", "element", "rule", "origin", "direction", "codes"?: [...]}]
    """
    names = tuple(part.removesuffix("[]") for part in field.split(".") if part)
    return [entry for mapping in language.maps for entry in _feeds(mapping, names)]


def _feeds(mapping: Map, names: tuple[str, ...]) -> Iterator[Json]:
    rest = _rest(mapping, names)
    if rest is None:
        return
    for rule in mapping.rules:
        for branch in rule.rules if rule.kind in ("first", "choice") else (rule,):
            if rule.kind not in ("const", "each"):
                for leaf in flatten(branch):
                    if not rest or _starts(leaf.case, rest):
                        yield _feed_entry(mapping, leaf, branch)


def _rest(mapping: Map, names: tuple[str, ...]) -> tuple[str, ...] | None:
    if mapping.place == "root":
        return names
    if not names or names[0] != mapping.case:
        return None
    if mapping.place == "join":
        return () if names[1:] in ((), (mapping.field,)) else None
    return ("value",) if mapping.place == "keyed" and names[1:] else names[1:]


def _feed_entry(mapping: Map, leaf: Rule, branch: Rule) -> Json:
    own = ".".join(step.name for step in leaf.case.steps) or mapping.field
    entry: Json = {
        "field": ".".join(part for part in (mapping.case, own) if part),
        "resource": mapping.resource,
        "element": f"{mapping.resource}.{leaf.fhir.fhirpath}",
        "rule": leaf.id,
        "origin": leaf.origin,
        "direction": branch.direction or "both",
    }
    if table := leaf.codec.table:
        entry["table"] = table.file.name
        entry["codes"] = [
            {"word": word, "system": system, "code": code} for (system, code), word in table.words.items()
        ] or [{"word": word, "code": code} for code, word in table.plain_words.items()]
    return entry
